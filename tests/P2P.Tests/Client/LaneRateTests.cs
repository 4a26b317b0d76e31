using System;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>An uplink of 10 MB/s, on which two slots send over four long lanes.</summary>
public sealed class LaneRateTests
{
    private const int Uplink = 10_000_000;
    private readonly UplinkRate _uplink = new();
    private readonly LaneRate _lane;
    private TimeSpan _now = TimeSpan.FromSeconds(1000);

    public LaneRateTests() => _lane = new LaneRate(_uplink, slots: 2);

    [Theory]
    [InlineData(2_500_000, false)]
    [InlineData(1_000_001, false)]
    [InlineData(999_000, true)]
    [InlineData(0, true)]
    [InlineData(long.MaxValue, false)]
    public void ALaneIsStuck_ThatMaySendMuchLessThanItsShare(long pacingRate, bool isStuck)
    {
        Assert.False(Send(pacingRate));         // nothing is known of the uplink
        Fill(seconds: 3);
        Assert.Equal(isStuck, Send(pacingRate));
    }

    [Fact]
    public void ASlowPeer_IsLetAloneForLongerEachTime_UntilItsLaneIsFastOnce()
    {
        Fill(seconds: 3);
        Assert.True(Send(100_000));
        Assert.Equal(500, MillisecondsToTheNext(), 100.0);
        Assert.Equal(1000, MillisecondsToTheNext(), 100.0);
        Assert.Equal(2000, MillisecondsToTheNext(), 100.0);
        Fill(seconds: 4.1);
        Assert.False(Send(2_500_000));
        Assert.True(Send(100_000));
        Assert.Equal(500, MillisecondsToTheNext(), 100.0);
    }

    // What was reached is forgotten slowly: lanes have pauses.
    [Fact]
    public void TheUplink_IsWhatWasReachedLately()
    {
        Fill(seconds: 3);
        Assert.Equal(Uplink, _uplink.BytesPerSecond, 0.02 * Uplink);
        Fill(seconds: 10, Uplink / 10);
        Assert.InRange(_uplink.BytesPerSecond, 0.4 * Uplink, 0.7 * Uplink);
        Fill(seconds: 100, Uplink / 10);
        Assert.Equal(Uplink / 10, _uplink.BytesPerSecond, 0.02 * Uplink);
    }

    private bool Send(long pacingRate) => _lane.IsStuck(bytes: 0, pacingRate, _now);

    private double MillisecondsToTheNext()
    {
        TimeSpan since = _now;
        do Fill(seconds: 0.05);
        while (!Send(100_000));
        return (_now - since).TotalMilliseconds;
    }

    // Other lanes send.
    private void Fill(double seconds, int bytesPerSecond = Uplink)
    {
        for (TimeSpan end = _now + TimeSpan.FromSeconds(seconds); _now < end; _now += TimeSpan.FromMilliseconds(10))
            _uplink.OnSent(bytesPerSecond / 100, _now);
    }
}
