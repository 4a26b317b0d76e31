using System.Net.Sockets;
using Microsoft.Extensions.ObjectPool;

namespace P2P.Transport;

/// <summary>The owner of operations, which are completed by a call to it on the loop.</summary>
internal interface IOperationOwner
{
    /// <summary>Called once for an operation that did not complete at once.</summary>
    void OnCompleted(SocketOperation operation);
}

/// <summary>
/// One accept, connect, receive or send. It is rented from <see cref="EventLoop.Operations"/> when the operation
/// starts, and returned when it has completed; between two operations a connection holds none. The execution context is
/// not captured, since nothing here flows with it.
/// </summary>
internal sealed class SocketOperation(EventLoop loop) : SocketAsyncEventArgs(true)
{
    /// <summary>The object that the completion is passed to; null once the operation has been given up.</summary>
    public volatile IOperationOwner? Owner;

    /// <summary>Sets the buffer, unless it is set already: most operations receive into the same buffer again and
    /// again.</summary>
    public void UseBuffer(byte[]? buffer, int offset, int count)
    {
        if (Buffer != buffer || Offset != offset || Count != count) SetBuffer(buffer, offset, count);
    }

    /// <summary>How the operation ended.</summary>
    public SocketResult Result => new(BytesTransferred, SocketError);

    /// <summary>The runtime calls this on its thread for sockets, which is the loop's.</summary>
    protected override void OnCompleted(SocketAsyncEventArgs operation) => loop.OnCompleted(this);
}

/// <summary>Makes the operations of a loop's pool.</summary>
internal sealed class OperationPolicy(EventLoop loop) : PooledObjectPolicy<SocketOperation>
{
    public override SocketOperation Create() => new(loop);

    public override bool Return(SocketOperation operation) => true;
}
