using System.Collections.Generic;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>Whole swarms on one machine, where CPU and page cache are what limits them.</summary>
internal sealed class SwarmFigure : IFigure
{
    private const int MiB = 1 << 20;

    public string Name => "swarm";

    public IReadOnlyList<Tool> Tools => SwarmComparison.Tools;

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        SwarmPlan[] plans =
        [
            SwarmPlan.WithSeed("1 seed, 4 clients, 256 x 1 MiB", clients: 4, chunkCount: 256, MiB),
            SwarmPlan.WithSeed("1 seed, 4 clients, 4 x 64 MiB", clients: 4, chunkCount: 4, 64 * MiB),
            SwarmPlan.WithSeed("1 seed, 4 clients, 4,096 x 4 KiB", clients: 4, chunkCount: 4096, 4096),
            SwarmPlan.Scattered("5 clients, no seed, 256 x 1 MiB scattered", peers: 5, chunkCount: 256, MiB),
            SwarmPlan.WithSeed("1 seed, 32 clients, 64 x 256 KiB", clients: 32, chunkCount: 64, MiB / 4),
        ];
        var table = new ResultTable(
            "Swarm over loopback: time until all are complete (ours with its start-up, the peers without)");
        using var network = new LoopbackNetwork();
        foreach (SwarmPlan plan in plans)
        {
            (double ours, IReadOnlyList<(string Name, double Seconds)> peers) =
                SwarmComparison.Run(context, plan, network);
            foreach ((string name, double seconds) in peers)
                table.Add($"{plan.Name}: {name}", ours, seconds, "{0:F2} s");
        }
        yield return table;
    }
}
