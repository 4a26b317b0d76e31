using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using P2P.Benchmarks.Support;
using P2P.Benchmarks.Swarms;

namespace P2P.Benchmarks.Shaped;

/// <summary>
/// Whole swarms in which the uplinks are what limits them, against the time that no program can beat. The bound counts
/// the chunks' bytes only; the headers of TCP, IP and Ethernet add 4.6% to them.
/// </summary>
internal sealed class ShapedFigure : IFigure
{
    private const double FastMegabits = 80, SlowMegabits = 20;
    private const int ChunkCount = 64, ChunkBytes = 1 << 20;

    public string Name => "shaped";

    public IReadOnlyList<Tool> Tools => [Tool.IpRoute, .. SwarmComparison.Tools];

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        if (LibC.geteuid() != 0 || !Tool.IpRoute.IsThere)
        {
            Console.WriteLine($"\nshaped: skipped, needs root and iproute2 (apt-get install {Tool.IpRoute.Package})");
            yield break;
        }
        SwarmPlan[] plans =
        [
            WithUplinks(SwarmPlan.WithSeed("1 seed, 8 clients", 8, ChunkCount, ChunkBytes), FastMegabits),
            WithUplinks(SwarmPlan.WithSeed("1 seed, 24 clients", 24, ChunkCount, ChunkBytes), FastMegabits),
            WithUplinks(
                SwarmPlan.WithSeed($"1 slow seed ({SlowMegabits} Mbit/s), 8 clients", 8, ChunkCount, ChunkBytes),
                SlowMegabits),
            WithUplinks(SwarmPlan.Scattered("8 clients, no seed, scattered", 8, ChunkCount, ChunkBytes), FastMegabits),
        ];
        var times = new ResultTable(
            $"Swarm with uplinks of {FastMegabits} Mbit/s, 64 x 1 MiB: time until all are complete (ours with its "
            + "start-up, the peers without)");
        var bounds = new ResultTable("The same times over the bound max(F / u_seed, N F / sum u)");
        foreach (SwarmPlan plan in plans)
        {
            using ShapedNetwork? network = TryMake(plan);
            if (network == null)
                yield break;
            (double ours, IReadOnlyList<(string Name, double Seconds)> peers) =
                SwarmComparison.Run(context, plan, network);
            double bound = plan.BoundSeconds();
            foreach ((string name, double seconds) in peers)
            {
                times.Add($"{plan.Name}: {name}", ours, seconds, "{0:F2} s");
                bounds.Add($"{plan.Name} (bound {bound:F2} s): {name}", ours / bound, seconds / bound, "{0:F2}");
            }
        }
        yield return times;
        yield return bounds;
    }

    // Peer 0 has the seed's uplink; without a seed it is like the others.
    private static SwarmPlan WithUplinks(SwarmPlan plan, double firstMegabits) =>
        plan with { UplinkMegabits = [firstMegabits, .. Enumerable.Repeat(FastMegabits, plan.PeerCount - 1)] };

    private static ShapedNetwork? TryMake(SwarmPlan plan)
    {
        try
        {
            return new ShapedNetwork(plan.UplinkMegabits!);
        }
        catch (Exception e) when (e is BenchmarkException or Win32Exception)
        {
            Console.WriteLine(
                "\nshaped: skipped, this machine can't make networks with limited uplinks (veth, bridge, tbf): "
                + $"{e.Message}");
            return null;
        }
    }
}
