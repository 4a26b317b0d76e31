using System;
using System.Net;

namespace P2P.Benchmarks.Swarms;

/// <summary>Where the peers of a swarm and its tracker are.</summary>
internal interface ISwarmNetwork : IDisposable
{
    /// <summary>The tracker's address, as the peers reach it.</summary>
    IPAddress Tracker { get; }

    /// <summary>A peer's address, as the others reach it.</summary>
    IPAddress AddressOf(int peer);

    /// <summary>Starts a process, or makes a socket, where that peer is.</summary>
    T AtPeer<T>(int peer, Func<T> make);

    /// <summary>The same where the tracker is.</summary>
    T AtTracker<T>(Func<T> make);
}
