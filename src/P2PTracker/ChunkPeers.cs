using System;
using System.Diagnostics;
using P2P.Protocol;

namespace P2P.Tracker;

/// <summary>
/// One chunk's peers, by id, in the order of their first announcement, and what an answer lists of them. Which of them
/// are connected is looked up when an answer is written after a change of the swarm.
/// </summary>
internal sealed class ChunkPeers
{
    private int[] _ids = new int[2];
    private int[]? _ordered;        // the connected peers first; null: as _ids
    private int _connected;         // peers with a connection
    private int _connectedLocal;    // connected peers on this machine
    private int _connectedBytes;    // of all connected peers in an answer to this machine
    private int _countedVersion;    // the swarm's version for which the four fields above are right; 0: none
    private int _next;              // where the next window begins, in the group of peers that does not fit

    /// <summary>Peers that have the chunk.</summary>
    public int Count { get; private set; }

    /// <summary>Their ids. Good until the next change.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Tells whether a peer is among them.</summary>
    public bool Contains(int id) => Ids.Contains(id);

    /// <summary>Adds a peer that is not among them.</summary>
    public void Add(SwarmPeer peer)
    {
        Debug.Assert(!Contains(peer.Id), "a peer stands twice in a chunk's list");
        if (Count == _ids.Length) Array.Resize(ref _ids, 2 * Count);
        _ids[Count++] = peer.Id;
        _countedVersion = 0;
    }

    /// <summary>Drops the ids of peers that the swarm has removed, and returns how many.</summary>
    /// <param name="peers">All peers by id; null where one was removed.</param>
    public int RemoveGone(ReadOnlySpan<SwarmPeer?> peers)
    {
        int kept = 0;
        foreach (int id in _ids.AsSpan(0, Count))
        {
            if (peers[id] is not null) _ids[kept++] = id;
        }
        int removed = Count - kept;
        Debug.Assert(removed >= 0, "more peers are kept than there were");
        Count = kept;
        _next = _countedVersion = 0;
        return removed;
    }

    /// <summary>True if nothing has changed since the last answer was written.</summary>
    public bool IsUpToDate(Swarm swarm) => _countedVersion == swarm.Version;

    /// <summary>Writes <c>,host,port</c> for each peer: first those with a connection, then those without. If they do
    /// not all fit, it writes a window of them that moves on with each call, so that every peer is named to some
    /// client.</summary>
    /// <param name="versions">Gets the version of the lane that each of them speaks, and is cut to their
    /// number.</param>
    /// <param name="isAll">All peers fit: until a change the next call writes the same.</param>
    public int Write(Span<byte> buffer, Swarm swarm, string? thisMachine, ref Span<byte> versions, out bool isAll)
    {
        if (!IsUpToDate(swarm)) Update(swarm);
        ReadOnlySpan<SwarmPeer?> peers = swarm.Peers;
        int longerLocal = thisMachine is null ? 0 : thisMachine.Length - HostName.Localhost.Length;
        bool connectedFit = _connectedBytes + _connectedLocal * longerLocal <= buffer.Length;
        ReadOnlySpan<int> ids = (_ordered ?? _ids).AsSpan(0, Count);
        ReadOnlySpan<int> connected = ids[.._connected], gone = ids[_connected..];
        int first = connectedFit ? 0 : _next;
        int length = WriteFrom(first, connected, buffer, peers, thisMachine, versions, out int written);
        int listed = written;
        ReadOnlySpan<int> group = connected;        // the last group that is written, perhaps not as a whole
        if (connectedFit)
        {
            Debug.Assert(written == connected.Length, "the bytes of the connected peers are counted wrong");
            length += WriteFrom(
                _next, gone, buffer[length..], peers, thisMachine, versions[listed..], out written);
            listed += written;
            group = gone;
        }
        versions = versions[..listed];
        isAll = written == group.Length;
        _next = isAll ? 0 : (_next + written) % group.Length;
        return length;
    }

    private void Update(Swarm swarm)
    {
        _countedVersion = swarm.Version;
        ReadOnlySpan<SwarmPeer?> peers = swarm.Peers;
        _connected = _connectedLocal = _connectedBytes = 0;
        foreach (int id in _ids.AsSpan(0, Count))
        {
            SwarmPeer peer = peers[id]!;
            if (peer.Connections == 0) continue;
            _connected++;
            _connectedLocal += peer.IsLocal ? 1 : 0;
            _connectedBytes += peer.Text.Length;
        }
        _ordered = _connected == 0 || _connected == Count ? null : new int[Count];
        if (_ordered is null) return;
        int nextConnected = 0, nextGone = _connected;
        foreach (int id in _ids.AsSpan(0, Count))
            _ordered[peers[id]!.Connections > 0 ? nextConnected++ : nextGone++] = id;
        Debug.Assert(nextConnected == _connected && nextGone == Count, "a peer is missing in the order");
    }

    // Writes as many peers as fit, from the one at next on and round to the list's beginning.
    private static int WriteFrom(
        int next, ReadOnlySpan<int> ids, Span<byte> buffer, ReadOnlySpan<SwarmPeer?> peers, string? thisMachine,
        Span<byte> versions, out int written)
    {
        int length = 0;
        int at = next < ids.Length ? next : 0;
        Debug.Assert(at >= 0, "a window begins before the list");
        for (written = 0; written < ids.Length; written++)
        {
            SwarmPeer peer = peers[ids[at]]!;
            if (!peer.TryWrite(buffer[length..], thisMachine, out int bytes)) break;
            versions[written] = peer.LaneVersion;
            length += bytes;
            if (++at == ids.Length) at = 0;
        }
        return length;
    }
}
