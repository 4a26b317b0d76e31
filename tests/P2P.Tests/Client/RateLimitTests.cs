using System;
using System.Linq;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>The rate that all transfers keep together. Times are seconds since the start.</summary>
public sealed class RateLimitTests
{
    [Theory]
    [InlineData(1024, 1, 0)]
    [InlineData(20_000, 3, 0)]
    [InlineData(1_000_000, 1, 0)]
    [InlineData(1_000_000, 1, 0.003)]
    [InlineData(1_000_000, 100, 0)]
    [InlineData(1_000_000, 100, 0.003)]
    [InlineData(500_000_000, 1, 0)]
    [InlineData(500_000_000, 12, 0.001)]
    public void AllTransfersTogether_KeepTheRate_EachWithItsShare(long rate, int transfers, double lateness)
    {
        (long[] moved, double longestGap) = Move(rate, transfers, lateness, seconds: 10);
        int step = new RateLimit(rate).StepBytes;
        Assert.InRange(moved.Sum(), 0.95 * rate * 10, 1.05 * rate * 10 + step);
        double slack = rate * ClientLimits.RateSlack.TotalSeconds;
        Assert.True(moved.Max() - moved.Min() <= 2 * step + slack, "each has the same share");
        Assert.True(longestGap < 4, $"a transfer waited {longestGap:F1} s");
    }

    [Fact]
    public void OfAThousandTransfers_NoneWaitsSoLongThatItsPeerGivesUp()
    {
        (_, double longestGap) = Move(500 * 1024, 1000, lateness: 0.002, seconds: 60);
        Assert.InRange(longestGap, 1, ClientLimits.SilenceTimeout.TotalSeconds - 1);
    }

    [Fact]
    public void AnIdleTime_IsNotMadeUpFor()
    {
        var limit = new RateLimit(100_000);
        long moved = 0;
        while (limit.Take(1000, Seconds(1000)) == TimeSpan.Zero) moved += 1000;
        Assert.InRange(moved, 1000, 100_000 * ClientLimits.RateSlack.TotalSeconds + 1000);
    }

    [Fact]
    public void WhatIsGivenBack_IsThereForOthers()
    {
        RateLimit limit = new(100_000), other = new(100_000);
        limit.Take(50_000, Seconds(0));
        limit.GiveBack(40_000);
        other.Take(10_000, Seconds(0));
        Assert.Equal(other.Take(1000, Seconds(0)), limit.Take(1000, Seconds(0)));
    }

    [Theory]
    [InlineData(1024, 1024)]
    [InlineData(1 << 20, (1 << 20) / 100)]
    [InlineData(long.MaxValue, ClientLimits.TurnBytes)]
    public void AStep_IsAHundredthOfTheRate_WithinBounds(long rate, int bytes) =>
        Assert.Equal(bytes, new RateLimit(rate).StepBytes);

    [Fact]
    public void NoLimit_IsNone() => Assert.Null(RateLimit.Of(0));

    // Each transfer takes a step, waits as it is told and a little longer, and moves the step.
    private static (long[] Moved, double LongestGap) Move(long rate, int transfers, double lateness, double seconds)
    {
        var limit = new RateLimit(rate);
        long[] moved = new long[transfers];
        TimeSpan[] dueAt = new TimeSpan[transfers], movedAt = new TimeSpan[transfers];
        TimeSpan longest = TimeSpan.Zero;
        for (int i = 0; i < transfers; i++) dueAt[i] = limit.Take(limit.StepBytes, TimeSpan.Zero);
        while (true)
        {
            int next = Array.IndexOf(dueAt, dueAt.Min());
            TimeSpan now = dueAt[next];
            if (now >= Seconds(seconds)) return (moved, longest.TotalSeconds);
            moved[next] += limit.StepBytes;
            if (now - movedAt[next] > longest) longest = now - movedAt[next];
            movedAt[next] = now;
            TimeSpan pause = limit.Take(limit.StepBytes, now);
            dueAt[next] = pause > TimeSpan.Zero ? now + pause + Seconds(lateness) : now;
        }
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
