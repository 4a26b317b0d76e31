using System;
using System.Diagnostics;
using System.Numerics;

namespace P2P.Benchmarks.Tracker;

/// <summary>How often each latency was seen, to about 1.6%: 64 steps for each doubling.
/// Adding allocates nothing.</summary>
internal sealed class LatencyHistogram
{
    private const int StepBits = 6, Steps = 1 << StepBits;
    private readonly long[] _counts = new long[64 * Steps];
    private long _count;

    public void Clear()
    {
        Array.Clear(_counts);
        _count = 0;
    }

    /// <param name="ticks">Of <see cref="Stopwatch"/>.</param>
    public void Add(long ticks)
    {
        _counts[IndexOf((ulong)ticks)]++;
        _count++;
    }

    /// <summary>The latency, in microseconds, that a share of all did not exceed.</summary>
    /// <param name="share">From 0 to 1.</param>
    public double Percentile(double share)
    {
        long left = (long)Math.Ceiling(share * _count);
        int index = 0;
        while (left > _counts[index])
            left -= _counts[index++];
        return TicksAt(index) * 1e6 / Stopwatch.Frequency;
    }

    // Below 64 ticks each has a place of its own; above, the highest bit and the 6 behind it say where.
    private static int IndexOf(ulong ticks)
    {
        int shift = Math.Max(0, BitOperations.Log2(ticks | 1) - StepBits);
        return shift * Steps + (int)(ticks >> shift);
    }

    private static double TicksAt(int index)
    {
        int shift = Math.Max(0, index / Steps - 1);
        return (double)(index - shift * Steps) * (1UL << shift);
    }
}
