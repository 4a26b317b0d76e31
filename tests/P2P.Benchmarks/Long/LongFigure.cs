using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using P2P.Benchmarks.Support;
using P2P.Benchmarks.Swarms;

namespace P2P.Benchmarks.Long;

/// <summary>
/// Transfers between machines that are far from each other, with uplinks of 80 Mbit/s: the round trip, and the packets
/// that are lost, are what costs time. The bound counts the chunks' bytes only.
/// </summary>
internal sealed class LongFigure : IFigure
{
    private const double Megabits = 80;
    private const int MiB = 1 << 20;

    private static readonly (int Milliseconds, double Loss)[] Lines = [(20, 0), (50, 0), (100, 0), (50, 0.005)];
    private static readonly (int Milliseconds, double Loss)[] SwarmLines = [(50, 0), (50, 0.005)];

    public string Name => "long";

    public IReadOnlyList<Tool> Tools => [Tool.IpRoute, Tool.Nginx, Tool.Curl, .. SwarmComparison.Tools];

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        if (LibC.geteuid() != 0 || !Tool.IpRoute.IsThere)
        {
            Console.WriteLine($"\nlong: skipped, needs root and iproute2 (apt-get install {Tool.IpRoute.Package})");
            yield break;
        }
        var single = new ResultTable(
            $"From one peer to another over a line of {Megabits} Mbit/s, against nginx and curl");
        var large = SwarmPlan.WithSeed("64 x 1 MiB", 1, 64, MiB);
        var small = SwarmPlan.WithSeed("1,024 x 64 KiB", 1, 1024, MiB / 16);
        foreach ((int milliseconds, double loss) in Lines)
        {
            if (!TryMeasure(context, single, large, milliseconds, loss, [new CurlTransfer()])) yield break;
        }
        TryMeasure(context, single, small, 100, 0, [new CurlTransfer()]);
        yield return single;

        var swarms = new ResultTable($"Swarm over lines of {Megabits} Mbit/s: time until all are complete");
        var swarm = SwarmPlan.WithSeed("1 seed, 8 clients, 64 x 1 MiB", 8, 64, MiB);
        foreach ((int milliseconds, double loss) in SwarmLines)
            TryMeasure(context, swarms, swarm, milliseconds, loss, SwarmComparison.Others);
        yield return swarms;
    }

    // False if this machine can't make such a network.
    private static bool TryMeasure(BenchmarkContext context, ResultTable table, SwarmPlan plan, int milliseconds,
        double loss, IReadOnlyList<ISwarmProgram> others)
    {
        double[] uplinks = [.. Enumerable.Repeat(Megabits, plan.PeerCount)];
        SwarmPlan limited = plan with
        {
            Name = $"{plan.Name}, {milliseconds} ms{(loss > 0 ? $", {loss:P1} lost" : "")}",
            UplinkMegabits = uplinks,
        };
        try
        {
            using var network = new LongNetwork(uplinks, TimeSpan.FromMilliseconds(milliseconds), loss);
            (double ours, IReadOnlyList<(string Name, double Seconds)> peers) =
                SwarmComparison.Run(context, limited, network, others);
            string bound = $"(bound {limited.BoundSeconds():F2} s)";
            foreach ((string name, double seconds) in peers)
                table.Add($"{limited.Name} {bound}: {name}", ours, seconds, "{0:F2} s");
            return true;
        }
        catch (Win32Exception e)
        {
            Console.WriteLine(
                $"\nlong: skipped, this machine can't make TUN devices in networks of their own: {e.Message}");
            return false;
        }
    }
}
