using System;
using System.Diagnostics;
using System.Linq;
using System.Net;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>Our tracker and clients. The clock starts before the first client does: reading the folder, connecting and
/// announcing are part of our time.</summary>
internal sealed class OurSwarm(NativePrograms programs) : ISwarmProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public Tool? Tool => null;

    public double Run(SwarmPlan plan, SwarmFiles files, ISwarmNetwork network)
    {
        string run = files.NewFolder();
        string[] folders = Enumerable.Range(0, plan.PeerCount).Select(peer => files.DealChunks(run, peer)).ToArray();
        string? bind = IPAddress.IsLoopback(network.Tracker) ? null : "0.0.0.0";
        using TrackerProcess tracker = network.AtTracker(() => new TrackerProcess(programs, run, bind));
        using var clients = new ProcessGroup();
        var watch = Stopwatch.StartNew();
        for (int peer = 0; peer < plan.PeerCount; peer++)
            clients.Add(network.AtPeer(peer, () =>
                ChildProcess.Start(run, programs.Client, "-folder", folders[peer], "-tracker",
                    $"{network.Tracker}:{tracker.Port}")));
        clients.WaitForLines(": complete, all ", Patience);
        double seconds = watch.Elapsed.TotalSeconds;
        clients.Dispose();
        foreach (string folder in folders)
            files.CheckChunks(folder);
        files.Empty(run);
        return seconds;
    }
}
