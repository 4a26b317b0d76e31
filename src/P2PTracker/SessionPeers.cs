using System;
using System.Collections.Generic;

namespace P2P.Tracker;

/// <summary>
/// The peers that one connection has announced, and how much of the list they fill. While the connection is open they
/// count as connected. Hot: allocates nothing per message. A part of its session, not an object: connections are many.
/// </summary>
/// <param name="host">The client's host, under which its announcements are listed.</param>
internal struct SessionPeers(TrackerServer server, string host)
{
    private SwarmPeer? _last;               // the peer announced last; nearly always the client itself, alone
    private HashSet<SwarmPeer>? _others;
    private int _listed;                    // announcements in the list that came from this connection

    /// <summary>Lists an announcement, and logs it: LOCAL_CHUNKS,&lt;chunk_index&gt;,&lt;host&gt;,&lt;port&gt;. The
    /// host in the message is the client's own word: the tracker believes only the connection.</summary>
    /// <returns>False if the list, or this connection's share of it, is full.</returns>
    public bool TryAnnounce(int chunkIndex, int port)
    {
        if (_listed >= TrackerLimits.ListedPerConnectionMax || Find(port) is not { } peer) return false;
        server.Log.LocalChunks(chunkIndex, peer.HostText, port);
        int listedBefore = server.Swarm.Announcements;
        bool isListed = server.Swarm.TryAnnounce(chunkIndex, peer);
        _listed += server.Swarm.Announcements - listedBefore;
        return isListed;
    }

    /// <summary>The connection is closed: each of its peers has one connection less.</summary>
    public readonly void OnSessionEnd(TimeSpan now)
    {
        _last?.OnDisconnected(now);
        foreach (SwarmPeer peer in _others ?? []) peer.OnDisconnected(now);
    }

    // Null if there is no room for another peer.
    private SwarmPeer? Find(int port)
    {
        if (_last is not null && _last.Port == port) return _last;
        if (_others is { Count: >= TrackerLimits.PeersPerConnectionMax }) return null;
        if (server.Swarm.GetPeer(host, port) is not { } peer) return null;
        if (_last is not null)
        {
            _others ??= [];
            if (!_others.Remove(peer)) peer.OnConnected();
            _others.Add(_last);
        }
        else peer.OnConnected();
        return _last = peer;
    }
}
