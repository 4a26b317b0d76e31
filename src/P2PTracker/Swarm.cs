using System;
using System.Collections.Generic;
using System.Text;
using P2P.Protocol;

namespace P2P.Tracker;

/// <summary>
/// The assignment's <c>chunk_list</c>: which peers have which chunk (spec 3.4, PROTOCOL 6). A chunk's peers stand in the
/// order in which they first announced it, each once; whether a peer still has a tracker connection is looked up when
/// an answer is written, so that connecting and leaving cost nothing per chunk.
/// Used on the loop's thread; sees no socket and no clock. Looking up and answering allocates nothing.
/// </summary>
internal sealed class Swarm
{
    private readonly Dictionary<(string Host, int Port), SwarmPeer> _peersByAddress = [];
    private readonly Dictionary<int, ChunkPeers> _chunks = [];
    private readonly List<SwarmPeer?> _peers = [];          // by id
    private readonly Stack<int> _freeIds = new();

    /// <summary>Pairs of a chunk and a peer that has it.</summary>
    public int Announcements { get; private set; }

    /// <summary>True if any peer is listed that has no connection.</summary>
    public bool HasGonePeers
    {
        get
        {
            foreach (SwarmPeer peer in _peersByAddress.Values)
            {
                if (peer.Connections == 0) return true;
            }
            return false;
        }
    }

    /// <summary>Finds a peer, or makes it.</summary>
    /// <param name="host">As it is to be listed.</param>
    /// <returns>Null if the list is full.</returns>
    public SwarmPeer? GetPeer(string host, int port)
    {
        if (_peersByAddress.TryGetValue((host, port), out SwarmPeer? peer)) return peer;
        if (_peersByAddress.Count >= TrackerLimits.PeersMax) return null;
        int id = _freeIds.TryPop(out int free) ? free : _peers.Count;
        peer = new SwarmPeer(host, port, id);
        if (id == _peers.Count) _peers.Add(peer);
        else _peers[id] = peer;
        _peersByAddress.Add((host, port), peer);
        return peer;
    }

    /// <summary>Notes that a peer has a chunk; saying it again changes nothing.</summary>
    /// <returns>False if the list is full.</returns>
    public bool TryAnnounce(int chunkIndex, SwarmPeer peer)
    {
        bool isKnown = _chunks.TryGetValue(chunkIndex, out ChunkPeers? chunk);
        if (isKnown && chunk!.Contains(peer.Id)) return true;
        if (Announcements >= TrackerLimits.AnnouncementsMax) return false;
        if (!isKnown)
        {
            if (_chunks.Count >= TrackerLimits.ChunksMax) return false;
            _chunks.Add(chunkIndex, chunk = new ChunkPeers());
        }
        chunk!.Add(peer);
        Announcements++;
        return true;
    }

    /// <summary>Writes the answer to "who has this chunk?", with no end of line (spec 2.4).</summary>
    /// <param name="chunkIndex">Any index.</param>
    /// <param name="buffer">At least <see cref="Limits.AnswerBytesMax"/> long.</param>
    /// <param name="isKnown">False: the answer is CHUNK_LOCATION_UNKNOWN.</param>
    /// <returns>Bytes written.</returns>
    public int WriteAnswer(int chunkIndex, Span<byte> buffer, out bool isKnown)
    {
        isKnown = _chunks.TryGetValue(chunkIndex, out ChunkPeers? chunk);
        if (!isKnown) return MessageWriter.ChunkLocationUnknown(buffer, chunkIndex);
        int head = MessageWriter.GetChunkFrom(buffer, chunkIndex);
        return head + chunk!.Write(buffer[head..(Limits.AnswerBytesMax - 1)], _peers);      // a line's newline counts too
    }

    /// <summary>Takes out every peer that has had no connection since before a time.</summary>
    public void RemoveGoneBefore(TimeSpan time)
    {
        List<SwarmPeer> removed = [];
        foreach (SwarmPeer peer in _peersByAddress.Values)
        {
            if (peer.Connections == 0 && peer.GoneAt < time) removed.Add(peer);
        }
        if (removed.Count == 0) return;
        foreach (SwarmPeer peer in removed)
        {
            _peersByAddress.Remove((peer.Host, peer.Port));
            _peers[peer.Id] = null;
        }
        foreach ((int chunkIndex, ChunkPeers chunk) in _chunks)
        {
            Announcements -= chunk.RemoveMissing(_peers);
            if (chunk.Count == 0) _chunks.Remove(chunkIndex);       // allowed while enumerating since .NET Core 3
        }
        foreach (SwarmPeer peer in removed) _freeIds.Push(peer.Id);
    }

    /// <summary>One chunk's peers, by id, in the order of their first announcement.</summary>
    private sealed class ChunkPeers
    {
        private int[] _ids = new int[2];
        private int _nextConnected;     // where the next window of a list too long for one answer begins
        private int _nextGone;

        public int Count { get; private set; }

        public bool Contains(int id) => _ids.AsSpan(0, Count).Contains(id);

        public void Add(SwarmPeer peer)
        {
            if (Count == _ids.Length) Array.Resize(ref _ids, 2 * Count);
            _ids[Count++] = peer.Id;
        }

        /// <summary>Drops the ids that stand for no peer any more, and returns how many.</summary>
        public int RemoveMissing(List<SwarmPeer?> peers)
        {
            int kept = 0;
            foreach (int id in _ids.AsSpan(0, Count))
            {
                if (peers[id] is not null) _ids[kept++] = id;
            }
            int removed = Count - kept;
            Count = kept;
            _nextConnected = _nextGone = 0;
            return removed;
        }

        /// <summary>Writes <c>,host,port</c> for each peer: first the connected ones, then those gone. Of more than fit,
        /// a window that moves on with each call, so that no peer is asked by everyone.</summary>
        public int Write(Span<byte> buffer, List<SwarmPeer?> peers)
        {
            int length = WriteThose(buffer, peers, connected: true, ref _nextConnected, out bool isFull);
            if (!isFull) length += WriteThose(buffer[length..], peers, connected: false, ref _nextGone, out _);
            return length;
        }

        private int WriteThose(Span<byte> buffer, List<SwarmPeer?> peers, bool connected, ref int next, out bool isFull)
        {
            int length = 0;
            int at = next;
            for (int left = Count; left > 0; left--)
            {
                SwarmPeer peer = peers[_ids[at]]!;
                if (peer.Connections > 0 == connected)
                {
                    if (length + peer.Text.Length > buffer.Length)
                    {
                        next = at;
                        isFull = true;
                        return length;
                    }
                    peer.Text.CopyTo(buffer[length..]);
                    length += peer.Text.Length;
                }
                if (++at == Count) at = 0;
            }
            isFull = false;
            return length;
        }
    }
}

/// <summary>One client of the swarm, as it is listed.</summary>
internal sealed class SwarmPeer(string host, int port, int id)
{
    public string Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>Its place in the swarm's table; given to another peer once this one has gone.</summary>
    public int Id { get; } = id;

    /// <summary>Itself in an answer: <c>,host,port</c>.</summary>
    public byte[] Text { get; } = Encoding.ASCII.GetBytes($",{host},{port}");

    /// <summary>The host alone.</summary>
    public ReadOnlySpan<byte> HostText => Text.AsSpan(1, Host.Length);

    /// <summary>Open tracker connections that announced it.</summary>
    public int Connections { get; private set; }

    /// <summary>When the last of them went.</summary>
    public TimeSpan GoneAt { get; private set; }

    public void OnConnected() => Connections++;

    public void OnDisconnected(TimeSpan now)
    {
        Connections--;
        GoneAt = now;
    }
}
