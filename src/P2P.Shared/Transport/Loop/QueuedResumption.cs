using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace P2P.Transport;

/// <summary>The awaitable of a session that goes on from one of the loop's queues.</summary>
public readonly struct QueuedResumption(Queue<Action> queue) : ICriticalNotifyCompletion
{
    public QueuedResumption GetAwaiter() => this;
    public bool IsCompleted => false;
    public void GetResult() { }
    public void OnCompleted(Action continuation) => queue.Enqueue(continuation);
    public void UnsafeOnCompleted(Action continuation) => queue.Enqueue(continuation);
}
