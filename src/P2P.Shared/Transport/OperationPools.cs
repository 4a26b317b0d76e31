using System;
using Microsoft.Extensions.ObjectPool;

namespace P2P.Transport;

/// <summary>
/// The operations and buffers of one loop. Whoever rents returns, in the same method or in its own close; what comes
/// back beyond a pool's capacity is let go. An idle connection holds one operation and no buffer.
/// </summary>
public sealed class OperationPools(EventLoop loop)
{
    // As many as may be idle at a time: enough for a burst, little enough to forget.
    private const int IdleOperationsMax = 256;
    private const int IdleBuffersMax = 64;

    /// <summary>Operations without a buffer; none is set when rented.</summary>
    public ObjectPool<SocketOperation> Operations { get; } =
        new DefaultObjectPool<SocketOperation>(new OperationPolicy(loop), IdleOperationsMax);

    /// <summary>Pinned buffers of <see cref="Limits.BufferBytes"/>, with whatever was last in them.</summary>
    public ObjectPool<byte[]> Buffers { get; } = new DefaultObjectPool<byte[]>(new BufferPolicy(), IdleBuffersMax);

    private sealed class OperationPolicy(EventLoop loop) : PooledObjectPolicy<SocketOperation>
    {
        public override SocketOperation Create() => new(loop);

        public override bool Return(SocketOperation operation)
        {
            if (!operation.IsCompleted) throw new InvalidOperationException("an operation in flight was returned");
            operation.SetBuffer(null, 0, 0);
            operation.AcceptSocket = null;
            operation.RemoteEndPoint = null;
            return true;
        }
    }

    private sealed class BufferPolicy : PooledObjectPolicy<byte[]>
    {
        public override byte[] Create() => GC.AllocateUninitializedArray<byte>(Limits.BufferBytes, pinned: true);

        public override bool Return(byte[] buffer) => true;
    }
}
