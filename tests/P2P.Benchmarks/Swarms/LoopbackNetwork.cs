using System;
using System.Net;

namespace P2P.Benchmarks.Swarms;

/// <summary>All on this machine, as the assignment has it.</summary>
internal sealed class LoopbackNetwork : ISwarmNetwork
{
    public IPAddress Tracker => IPAddress.Loopback;

    public IPAddress AddressOf(int peer) => IPAddress.Loopback;

    public T AtPeer<T>(int peer, Func<T> make) => make();

    public T AtTracker<T>(Func<T> make) => make();

    public void Dispose()
    {
    }
}
