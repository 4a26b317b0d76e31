using System;
using System.Diagnostics;

namespace P2P.Stress;

/// <summary>Rounds of chaos until the time is over: one line for each, and the sums.</summary>
internal static class Chaos
{
    /// <returns>0 if every round was right.</returns>
    public static int Run(int seed, TimeSpan duration)
    {
        var total = new ChaosCounts();
        var watch = Stopwatch.StartNew();
        for (int number = 1; watch.Elapsed < duration; number++)
        {
            var start = watch.Elapsed;
            var counts = new ChaosCounts();
            using (var round = new ChaosRound(unchecked(seed + 7919 * number), counts))
            {
                round.Run();
                Console.WriteLine($"round {number}, seed {round.Seed}, {(watch.Elapsed - start).TotalSeconds:F1} s: {counts}");
                if (!counts.IsGood)
                    Console.WriteLine(round.Describe());
            }
            total.Add(counts);
        }
        Console.WriteLine($"in all, {watch.Elapsed.TotalMinutes:F1} minutes: {total}");
        Console.WriteLine(total.IsGood ? "all right" : "NOT RIGHT");
        return total.IsGood ? 0 : 1;
    }
}
