using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace P2P.Transport;

/// <summary>
/// The sending half of a connection, which connects it, too: one operation at a time, and one session that waits.
/// An operation is rented while the kernel can't take all at once. Hot: allocates nothing per message.
/// </summary>
internal sealed class ConnectionSender(EventLoop loop, Socket socket) : IOperationOwner
{
    private SocketOperation? _operation;    // in flight
    private Action? _waiter;
    private int _sentAtOnce;                // bytes that the kernel took before the operation, which sends the rest
    private bool _isClosed;

    public Socket Socket { get; } = socket;

    /// <summary>How the last operation ended.</summary>
    public SocketResult Result { get; private set; }

    /// <summary>As <see cref="Connection.ConnectAsync"/>.</summary>
    public Sending ConnectAsync(IPEndPoint remote)
    {
        Debug.Assert(_waiter is null && _operation is null, "one send or connect at a time");
        if (_isClosed) return Completed(SocketResult.Closed);
        _operation = loop.RentOperation(this);
        _operation.UseBuffer(null, 0, 0);       // ConnectAsync would send a buffer
        _operation.RemoteEndPoint = remote;
        return Socket.ConnectAsync(_operation) ? new Sending(this, isCompleted: false) : End();
    }

    /// <summary>As <see cref="Connection.Send"/>.</summary>
    public SocketResult Send(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(_operation is null, "bytes would overtake those of the send in flight");
        if (_isClosed) return SocketResult.Closed;
        int sent = Socket.Send(bytes, SocketFlags.None, out SocketError error);
        return new SocketResult(sent, error);
    }

    /// <summary>As <see cref="Connection.SendAsync"/>.</summary>
    public Sending SendAsync(byte[] buffer, int offset, int count)
    {
        Debug.Assert(_waiter is null && _operation is null, "one send or connect at a time");
        SocketResult sent = Send(buffer.AsSpan(offset, count));
        if (!sent.IsSuccess && !sent.WouldBlock) return Completed(sent);
        if (sent.Bytes == count) return Completed(sent);
        _operation = loop.RentOperation(this);
        _operation.UseBuffer(buffer, offset + sent.Bytes, count - sent.Bytes);
        _sentAtOnce = sent.Bytes;
        return Socket.SendAsync(_operation) ? new Sending(this, isCompleted: false) : End();
    }

    /// <summary>Gives up the operation in flight, before the socket is closed.</summary>
    /// <returns>True if there was one.</returns>
    public bool Close()
    {
        (_isClosed, Result) = (true, SocketResult.Closed);
        return loop.AbandonOperation(ref _operation);
    }

    /// <summary>After <see cref="Close"/>: the session that waits, if any, goes on.</summary>
    public void ResumeWaiter()
    {
        if (_waiter is not null) loop.Post(TakeWaiter());
    }

    /// <summary>Keeps the session that waits.</summary>
    public void OnCompleted(Action continuation)
    {
        Debug.Assert(_waiter is null, "one session waits at a time");
        _waiter = continuation;
    }

    void IOperationOwner.OnCompleted(SocketOperation operation)
    {
        End();
        TakeWaiter()();
    }

    private Sending End()
    {
        Debug.Assert(_operation is not null, "an operation was in flight");
        SocketResult result = _operation.Result;
        Debug.Assert(!result.IsSuccess || result.Bytes == _operation.Count, "a send ends when all is sent");
        if (result.IsSuccess) result = result with { Bytes = result.Bytes + _sentAtOnce };
        loop.Operations.Return(_operation);
        (_operation, _sentAtOnce) = (null, 0);
        return Completed(result);
    }

    private Sending Completed(SocketResult result)
    {
        Result = result;
        return new Sending(this, isCompleted: true);
    }

    private Action TakeWaiter()
    {
        Debug.Assert(_waiter is not null, "a session waits");
        Action taken = _waiter;
        _waiter = null;
        return taken;
    }
}

/// <summary>The awaitable of a send or a connect.</summary>
public readonly struct Sending : ICriticalNotifyCompletion
{
    private readonly ConnectionSender _sender;

    internal Sending(ConnectionSender sender, bool isCompleted) => (_sender, IsCompleted) = (sender, isCompleted);

    public bool IsCompleted { get; }

    public Sending GetAwaiter() => this;
    public SocketResult GetResult() => _sender.Result;
    public void OnCompleted(Action continuation) => _sender.OnCompleted(continuation);
    public void UnsafeOnCompleted(Action continuation) => _sender.OnCompleted(continuation);
}
