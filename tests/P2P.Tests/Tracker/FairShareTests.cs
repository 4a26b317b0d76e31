using System;
using P2P.Tracker;
using Xunit;

namespace P2P.Tests.Tracker;

/// <summary>Who sends in bulk for long waits while others are served, and only then.</summary>
public sealed class FairShareTests
{
    private const int ReadBytes = 2048;
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(1000);
    private readonly FairShare _shares = new();
    private FairShare.Share _other;

    [Fact]
    public void UpToItsShare_NobodyWaits()
    {
        FairShare.Share share = default;
        for (int bytes = ReadBytes; bytes <= TrackerLimits.BulkBytes; bytes += ReadBytes)
        {
            _shares.OnSmallRead(ref _other);
            Assert.Equal(TimeSpan.Zero, _shares.PauseAfter(ref share, ReadBytes, Start));
        }
        _shares.OnSmallRead(ref _other);
        Assert.Equal(TrackerLimits.BulkTurn, _shares.PauseAfter(ref share, ReadBytes, Start));
    }

    [Fact]
    public void WhileNobodyElseIsServed_NobodyWaits()
    {
        FairShare.Share share = UsedUp();
        for (int i = 0; i < 1000; i++) Assert.Equal(TimeSpan.Zero, _shares.PauseAfter(ref share, ReadBytes, Start));
    }

    [Fact]
    public void AllWhoHaveHadTheirShare_TakeTheSameTurns()
    {
        FairShare.Share first = UsedUp(), second = UsedUp();
        _shares.OnSmallRead(ref _other);
        Assert.Equal(TrackerLimits.BulkTurn, _shares.PauseAfter(ref first, ReadBytes, Start));
        Assert.Equal(2 * TrackerLimits.BulkTurn, _shares.PauseAfter(ref second, ReadBytes, Start));
        _shares.OnSmallRead(ref _other);
        TimeSpan later = Start + 10 * TrackerLimits.BulkTurn;
        Assert.Equal(TrackerLimits.BulkTurn, _shares.PauseAfter(ref first, ReadBytes, later));
    }

    [Fact]
    public void TimeGivesAShareBack()
    {
        FairShare.Share share = UsedUp();
        _shares.OnSmallRead(ref _other);
        double seconds = 2.0 * TrackerLimits.BulkBytes / TrackerLimits.BulkBytesPerSecond;
        Assert.Equal(TimeSpan.Zero, _shares.PauseAfter(ref share, ReadBytes, Start + TimeSpan.FromSeconds(seconds)));
    }

    [Fact]
    public void TheSmallReadsOfOneWhoHasHadItsShare_AreNobodyElses_UntilItHasSentLittleForLong()
    {
        FairShare.Share first = UsedUp(), second = UsedUp();
        _shares.OnSmallRead(ref second);
        Assert.Equal(TimeSpan.Zero, _shares.PauseAfter(ref first, ReadBytes, Start));
        for (int i = 0; i < TrackerLimits.BulkBytes; i++) _shares.OnSmallRead(ref second);
        Assert.Equal(TrackerLimits.BulkTurn, _shares.PauseAfter(ref first, ReadBytes, Start));
    }

    private FairShare.Share UsedUp()
    {
        FairShare.Share share = default;
        Assert.Equal(TimeSpan.Zero, _shares.PauseAfter(ref share, TrackerLimits.BulkBytes + 50 * ReadBytes, Start));
        return share;
    }
}
