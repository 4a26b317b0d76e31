using System;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace P2P.Transport;

/// <summary>
/// One awaitable asynchronous socket operation, used again and again. Between start and completion it belongs to the
/// kernel: nobody touches its buffer or gives it back. A time-out closes the socket; the operation then completes with
/// an error and goes home the usual way.
///
/// Started and completed on the loop's thread, so there is no race between the two. The one exception is the runtime
/// aborting it (its socket was closed), which happens on another thread and is posted to the loop.
/// </summary>
public sealed class SocketOperation : SocketAsyncEventArgs, ICriticalNotifyCompletion
{
    private readonly EventLoop _loop;
    private readonly Action _complete;
    private Action? _continuation;
    private bool _inFlight;

    /// <summary>Makes an operation of a loop; sessions take theirs from <see cref="OperationPools"/>.</summary>
    public SocketOperation(EventLoop loop)
        : base(true)      // no execution context flows: nothing of ours looks at one
    {
        _loop = loop;
        _complete = Complete;
    }

    /// <summary>True when nothing is in flight, so that an await goes on at once.</summary>
    public bool IsCompleted => !_inFlight;

    /// <summary>Notes what starting the operation returned, for an await: <c>await op.Start(socket.SendAsync(op))</c>.</summary>
    public SocketOperation Start(bool isPending)
    {
        _inFlight = isPending;
        return this;
    }

    /// <summary>Notes what starting the operation returned, for a callback.</summary>
    /// <returns>False if it has completed already; then <paramref name="onCompleted"/> is not called.</returns>
    public bool Start(bool isPending, Action onCompleted)
    {
        _inFlight = isPending;
        if (isPending) _continuation = onCompleted;
        return isPending;
    }

    public SocketOperation GetAwaiter() => this;

    public SocketResult GetResult() => new(BytesTransferred, SocketError);

    public void OnCompleted(Action continuation) => _continuation = continuation;

    public void UnsafeOnCompleted(Action continuation) => _continuation = continuation;

    /// <inheritdoc />
    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        // The wake-up of a loop that has not run yet has no thread to compare with: it is the one that sets it.
        if (_loop.IsCurrent || !_loop.HasThread) Complete();
        else if (SocketError != SocketError.Success) _loop.Post(_complete);
        // Bytes in the loop's shared buffer could by now be another connection's.
        else _loop.Fail(new InvalidOperationException("the runtime completes operations on other threads"));
    }

    private void Complete()
    {
        Action? continuation = _continuation;
        _continuation = null;
        _inFlight = false;
        if (continuation is not null) _loop.Enter(continuation);
    }
}
