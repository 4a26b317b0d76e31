using System;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>Who is served when. Times are seconds since the start.</summary>
public sealed class UploadQueueTests
{
    private readonly UploadQueue _queue = new();

    [Fact]
    public void Two_AreServedAtATime_TheOthersInTurn()
    {
        UploadRequest first = Ask(1), second = Ask(2), third = Ask(3), fourth = Ask(4);
        Assert.True(first.HasTurn && second.HasTurn);
        Assert.False(third.HasTurn || fourth.HasTurn);
        _queue.Remove(first, Seconds(0));
        Assert.True(third.HasTurn);
        Assert.False(fourth.HasTurn);
        Assert.True(_queue.HasWaiting);
        _queue.Remove(second, Seconds(0));
        Assert.False(_queue.HasWaiting);
    }

    [Fact]
    public void TheChunkThatWasSentLeast_IsNext()
    {
        UploadRequest first = Ask(1), second = Ask(2), again = Ask(1), fresh = Ask(3);
        _queue.Remove(first, Seconds(0));
        Assert.True(fresh.HasTurn);
        Assert.False(again.HasTurn);
        _queue.Remove(second, Seconds(0));
        Assert.True(again.HasTurn);
    }

    [Fact]
    public void WhoHasWaitedForLong_IsServedInAnyCase()
    {
        UploadRequest first = Ask(1), second = Ask(2), third = Ask(3);
        Move(first, second, 0.9);
        _queue.GiveTurns(Seconds(0.9));
        Assert.False(third.HasTurn);
        Move(first, second, 1);
        _queue.GiveTurns(Seconds(1));
        Assert.True(third.HasTurn);
    }

    [Fact]
    public void WhoTakesNothing_HoldsUpNobody()
    {
        UploadRequest stalled = Ask(1), moving = Ask(2), third = Ask(3), fourth = Ask(4);
        moving.MovedAt = Seconds(0.5);
        _queue.GiveTurns(Seconds(0.5));
        Assert.True(stalled.HasTurn && third.HasTurn);
        Assert.False(fourth.HasTurn);
    }

    [Fact]
    public void WhileAnUploadWaitsForTheDisk_AnotherIsServed()
    {
        UploadRequest first = Ask(1), second = Ask(2), third = Ask(3), fourth = Ask(4);
        first.IsWaitingForDisk = true;
        _queue.GiveTurns(Seconds(0));
        Assert.True(third.HasTurn);
        Assert.False(fourth.HasTurn);
        first.IsWaitingForDisk = false;
        _queue.Remove(second, Seconds(0));
        Assert.False(fourth.HasTurn);
    }

    [Fact]
    public void ASlowDisk_IsNotAskedForEveryChunkAtOnce()
    {
        for (int chunkIndex = 1; chunkIndex <= ClientLimits.DiskWaitsMax; chunkIndex++)
            Ask(chunkIndex).IsWaitingForDisk = true;
        UploadRequest next = Ask(100);
        Assert.False(next.HasTurn);
        _queue.GiveTurns(Seconds(1));
        Assert.True(next.HasTurn);
    }

    [Fact]
    public void WhoHasLeft_GetsNoTurn()
    {
        bool wasCalled = false;
        UploadRequest first = Ask(1);
        Ask(2);
        var left = new UploadRequest(3, Seconds(1), Seconds(0), () => wasCalled = true);
        _queue.Add(left, Seconds(0));
        _queue.Remove(left, Seconds(0));
        _queue.Remove(first, Seconds(0));
        Assert.False(wasCalled || left.HasTurn);
    }

    private UploadRequest Ask(int chunkIndex)
    {
        var upload = new UploadRequest(chunkIndex, timeout: Seconds(1), now: Seconds(0), () => { });
        _queue.Add(upload, Seconds(0));
        return upload;
    }

    private static void Move(UploadRequest first, UploadRequest second, double time) => first.MovedAt = second.MovedAt = Seconds(time);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
