using System;
using System.Net;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>The pools without a loop: nothing is started here, so nothing completes.</summary>
public sealed class OperationPoolsTests
{
    private readonly OperationPools _pools = new(null!);

    [Fact]
    public void ABufferReturned_IsRentedAgain()
    {
        byte[] first = _pools.Buffers.Get(), second = _pools.Buffers.Get();
        Assert.NotSame(first, second);
        Assert.Equal(Limits.BufferBytes, first.Length);
        _pools.Buffers.Return(first);
        Assert.Same(first, _pools.Buffers.Get());
    }

    [Fact]
    public void AnOperationReturned_HasForgottenWhatItWasUsedFor()
    {
        SocketOperation operation = _pools.Operations.Get();
        operation.SetBuffer(new byte[10], 0, 10);
        operation.RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 5001);
        _pools.Operations.Return(operation);

        Assert.Same(operation, _pools.Operations.Get());
        Assert.Equal(0, operation.Count);
        Assert.Null(operation.Buffer);
        Assert.Null(operation.RemoteEndPoint);
        Assert.Null(operation.AcceptSocket);
        Assert.True(operation.IsCompleted);
    }

    [Fact]
    public void AnOperationInFlight_CannotBeReturned()
    {
        SocketOperation operation = _pools.Operations.Get();
        operation.Start(isPending: true);
        Assert.False(operation.IsCompleted);
        Assert.Throws<InvalidOperationException>(() => _pools.Operations.Return(operation));
    }

    [Fact]
    public void AnOperationThatCompletedAtOnce_CallsNobodyBack()
    {
        SocketOperation operation = _pools.Operations.Get();
        Assert.False(operation.Start(isPending: false, () => Assert.Fail("called back")));
        Assert.True(operation.IsCompleted);
        _pools.Operations.Return(operation);
    }
}
