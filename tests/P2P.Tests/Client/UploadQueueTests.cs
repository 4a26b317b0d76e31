using System;
using System.Collections.Generic;
using System.Linq;
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
        Assert.True(_queue.WaitingCount > 0);
        _queue.Remove(second, Seconds(0));
        Assert.False(_queue.WaitingCount > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void AsManyAreServed_AsThereAreSlots(int slots)
    {
        var queue = new UploadQueue(slots);
        List<UploadRequest> uploads = [];
        for (int chunkIndex = 1; chunkIndex <= 6; chunkIndex++)
        {
            uploads.Add(new UploadRequest(chunkIndex, timeout: Seconds(1), now: Seconds(0), () => { }));
            queue.Add(uploads[^1]);
        }
        queue.GiveTurns(Seconds(0));
        Assert.Equal(slots, uploads.FindAll(upload => upload.HasTurn).Count);
    }

    [Fact]
    public void OverLongLines_TwiceAsManyAreServed()
    {
        UploadRequest[] far = [.. Enumerable.Range(1, 5).Select(chunkIndex => Ask(chunkIndex, NewLane(hasSent: true)))];
        Assert.True(far[..4].All(upload => upload.HasTurn) && !far[4].HasTurn);
        UploadRequest near = Ask(6, new UploadLane());
        _queue.Remove(far[0], Seconds(0));
        Assert.True(far[4].HasTurn && !near.HasTurn);
        _queue.Remove(far[1], Seconds(0));
        Assert.True(near.HasTurn);
        UploadRequest another = Ask(7, NewLane(hasSent: true));
        _queue.Remove(far[2], Seconds(0));
        Assert.False(another.HasTurn);
        _queue.Remove(far[3], Seconds(0));
        Assert.True(another.HasTurn);
    }

    [Fact]
    public void ALongLane_SendsItsFirstPartBesideTheSlots_AndGoesOnBeforeAnyThatHasNotBegun()
    {
        UploadRequest[] starting = [.. Enumerable.Range(1, 11).Select(chunkIndex => Ask(chunkIndex, NewLane()))];
        UploadRequest later = Ask(12, starting[0].Lane!);
        Assert.Equal(8, starting.Count(upload => upload.HasTurn));      // so many start at a time
        Assert.True(starting[..4].All(upload => _queue.TryKeepTurn(upload, Seconds(0))));
        Assert.Equal(11, starting.Count(upload => upload.HasTurn));
        Assert.False(_queue.TryKeepTurn(starting[5], Seconds(0)) || starting[5].HasTurn);
        Assert.False(_queue.TryKeepTurn(starting[4], Seconds(0)) || starting[4].HasTurn);

        _queue.Remove(starting[0], Seconds(0));
        Assert.True(starting[4].HasTurn && !starting[5].HasTurn && !later.HasTurn);
        _queue.Remove(starting[1], Seconds(0));
        Assert.True(starting[5].HasTurn && !later.HasTurn);
        _queue.Remove(starting[2], Seconds(0));
        Assert.True(later.HasTurn);
    }

    [Fact]
    public void NoMoreLanesStart_WhileManyThatHaveStartedWait()
    {
        UploadRequest[] starting = [.. Enumerable.Range(1, 13).Select(chunkIndex => Ask(chunkIndex, NewLane()))];
        for (int i = 0; i < 12; i++) Assert.Equal(i < 4, _queue.TryKeepTurn(starting[i], Seconds(0)));
        Assert.False(starting[12].HasTurn);
        _queue.Remove(starting[0], Seconds(0));
        Assert.True(starting[4].HasTurn && starting[12].HasTurn);
    }

    [Fact]
    public void ALane_StartsOnce()
    {
        UploadLane first = NewLane(), second = NewLane();
        UploadRequest whole = Ask(1, first), kept = Ask(2, second);
        Assert.True(first.IsStarting && second.IsStarting && !new UploadLane().IsStarting);
        _queue.Remove(whole, Seconds(0));
        Assert.True(_queue.TryKeepTurn(kept, Seconds(0)));
        Assert.False(first.IsStarting || second.IsStarting);
    }

    [Fact]
    public void AStartingLane_DoesNotOutrunOthers_AndAfterItsTimeGoesOn()
    {
        UploadRequest first = Ask(1), second = Ask(2), starting = Ask(3, NewLane());
        Assert.True(starting.HasTurn);
        Assert.False(_queue.TryKeepTurn(starting, Seconds(0)));
        Move(first, second, 1);
        _queue.GiveTurns(Seconds(0.9));
        Assert.False(starting.HasTurn);
        _queue.GiveTurns(Seconds(1));
        Assert.True(starting.HasTurn);
    }

    [Fact]
    public void AnUploadThatWaitsForTheLimit_KeepsItsTurn()
    {
        UploadRequest first = Ask(1), second = Ask(2);
        Move(first, second, 0.6);       // when the limit lets them send
        var third = new UploadRequest(3, timeout: Seconds(5), now: Seconds(0), () => { });
        _queue.Add(third);
        _queue.GiveTurns(Seconds(0.5));
        Assert.False(third.HasTurn);
        _queue.GiveTurns(Seconds(0.9));
        Assert.True(third.HasTurn);
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
    public void ALane_IsServedOneChunkAtATime_TheOneSentLeastFirst()
    {
        var lane = new UploadLane();
        UploadRequest first = Ask(1, lane), again = Ask(1, lane), fresh = Ask(2, lane), other = Ask(3);
        Assert.True(first.HasTurn && other.HasTurn && lane.Current == first);
        Assert.False(again.HasTurn || fresh.HasTurn);
        _queue.Remove(first, Seconds(0));
        Assert.True(fresh.HasTurn && lane.Current == fresh);
        Assert.False(again.HasTurn);
        _queue.Remove(fresh, Seconds(0));
        _queue.Remove(again, Seconds(0));
        Assert.Null(lane.Current);
    }

    [Fact]
    public void OfRequestsThatCameTogether_TheOneSentLeast_IsServed()
    {
        var lane = new UploadLane();
        Ask(1);
        UploadRequest again = Ask(1, lane, isAlone: false), fresh = Ask(2, lane, isAlone: false);
        _queue.GiveTurns(Seconds(0));
        Assert.True(fresh.HasTurn && !again.HasTurn);
    }

    [Fact]
    public void OfChunksSentEquallyOften_TheLaneThatHasWaitedLongest_IsNext()
    {
        UploadLane early = new(), late = new();
        UploadRequest first = Ask(1, early), other = Ask(2), second = Ask(3, early), third = Ask(4, late);
        Assert.True(first.HasTurn && other.HasTurn);
        _queue.Remove(first, Seconds(0));
        Assert.True(third.HasTurn);
        Assert.False(second.HasTurn);
        _queue.Remove(third, Seconds(0));
        Assert.True(second.HasTurn);
    }

    [Fact]
    public void ATurn_IsPassedWithinALaneAlone()
    {
        var lane = new UploadLane();
        UploadRequest first = Ask(1, lane), second = Ask(2), third = Ask(3), next = Ask(4, lane);
        Assert.True(_queue.TryPassTurn(first, Seconds(0)));
        Assert.True(next.HasTurn && second.HasTurn && lane.Current == next);
        Assert.False(third.HasTurn);
        Assert.False(_queue.TryPassTurn(next, Seconds(0)));
        _queue.Remove(next, Seconds(0));
        Assert.True(third.HasTurn);
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
        Assert.True(_queue.TryBeginDiskWait(first, Seconds(0)));
        Assert.True(third.HasTurn);
        Assert.False(fourth.HasTurn);
        UploadQueue.EndDiskWait(first, Seconds(0));
        _queue.Remove(second, Seconds(0));
        Assert.False(fourth.HasTurn);
    }

    [Fact]
    public void ASlowDisk_IsNotAskedForEveryChunkAtOnce()
    {
        List<UploadRequest> reading = WaitForDisk(), refused = [];
        for (int chunkIndex = 50; chunkIndex < 60; chunkIndex++)
        {
            UploadRequest next = Ask(chunkIndex);
            Assert.True(next.HasTurn);
            Assert.False(_queue.TryBeginDiskWait(next, Seconds(0)));
            refused.Add(next);
        }
        _queue.GiveTurns(Seconds(0.9));
        Assert.DoesNotContain(refused, upload => upload.HasTurn);
        _queue.Remove(reading[0], Seconds(0.9));
        Assert.Equal([refused[0]], refused.FindAll(upload => upload.HasTurn));
        Assert.True(_queue.TryBeginDiskWait(refused[0], Seconds(0.9)));
        _queue.GiveTurns(Seconds(1));
        Assert.DoesNotContain(refused, upload => !upload.HasTurn);
        Assert.DoesNotContain(refused[1..], upload => !_queue.TryBeginDiskWait(upload, Seconds(1)));
    }

    [Fact]
    public void HoweverManyNeedTheDisk_AChunkInMemoryIsServedAtOnce()
    {
        WaitForDisk();
        for (int chunkIndex = 50; chunkIndex < 60; chunkIndex++)
            _queue.TryBeginDiskWait(Ask(chunkIndex), Seconds(0));
        Assert.True(Ask(100).HasTurn);
    }

    [Fact]
    public void AnUploadThatHasSentAPart_GoesOnBeforeOthersThatNeedTheDisk()
    {
        UploadRequest begun = Ask(1);
        List<UploadRequest> reading = WaitForDisk();
        UploadRequest later = Ask(50, askedAt: 0.1);
        Assert.False(_queue.TryBeginDiskWait(later, Seconds(0.1)));
        begun.MovedAt = Seconds(0.1);
        Assert.False(_queue.TryBeginDiskWait(begun, Seconds(0.1)));
        _queue.Remove(reading[0], Seconds(0.1));
        Assert.True(begun.HasTurn);
        Assert.False(later.HasTurn);
    }

    [Fact]
    public void ATurnThatWasGivenBack_DoesNotCountAsSent()
    {
        List<UploadRequest> reading = WaitForDisk();
        UploadRequest first = Ask(50);
        Assert.False(_queue.TryBeginDiskWait(first, Seconds(0)));
        _queue.Remove(first, Seconds(0));
        UploadRequest second = Ask(60), third = Ask(61), sent = Ask(60), again = Ask(50);
        _queue.Remove(second, Seconds(0));
        Assert.True(again.HasTurn);
        Assert.False(sent.HasTurn);
        Assert.True(third.HasTurn && reading.TrueForAll(upload => upload.HasTurn));
    }

    [Fact]
    public void AnUploadFromTheDisk_WhosePeerTakesNothing_LeavesTheDiskToOthers()
    {
        foreach (UploadRequest upload in WaitForDisk())
            UploadQueue.EndDiskWait(upload, Seconds(0));
        UploadRequest next = Ask(50);
        _queue.GiveTurns(Seconds(0.5));
        Assert.True(next.HasTurn);
        Assert.True(_queue.TryBeginDiskWait(next, Seconds(0.5)));
    }

    [Fact]
    public void WhoHasLeft_GetsNoTurn()
    {
        bool wasCalled = false;
        UploadRequest first = Ask(1);
        Ask(2);
        var left = new UploadRequest(3, Seconds(1), Seconds(0), () => wasCalled = true);
        _queue.Add(left);
        _queue.GiveTurns(Seconds(0));
        _queue.Remove(left, Seconds(0));
        _queue.Remove(first, Seconds(0));
        Assert.False(wasCalled || left.HasTurn);
    }

    private UploadRequest Ask(int chunkIndex, UploadLane lane, bool isAlone = true)
    {
        var upload = new UploadRequest(chunkIndex, timeout: Seconds(1), now: Seconds(0), () => { }) { Lane = lane };
        _queue.Add(upload);
        if (isAlone) _queue.GiveTurns(Seconds(0));
        return upload;
    }

    private UploadRequest Ask(int chunkIndex, double askedAt = 0)
    {
        var upload = new UploadRequest(chunkIndex, timeout: Seconds(1), now: Seconds(askedAt), () => { });
        _queue.Add(upload);
        _queue.GiveTurns(Seconds(askedAt));
        return upload;
    }

    /// <summary>As many uploads as may read from the disk at a time.</summary>
    private List<UploadRequest> WaitForDisk()
    {
        List<UploadRequest> reading = [];
        for (int chunkIndex = 10; chunkIndex < 10 + ClientLimits.DiskUploadsMax; chunkIndex++)
        {
            reading.Add(Ask(chunkIndex));
            Assert.True(_queue.TryBeginDiskWait(reading[^1], Seconds(0)));
        }
        return reading;
    }

    private static UploadLane NewLane(bool hasSent = false) => new() { IsLong = true, HasSent = hasSent };

    private static void Move(UploadRequest first, UploadRequest second, double time) =>
        first.MovedAt = second.MovedAt = Seconds(time);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
