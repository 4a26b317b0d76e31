using System;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Support;

/// <summary>Compares a rate with the limit that was set. A busy machine makes a rate lower, and never higher: the upper
/// bound is the one that counts.</summary>
internal static class RateCheck
{
    /// <summary>The limit, in bytes a second: <c>1M</c>.</summary>
    public const int Limit = 1 << 20;

    /// <summary>Bytes enough that what may come at once at the beginning doesn't matter.</summary>
    public const int Bytes = 3 * Limit;

    public static void AssertWithinLimit(long bytes, TimeSpan time, ITestOutputHelper output)
    {
        double rate = bytes / time.TotalSeconds / Limit;
        output.WriteLine($"{bytes} bytes in {time.TotalSeconds:F3} s: {rate:F3} of the limit");
        Assert.True(bytes >= Bytes * 0.9, $"only {bytes} bytes have moved");
        Assert.True(rate < 1.05, $"{rate:F3} of the limit");
        Assert.True(rate > 0.1, $"only {rate:F3} of the limit");        // 0.26 beside ten busy loops for each core
    }
}
