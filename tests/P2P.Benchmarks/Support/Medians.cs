using System;
using System.Collections.Generic;
using System.Linq;

namespace P2P.Benchmarks.Support;

/// <summary>Alternating runs: whatever else the machine does meets all programs alike.</summary>
internal static class Medians
{
    /// <summary>Runs every measurement once, then again, and so on.</summary>
    /// <param name="measurements">Each returns its figures, always equally many.</param>
    /// <returns>For each measurement the median of each of its figures.</returns>
    public static double[][] Of(int runs, params IReadOnlyList<Func<double[]>> measurements)
    {
        List<double[]>[] results = measurements.Select(_ => new List<double[]>()).ToArray();
        for (int run = 0; run < runs; run++)
            for (int i = 0; i < measurements.Count; i++)
                results[i].Add(measurements[i]());
        return results.Select(figures => Enumerable.Range(0, figures[0].Length)
            .Select(i => Of(figures.Select(each => each[i]))).ToArray()).ToArray();
    }

    /// <summary>The medians of our figures, and those of a peer: NaN if there is no peer.</summary>
    public static (double[] Ours, double[] Peer) OfPair(int runs, Func<double[]> ours, Func<double[]>? peer)
    {
        double[][] both = peer == null ? Of(runs, ours) : Of(runs, ours, peer);
        return (both[0], both.Length == 2 ? both[1] : Enumerable.Repeat(double.NaN, both[0].Length).ToArray());
    }

    /// <summary>The median of those that are numbers; NaN if none is.</summary>
    public static double Of(IEnumerable<double> values)
    {
        double[] sorted = values.Where(double.IsFinite).Order().ToArray();
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
