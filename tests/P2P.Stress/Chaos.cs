using System;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace P2P.Stress;

/// <summary>A round of chaos.</summary>
internal interface IChaosRound : IDisposable
{
    /// <summary>Plays it, and counts what must not happen.</summary>
    void Run();
}

/// <summary>Rounds of chaos until the time is over: one line for each, what was wrong in it, and the sums.</summary>
internal static class Chaos
{
    /// <param name="makeRound">Makes a round from its seed.</param>
    /// <returns>0 if every round was right.</returns>
    public static int Run(int seed, TimeSpan duration, Func<int, ChaosCounts, IChaosRound> makeRound)
    {
        var total = new ChaosCounts();
        var watch = Stopwatch.StartNew();
        bool isStopping = false;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
        if (!SmallDisk.IsPossible)
            Console.WriteLine("no full disks and no network of its own, which need root: run no other swarm meanwhile");
        for (int number = 1; watch.Elapsed < duration && !isStopping; number++)
        {
            TimeSpan start = watch.Elapsed;
            var counts = new ChaosCounts();
            int roundSeed = number == 1 ? seed : unchecked(seed + 7919 * (number - 1));
            try
            {
                using IChaosRound round = makeRound(roundSeed, counts);
                round.Run();
            }
            catch (Exception e)
            {
                counts.Add(Violation.OtherFaults, $"the round has broken off: {e}");
            }
            double seconds = (watch.Elapsed - start).TotalSeconds;
            Console.WriteLine($"round {number}, seed {roundSeed}, {seconds:F1} s: {counts}");
            foreach (string finding in counts.Findings)
                Console.WriteLine(finding);
            total.Add(counts);
        }
        double minutes = watch.Elapsed.TotalMinutes, rate = total.Kills / minutes;
        Console.WriteLine($"in all, seed {seed}, {minutes:F1} minutes, {rate:F0} kills a minute: {total}");
        Console.WriteLine(total.IsGood ? "all right" : "NOT RIGHT");
        return total.IsGood ? 0 : 1;

        // The round comes to its end, so that no process and no folder is left; a second signal ends all at once.
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (isStopping)
                Environment.Exit(128 + 2);
            isStopping = true;
        }
    }
}
