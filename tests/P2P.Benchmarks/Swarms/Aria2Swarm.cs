using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using P2P.Benchmarks.Support;
using P2P.Tests.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>Processes of aria2c. They have started, checked what they have, and announced themselves before the clock
/// starts, which is when the tracker tells them of each other.</summary>
internal sealed class Aria2Swarm : ISwarmProgram
{
    // aria2 tells nobody that it has everything, unless there is a program to be run then: it shares aria2's stdout.
    private const string Hook = "#!/bin/sh\necho everything is here\n", HookLine = "everything is here";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public Tool? Tool => Tool.Aria2;

    public double Run(SwarmPlan plan, SwarmFiles files, ISwarmNetwork network)
    {
        string run = files.NewFolder();
        string[] folders = Enumerable.Range(0, plan.PeerCount).Select(peer => files.DealData(run, peer)).ToArray();
        string hook = Path.Combine(run, "complete.sh");
        File.WriteAllText(hook, Hook);
        File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using AnnounceServer tracker = network.AtTracker(() => new AnnounceServer(network.Tracker, plan.PeerCount));
        using var peers = new ProcessGroup();
        for (int peer = 0; peer < plan.PeerCount; peer++)
            peers.Add(network.AtPeer(peer, () => ChildProcess.Start(run, "aria2c",
                [.. Arguments(plan, peer), $"--dir={folders[peer]}", $"--bt-tracker={tracker.Url}",
                    $"--on-bt-download-complete={hook}", files.Torrent.Path])));
        tracker.WaitForAll();
        var watch = Stopwatch.StartNew();
        tracker.Start();
        peers.WaitForLines(HookLine, Patience, isMeant: peer => !plan.IsComplete(peer));
        double seconds = watch.Elapsed.TotalSeconds;
        peers.Dispose();
        foreach (string folder in folders)
            files.CheckData(folder);
        files.Empty(run);
        return seconds;
    }

    private static IEnumerable<string> Arguments(SwarmPlan plan, int peer) =>
    [
        "--no-conf=true", $"--listen-port={FreePort.Next()}", "--bt-tracker-interval=5",
        "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
        "--disable-ipv6=true", "--seed-ratio=0.0", "--bt-max-peers=0", "--bt-request-peer-speed-limit=2000M",
        "--max-overall-upload-limit=0",
        "--file-allocation=none", "--disk-cache=64M", "--auto-save-interval=0", "--allow-overwrite=true",
        "--summary-interval=0", "--show-console-readout=false", "--console-log-level=notice",
        // Who has everything is believed, who has a part finds out which.
        plan.IsComplete(peer)
            ? "--bt-seed-unverified=true" : $"--check-integrity={(plan.Held[peer].Count > 0 ? "true" : "false")}",
    ];
}
