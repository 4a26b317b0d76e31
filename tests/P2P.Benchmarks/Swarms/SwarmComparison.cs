using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>Runs one plan with our programs and with those of others, in turns.</summary>
internal static class SwarmComparison
{
    public static IReadOnlyList<ISwarmProgram> Others { get; } = [new LibtorrentSwarm(), new Aria2Swarm()];

    public static IReadOnlyList<Tool> Tools => [.. Others.Select(peer => peer.Tool!)];

    /// <returns>Median seconds until all were complete: of ours, and of each peer;
    /// NaN where it is missing or failed.</returns>
    public static (double Ours, IReadOnlyList<(string Name, double Seconds)> Peers) Run(
        BenchmarkContext context, SwarmPlan plan, ISwarmNetwork network) => Run(context, plan, network, Others);

    /// <summary>The same with other programs.</summary>
    public static (double Ours, IReadOnlyList<(string Name, double Seconds)> Peers) Run(
        BenchmarkContext context, SwarmPlan plan, ISwarmNetwork network, IReadOnlyList<ISwarmProgram> others)
    {
        using var files = new SwarmFiles(plan);
        var ours = new OurSwarm(context.Programs);
        double[][] seconds = Medians.Of(context.Runs,
            [() => [RunOnce(context, ours, plan, files, network)],
                .. others.Select(peer => (Func<double[]>)(() => [TryRun(context, peer, plan, files, network)]))]);
        return (seconds[0][0], others.Select((peer, i) => (peer.Tool!.Name, seconds[i + 1][0])).ToArray());
    }

    private static double RunOnce(BenchmarkContext context, ISwarmProgram program, SwarmPlan plan, SwarmFiles files,
        ISwarmNetwork network)
    {
        double seconds = program.Run(plan, files, network);
        context.Progress($"{plan.Name}, {program.Tool?.Name ?? "ours"}: {seconds:F2} s");
        return seconds;
    }

    // What a peer can't do is no reason to lose what has been measured.
    private static double TryRun(BenchmarkContext context, ISwarmProgram program, SwarmPlan plan, SwarmFiles files,
        ISwarmNetwork network)
    {
        if (!program.Tool!.IsThere)
            return double.NaN;
        try
        {
            return RunOnce(context, program, plan, files, network);
        }
        catch (BenchmarkException e)
        {
            Leftovers.WaitIfClosed();
            context.Progress($"{plan.Name}, {program.Tool.Name} failed: {e.Message}");
            return double.NaN;
        }
    }
}
