using System;
using System.Linq;
using P2P.Tracker.Http;
using Xunit;

namespace P2P.Tests.Tracker.Http;

/// <summary>The ring of samples, with given times.</summary>
public sealed class SwarmHistoryTests
{
    private readonly SwarmHistory _history = new();

    [Fact]
    public void OfManySamples_TheLastTenMinutesAreKept_InOrder()
    {
        for (int i = 0; i < 500; i++)
        {
            Add(5 * i, held: i);
            Assert.Equal(Math.Min(i + 1, 121), _history.Count);
            Assert.Equal(i, _history[_history.Count - 1].Held);
        }
        Assert.Equal(Enumerable.Range(500 - 121, 121), Held());
        Assert.Equal(TimeSpan.FromMinutes(10), _history[120].Uptime - _history[0].Uptime);
    }

    [Fact]
    public void AfterALongSleep_WhatIsTooOldIsDropped()
    {
        for (int i = 0; i < 10; i++)
            Add(5 * i, held: i);
        Add(45 + 580, held: 10);
        Assert.Equal([5, 6, 7, 8, 9, 10], Held());
        Add(100_000, held: 11);
        Assert.Equal([11], Held());
        Add(100_005, held: 12);
        Assert.Equal([11, 12], Held());
    }

    [Fact]
    public void ASample_CostsNoMemory()
    {
        Add(0, held: 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 1; i < 1000; i++)
            Add(5 * i, held: i);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(100, 40, 40.0)]         // 60 chunks a minute, 40 are missing
    [InlineData(100, 0, 0.0)]
    [InlineData(100, 6000, 6000.0)]
    public void TheEnd_IsEstimatedByTheSpeedOfTheLastMinute(int seconds, long missing, double left)
    {
        for (int at = 0; at < seconds; at += 5)
            Add(at, held: at < 40 ? 0 : at);        // what was faster before the last minute does not count
        Assert.Equal(left, Left(seconds, held: seconds, missing)!.Value.TotalSeconds, 0.001);
    }

    [Fact]
    public void AClientThatComesOrLeaves_BeginsANewEstimate()
    {
        for (int at = 0; at <= 50; at += 5)
            Add(at, held: at);
        Assert.NotNull(Left(53, held: 53, missing: 10));
        Assert.Null(Left(53, held: 1053, missing: 10, clients: 4));         // a seed has come with its chunks
        Add(55, held: 1055, clients: 4);
        Assert.Equal(20, Left(65, held: 1060, missing: 10, clients: 4)!.Value.TotalSeconds, 0.001);
    }

    [Theory]
    [InlineData(60, 60, 1000)]          // nothing has come
    [InlineData(60, 40, 1000)]          // chunks have gone
    [InlineData(30, 31, 1L << 60)]      // an end that nobody will see
    public void WithoutASpeed_ThereIsNoEstimate(int before, int held, long missing)
    {
        Assert.Null(Left(55, held, missing));       // not one sample
        Add(50, before);
        Assert.Null(Left(55, held, missing));
    }

    [Fact]
    public void AMomentAfterASample_ThereIsNoEstimate()
    {
        Add(50, held: 10);
        Assert.Null(Left(50.9, held: 12, missing: 5));
        Assert.NotNull(Left(51, held: 12, missing: 5));
    }

    private static SwarmSample Sample(double seconds, int held, int clients) =>
        new(TimeSpan.FromSeconds(seconds), 0, 0, held, clients);

    private void Add(double seconds, int held, int clients = 3) => _history.Add(Sample(seconds, held, clients));

    private TimeSpan? Left(double seconds, int held, long missing, int clients = 3) =>
        _history.TimeLeft(Sample(seconds, held, clients), missing);

    private int[] Held() => [.. Enumerable.Range(0, _history.Count).Select(i => _history[i].Held)];
}
