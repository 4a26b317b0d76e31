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
    [InlineData(null, true)]
    [InlineData(0, false)]
    [InlineData(2, true)]
    public void APlaceOnALane_IsLeft_UnlessThePeerHasLittleToDo(int? waitingAtPeer, bool isLeft)
    {
        _first.LaneVersion = _second.LaneVersion = 1;
        if (waitingAtPeer is { } count) _first.Window.OnChunk(count);
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
        scheduler.OnFetched(1);
        Assert.True(waiting.IsSuperfluous);
        Assert.False(waiting.IsGivenUp);
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
