using System;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>When a place in a queue is left, and for what. Picking itself is ChunkPicker's business.</summary>
public sealed class DownloadSchedulerTests
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(1000);
    private readonly ChunkPicker _picker = new(1, [], new Random(1)) { AnswerLife = TimeSpan.FromHours(1) };
    private readonly Peer _first = new("10.0.0.1", 5001, [], isOurs: true);
    private readonly Peer _second = new("10.0.0.2", 5001, [], isOurs: true);

    [Fact]
    public void AChunkThatAppearsElsewhere_IsFetchedFromThere_AndThePlaceIsLeft()
    {
        DownloadScheduler scheduler = Waiting(mayGiveUp: true, out Download waiting);
        Assert.False(scheduler.TryBegin(Start + TimeSpan.FromSeconds(0.2), out _, out _));

        _picker.OnAnswer(1, [_first, _second], Start);
        Assert.False(scheduler.TryBegin(Start, out _, out _));         // it may come any moment
        Assert.True(scheduler.TryBegin(Start + TimeSpan.FromSeconds(0.2), out Download next, out Download? instead));
        Assert.Same(waiting, instead);
        Assert.Same(_second, next.Peer);
        Assert.False(waiting.IsWanted);
        Assert.True(next.IsWanted);
    }

    // A place at a peer that answers quickly is kept: taking the request back could come too late.
    [Theory]
    [InlineData(null, 1, 0, true)]
    [InlineData(0, 1, 0, false)]
    [InlineData(0, 0, 0, true)]
    [InlineData(0, 0, 1, false)]
    [InlineData(2, 1, 0, true)]
    [InlineData(2, 1, 1, false)]
    [InlineData(3, 1, 1, true)]
    public void APlaceOnALane_IsLeft_WhereItPays_OrForAnIdlePeer(
        int? waitingAtPeer, int downloadsFromOther, int waitingAtOther, bool isLeft)
    {
        _first.LaneVersion = _second.LaneVersion = 1;
        if (waitingAtPeer is { } count) _first.Window.OnChunk(count);
        _second.Window.OnChunk(waitingAtOther);
        _second.Downloads = downloadsFromOther;
        DownloadScheduler scheduler = Waiting(mayGiveUp: false, out Download waiting);
        _picker.OnAnswer(1, [_first, _second], Start);
        bool hasBegun = scheduler.TryBegin(Start + TimeSpan.FromSeconds(0.2), out Download next, out Download? instead);
        Assert.Equal(isLeft, hasBegun);
        Assert.Equal(!isLeft, waiting.IsWanted);
        if (!isLeft) return;
        Assert.Same(waiting, instead);
        Assert.Same(_second, next.Peer);
    }

    [Fact]
    public void WhatMoves_IsNotLeft()
    {
        DownloadScheduler scheduler = Waiting(mayGiveUp: true, out Download waiting);
        waiting.Received = 1_000_000;
        _picker.OnAnswer(1, [_first, _second], Start);
        Assert.False(scheduler.TryBegin(Start + TimeSpan.FromSeconds(0.2), out _, out _));
    }

    // PROTOCOL 2.8: it may die of it.
    [Fact]
    public void AStrangersQueue_IsNeverLeft()
    {
        DownloadScheduler scheduler = Waiting(mayGiveUp: false, out Download waiting);
        _picker.OnAnswer(1, [_first, _second], Start);
        Assert.False(scheduler.TryBegin(Start + TimeSpan.FromSeconds(0.2), out _, out _));

        // After a long time the chunk is fetched from another as well.
        Assert.True(scheduler.TryBegin(Start + TimeSpan.FromSeconds(5), out Download next, out Download? instead));
        Assert.Null(instead);
        Assert.True(waiting.IsWanted && next.IsWanted && next.IsSecond);

        scheduler.End(next);
        scheduler.OnFetched(next, Start + TimeSpan.FromSeconds(6));
        Assert.True(waiting.IsSuperfluous);
        Assert.False(waiting.IsGivenUp);
    }

    // Two chunks of 1 MB have taken a second each; the third one, from the same peer, comes more slowly.
    [Theory]
    [InlineData(1_000_000, 4.0, false)]         // with a quarter of the usual rate
    [InlineData(400_000, 2.0, false)]
    [InlineData(400_000, 2.5, true)]
    [InlineData(1, 2.0, false)]                 // not for longer than usual
    [InlineData(1, 2.5, true)]
    public void OverALane_AChunkThatIsLate_IsFetchedFromAnIdlePeerAsWell(int received, double seconds, bool isLate)
    {
        DownloadScheduler scheduler = AfterTwoUsualChunks(out Download late);
        late.Received = received;
        TimeSpan now = late.StartedAt + TimeSpan.FromSeconds(seconds);
        Assert.Equal(isLate, scheduler.TryBegin(now, out Download next, out Download? instead));
        Assert.True(late.IsWanted);
        if (!isLate) return;
        Assert.Null(instead);
        Assert.Same(_second, next.Peer);
        Assert.True(next.IsSecond);
        Assert.False(scheduler.TryBegin(now, out _, out _));
    }

    [Fact]
    public void OverALane_AChunkThatIsLate_IsNotAskedOfABusyPeer()
    {
        DownloadScheduler scheduler = AfterTwoUsualChunks(out Download late);
        late.Received = 400_000;
        _second.Downloads++;
        Assert.False(scheduler.TryBegin(late.StartedAt + TimeSpan.FromSeconds(2.5), out _, out _));
        _second.Downloads--;
        Assert.True(scheduler.TryBegin(late.StartedAt + TimeSpan.FromSeconds(2.5), out _, out _));
    }

    // The last answer said that nothing waited there; the lane has become slow since.
    [Fact]
    public void OverALane_APlaceThatBringsNothingForLong_IsLeft()
    {
        DownloadScheduler scheduler = AfterTwoUsualChunks(out Download late);
        _first.Window.OnChunk(0);
        _second.Downloads++;
        Assert.False(scheduler.TryBegin(late.StartedAt + TimeSpan.FromSeconds(2), out _, out _));
        Assert.True(scheduler.TryBegin(
            late.StartedAt + TimeSpan.FromSeconds(2.5), out Download next, out Download? instead));
        Assert.Same(late, instead);
        Assert.Same(_second, next.Peer);
    }

    private DownloadScheduler AfterTwoUsualChunks(out Download third)
    {
        _first.LaneVersion = _second.LaneVersion = 1;
        var picker = new ChunkPicker(3, [], new Random(1)) { AnswerLife = TimeSpan.FromHours(1) };
        var scheduler = new DownloadScheduler(picker, mayGiveUp: false);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(picker.TryPickQuestion(Start, out int chunkIndex));
            picker.OnAnswer(chunkIndex, [_first], Start);
        }
        TimeSpan now = Start;
        for (int i = 0; i < 2; i++)
        {
            Assert.True(scheduler.TryBegin(now, out Download usual, out _));
            usual.Received = 1_000_000;
            now += TimeSpan.FromSeconds(1);
            scheduler.End(usual);
            scheduler.OnFetched(usual, now);
            picker.OnFetched(usual.ChunkIndex, now);
        }
        Assert.True(scheduler.TryBegin(now, out third, out _));
        picker.OnAnswer(third.ChunkIndex, [_first, _second], now);
        return scheduler;
    }

    private DownloadScheduler Waiting(bool mayGiveUp, out Download waiting)
    {
        Assert.True(_picker.TryPickQuestion(Start, out _));
        _picker.OnAnswer(1, [_first], Start);
        var scheduler = new DownloadScheduler(_picker, mayGiveUp);
        Assert.True(scheduler.TryBegin(Start, out waiting, out _));
        Assert.Same(_first, waiting.Peer);
        return scheduler;
    }
}
