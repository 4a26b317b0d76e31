using System;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Bytes that went over the client's connections to its peers, and the connections of those that fetch.
/// Counted on the loop, by one addition a read or write.</summary>
internal sealed class Traffic
{
    /// <summary>Bytes of chunks that came from peers, those thrown away included.</summary>
    public long Received { get; private set; }

    /// <summary>Bytes of chunks that the kernel took for peers.</summary>
    public long Sent { get; private set; }

    /// <summary>Connections of peers that fetch from this client now.</summary>
    public int Connected { get; set; }

    /// <summary>When a peer last took bytes; zero if no peer did yet.</summary>
    public TimeSpan LastSentAt { get; private set; }

    public void OnReceived(int bytes) => Received += bytes;

    public void OnSent(int bytes)
    {
        Sent += bytes;
        LastSentAt = EventLoop.Now;
    }
}
