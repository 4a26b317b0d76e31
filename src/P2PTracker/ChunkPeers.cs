using System;
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
    private int _preparedFor;       // the swarm's version that these four are right for; 0: none
    private int _next;              // where the next window begins

    /// <summary>Peers that have the chunk.</summary>
    public int Count { get; private set; }

    /// <summary>Their ids. Good until the next change.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Tells whether a peer is among them.</summary>
    public bool Contains(int id) => Ids.Contains(id);

    /// <summary>Adds a peer that is not among them.</summary>
    public void Add(SwarmPeer peer)
    {
        if (Count == _ids.Length) Array.Resize(ref _ids, 2 * Count);
        _ids[Count++] = peer.Id;
        _preparedFor = 0;
    }

    /// <summary>Drops the ids that stand for no peer any more, and returns how many.</summary>
    public int RemoveMissing(ReadOnlySpan<SwarmPeer?> peers)
    {
        int kept = 0;
        foreach (int id in _ids.AsSpan(0, Count))
        {
            if (peers[id] is not null) _ids[kept++] = id;
        }
        int removed = Count - kept;
        Count = kept;
        _next = _preparedFor = 0;
        return removed;
    }

    /// <summary>Nothing has changed since an answer was last written.</summary>
    public bool IsPrepared(Swarm swarm) => _preparedFor == swarm.Version;

    /// <summary>Writes <c>,host,port</c> for each peer: first the connected ones, then those gone. Of more than
    /// fit, a window that moves on with each call, so that no peer is asked by everyone.</summary>
    /// <param name="isAll">There is no window: the next call writes the same.</param>
    public int Write(Span<byte> buffer, Swarm swarm, string? thisMachine, out bool isAll)
    {
        if (!IsPrepared(swarm)) Prepare(swarm);
        ReadOnlySpan<SwarmPeer?> peers = swarm.Peers;
        int longerLocal = thisMachine is null ? 0 : thisMachine.Length - HostName.Localhost.Length;
        bool connectedFit = _connectedBytes + _connectedLocal * longerLocal <= buffer.Length;
        ReadOnlySpan<int> ids = (_ordered ?? _ids).AsSpan(0, Count);
        ReadOnlySpan<int> connected = ids[.._connected], gone = ids[_connected..];
        int first = connectedFit ? 0 : _next;
        int length = WriteInTurn(connected, first, buffer, peers, thisMachine, out int written);
        if (connectedFit)
        {
            length += WriteInTurn(gone, _next, buffer[length..], peers, thisMachine, out written);
            connected = gone;
        }
        isAll = written == connected.Length;
        _next = isAll ? 0 : (_next + written) % connected.Length;
        return length;
    }

    private void Prepare(Swarm swarm)
    {
        _preparedFor = swarm.Version;
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
    }

    private static int WriteInTurn(
        ReadOnlySpan<int> ids, int next, Span<byte> buffer, ReadOnlySpan<SwarmPeer?> peers, string? thisMachine,
        out int written)
    {
        int length = 0;
        int at = next < ids.Length ? next : 0;
        for (written = 0; written < ids.Length; written++)
        {
            if (!peers[ids[at]]!.TryWrite(buffer[length..], thisMachine, out int bytes)) break;
            length += bytes;
            if (++at == ids.Length) at = 0;
        }
        return length;
    }
}
