using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using P2P.Benchmarks.Shaped;
using P2P.Benchmarks.Support;
using P2P.Benchmarks.Swarms;

namespace P2P.Benchmarks.Long;

/// <summary>
/// Each peer on a machine of its own, as far as the network goes, and all of them far from each other: every packet
/// between two of them passes this process (<see cref="PacketRouter"/>). The tracker is the last device, and its uplink
/// has no limit that counts. None of it touches this machine's own network. Needs root.
/// </summary>
internal sealed unsafe class LongNetwork : ISwarmNetwork
{
    private const double TrackerMegabits = 1000;

    private readonly NetworkNamespace[] _hosts;
    private readonly PacketRouter _router;

    /// <summary>Makes it.</summary>
    /// <param name="uplinkMegabits">Of each peer, in 1e6 bits a second.</param>
    /// <param name="roundTrip">Between any two hosts, without what queues add.</param>
    /// <param name="loss">The share of packets that are lost in each direction, 0 to 1.</param>
    /// <exception cref="BenchmarkException">This machine can't: the message says what is missing.</exception>
    public LongNetwork(double[] uplinkMegabits, TimeSpan roundTrip, double loss)
    {
        _hosts = new NetworkNamespace[uplinkMegabits.Length + 1];
        for (int i = 0; i < _hosts.Length; i++) _hosts[i] = new NetworkNamespace();
        // A kernel that hands over many packets as one does not say which of them the line loses.
        bool joinsPackets = loss == 0;
        int[] devices =
            _hosts.Select((host, i) => host.Inside(() => MakeDevice(AddressOf(i), joinsPackets))).ToArray();
        _router = new PacketRouter(devices, [.. uplinkMegabits, TrackerMegabits], roundTrip / 2, loss, seed: 1);
    }

    public IPAddress Tracker => AddressOf(_hosts.Length - 1);

    public IPAddress AddressOf(int peer) => IPAddress.Parse($"10.78.0.{peer + 1}");

    public T AtPeer<T>(int peer, Func<T> make) => _hosts[peer].Inside(make);

    public T AtTracker<T>(Func<T> make) => _hosts[^1].Inside(make);

    public void Dispose()
    {
        _router.Dispose();
        foreach (NetworkNamespace host in _hosts) host.Dispose();
    }

    // linux/if_tun.h. A device lives as long as its descriptor, in the network of the thread that made it.
    private static int MakeDevice(IPAddress address, bool joinsPackets)
    {
        const string name = "line0";
        const nuint setInterface = 0x400454ca, setOffload = 0x400454d0;     // TUNSETIFF, TUNSETOFFLOAD
        const nint checksums = 1, tcpOverIPv4 = 2;
        const short tun = 1, noPacketInformation = 0x1000, offloadHead = 0x4000;
        int device = LibC.Open("/dev/net/tun", LibC.O_RDWR | LibC.O_NONBLOCK);
        byte* request = stackalloc byte[40];        // struct ifreq: 16 bytes of name, then the flags
        new Span<byte>(request, 40).Clear();
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, 16));
        *(short*)(request + 16) = tun | noPacketInformation | offloadHead;
        LibC.Check(LibC.ioctl(device, setInterface, request));
        if (joinsPackets) LibC.Check(LibC.ioctl(device, setOffload, (void*)(checksums | tcpOverIPv4)));
        ChildProcess.Run("ip", "link", "set", "lo", "up");
        ChildProcess.Run("ip", "address", "add", $"{address}/24", "dev", name);
        ChildProcess.Run("ip", "link", "set", name, "up");
        return device;
    }
}
