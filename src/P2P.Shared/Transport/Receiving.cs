using System;
using System.Runtime.CompilerServices;

namespace P2P.Transport;

/// <summary>The awaitable of a receive.</summary>
public readonly struct Receiving : ICriticalNotifyCompletion
{
    private readonly Connection _connection;

    internal Receiving(Connection connection, bool isCompleted) =>
        (_connection, IsCompleted) = (connection, isCompleted);

    public bool IsCompleted { get; }

    public Receiving GetAwaiter() => this;
    public SocketResult GetResult() => _connection.Received;
    public void OnCompleted(Action continuation) => _connection.OnAwait(continuation);
    public void UnsafeOnCompleted(Action continuation) => _connection.OnAwait(continuation);
}
