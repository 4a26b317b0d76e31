using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using P2P.Benchmarks.Support;
using P2P.Benchmarks.Swarms;

namespace P2P.Benchmarks.Shaped;

/// <summary>
/// Each peer on a machine of its own, as far as the network goes, with a limited uplink; the tracker on another one,
/// without a limit. All hang on one switch. None of it touches this machine's own network.
/// </summary>
internal sealed class ShapedNetwork : ISwarmNetwork
{
    private readonly NetworkNamespace _switch = new();
    private readonly NetworkNamespace _tracker = new();
    private readonly NetworkNamespace[] _peers;
    private readonly WorkFolder _work = WorkFolder.Make();

    /// <exception cref="BenchmarkException">This machine can't: the message says what is missing.</exception>
    public ShapedNetwork(double[] uplinkMegabits)
    {
        _peers = new NetworkNamespace[uplinkMegabits.Length];
        for (int peer = 0; peer < _peers.Length; peer++)
            _peers[peer] = new NetworkNamespace();
        var lines = new List<string> { "link add bridge0 type bridge", "link set bridge0 up" };
        AddPort(lines, "tracker", _tracker);
        for (int peer = 0; peer < _peers.Length; peer++)
            AddPort(lines, $"peer{peer}", _peers[peer]);
        Configure(_switch, lines);
        ConfigureHost(_tracker, Tracker);
        for (int peer = 0; peer < _peers.Length; peer++)
        {
            ConfigureHost(_peers[peer], AddressOf(peer));
            Limit(_peers[peer], uplinkMegabits[peer]);
        }
    }

    public IPAddress Tracker => IPAddress.Parse("10.77.0.254");

    public IPAddress AddressOf(int peer) => IPAddress.Parse($"10.77.0.{peer + 1}");

    public T AtPeer<T>(int peer, Func<T> make) => _peers[peer].Inside(make);

    public T AtTracker<T>(Func<T> make) => _tracker.Inside(make);

    public void Dispose()
    {
        foreach (NetworkNamespace peer in _peers)
            peer.Dispose();
        _tracker.Dispose();
        _switch.Dispose();
        _work.Dispose();
    }

    private static void AddPort(List<string> lines, string name, NetworkNamespace host)
    {
        lines.Add($"link add {name} type veth peer name eth0 netns {host.Path}");
        lines.Add($"link set {name} master bridge0 up");
    }

    private void ConfigureHost(NetworkNamespace host, IPAddress address) =>
        Configure(host, ["link set lo up", $"address add {address}/24 dev eth0", "link set eth0 up"]);

    private void Configure(NetworkNamespace where, IEnumerable<string> lines)
    {
        File.WriteAllLines(_work["ip.batch"], lines);
        where.Inside(() => ChildProcess.Run("ip", "-batch", _work["ip.batch"]));
    }

    // A token bucket as small as a full-sized segment of the kernel's, and a queue of 50 ms, as an ordinary router has.
    private static void Limit(NetworkNamespace host, double megabits) =>
        host.Inside(() => ChildProcess.Run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf",
            "rate", string.Create(CultureInfo.InvariantCulture, $"{megabits}mbit"),
            "burst", "64kb", "latency", "50ms"));
}
