using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Tracker;

/// <summary>What a client of ours says about itself: it is true of the peers that its connection announces from then
/// on.</summary>
internal sealed class OurClient
{
    /// <summary>The version of the lane that the client speaks (PROTOCOL 9.2); 0: none.</summary>
    public byte LaneVersion { get; set; }

    /// <summary>The set that the client has and can describe (PROTOCOL 10.2); 0: not known.</summary>
    public ulong SetId { get; set; }

    /// <summary>The name that the client's user has given it (PROTOCOL 11), in UTF-8; null: none.</summary>
    public byte[]? Name { get; set; }

    /// <summary>How many pieces of news the client was told or has missed (PROTOCOL 9.6); null: it wants
    /// none.</summary>
    public long? NewsTold { get; set; }
}

/// <summary>
/// Handles the LOCAL_CHUNKS of one connection: lists and logs them, and keeps count of how much of the list they fill.
/// While the connection is open, the peers that it announced count as connected. Hot: allocates nothing per message.
/// The handler is a part of its session and not an object, because connections are many.
/// </summary>
/// <param name="host">The client's host, under which its announcements are listed.</param>
internal struct LocalChunksHandler(TrackerServer server, string host)
{
    private SwarmPeer? _last;               // the peer announced last; nearly always the client itself, alone
    private HashSet<SwarmPeer>? _others;
    private int _listed;                    // announcements in the list that came from this connection

    /// <summary>What a client of ours has said; null: nothing, as strangers do.</summary>
    public OurClient? Ours { get; private set; }

    /// <summary>The client's host, as the list shows it.</summary>
    public readonly string Host => host;

    /// <summary>The client has announced a chunk that the tracker has listed, or would have if there had been
    /// room.</summary>
    public readonly bool HasAnnounced => _last is not null;

    /// <summary>Lists an announcement, and logs it: LOCAL_CHUNKS,&lt;chunk_index&gt;,&lt;host&gt;,&lt;port&gt;. The
    /// tracker ignores the host that the message names, and takes the connection's (PROTOCOL 6.4).</summary>
    /// <returns>False if the list, or this connection's share of it, is full.</returns>
    public bool TryAnnounce(int chunkIndex, int port)
    {
        if (_listed >= TrackerLimits.ListedPerConnectionMax || FindPeer(port) is not { } peer) return false;
        Debug.Assert(peer.Connections > 0, "a peer that announces has no connection");
        server.Log.LocalChunks(chunkIndex, peer.HostText, port);
        int listedBefore = server.Swarm.Announcements;
        bool isListed = server.Swarm.TryAnnounce(chunkIndex, peer);
        int listed = server.Swarm.Announcements - listedBefore;
        Debug.Assert(listed is 0 or 1, "a message is listed more than once");
        _listed += listed;
        if (listed > 0 && server.News.HasReaders)
            server.News.OnListed(chunkIndex, server.Swarm.PeersOf(chunkIndex).Length);
        return isListed;
    }

    /// <summary>The client has a chunk itself.</summary>
    public readonly bool Has(int chunkIndex) =>
        _last is not null && server.Swarm.PeersOf(chunkIndex).Contains(_last.Id);

    /// <summary>The client has said something that only one of ours says.</summary>
    public OurClient MakeOurs() => Ours ??= new OurClient();

    /// <summary>The connection is closed: each of its peers has one connection less. To be called once.</summary>
    public readonly void OnSessionEnd(TimeSpan now)
    {
        _last?.OnDisconnected(now);
        foreach (SwarmPeer peer in _others ?? []) peer.OnDisconnected(now);
    }

    // Null if there is no room for another peer.
    private SwarmPeer? FindPeer(int port)
    {
        if (_last is not null && _last.Port == port) return _last;
        if (_others is { Count: >= TrackerLimits.PeersPerConnectionMax }) return null;
        if (server.Swarm.GetPeer(host, port) is not { } peer) return null;
        if (_last is not null)
        {
            _others ??= [];
            if (!_others.Remove(peer)) peer.OnConnected(Ours);
            bool isAdded = _others.Add(_last);
            Debug.Assert(isAdded, "a connection counts a peer twice");
        }
        else peer.OnConnected(Ours);
        return _last = peer;
    }
}
