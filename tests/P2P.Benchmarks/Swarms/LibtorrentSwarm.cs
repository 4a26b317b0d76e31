using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>Processes with a libtorrent session each. They have started, checked what they have, and know each other's
/// addresses before the clock starts; then everybody connects to everybody.</summary>
internal sealed class LibtorrentSwarm : ISwarmProgram
{
    private const string Script = "libtorrent_peer.py";
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1), Patience = TimeSpan.FromMinutes(3);

    public Tool? Tool => Tool.Libtorrent;

    public double Run(SwarmPlan plan, SwarmFiles files, ISwarmNetwork network)
    {
        string run = files.NewFolder();
        string script = Path.Combine(run, Script);
        using (Stream text = typeof(LibtorrentSwarm).Assembly.GetManifestResourceStream(Script)!)
        using (FileStream file = File.Create(script))
            text.CopyTo(file);
        string[] folders = Enumerable.Range(0, plan.PeerCount).Select(peer => files.DealData(run, peer)).ToArray();
        using var peers = new ProcessGroup();
        for (int peer = 0; peer < plan.PeerCount; peer++)
            peers.Add(network.AtPeer(peer, () => ChildProcess.Start(run, Tool.Libtorrent.VersionCommand[0],
                script, files.Torrent.Path, folders[peer], $"{network.AddressOf(peer)}")));
        string[] addresses = peers.All.Select((process, peer) =>
            $"{network.AddressOf(peer)} {process.WaitForLine("ready ", StartPatience).Split(' ')[1]}").ToArray();

        var watch = Stopwatch.StartNew();
        // Each connects to those before it, so that no two connect to each other at the same time.
        for (int peer = 0; peer < plan.PeerCount; peer++)
            peers.All[peer].Tell(string.Join(' ', addresses[..peer]));
        peers.WaitForLines("complete", Patience);
        double seconds = watch.Elapsed.TotalSeconds;
        peers.Dispose();
        foreach (string folder in folders)
            files.CheckData(folder);
        files.Empty(run);
        return seconds;
    }
}
