using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.InteropServices;
using P2P.Protocol;

namespace P2P.Tracker;

/// <summary>
/// The assignment's <c>chunk_list</c>: which peers have which chunk (PROTOCOL 6.1). A chunk's peers stand in the
/// order in which they first announced it, each once. An answer is cached until a peer connects or leaves, or announces
/// the chunk. Whether a peer still has a tracker connection is looked up when its chunk's answer is written anew, so
/// that connecting and leaving cost nothing per chunk.
/// Used on the loop's thread; sees no socket and no clock. A cached answer costs no allocation.
/// </summary>
internal sealed class Swarm
{
    // 4 MB, if all cached answers have the greatest length.
    private const int CachedAnswersMax = 4096;

    private readonly Dictionary<(string Host, int Port), SwarmPeer> _peersByAddress = [];
    private readonly Dictionary<int, ChunkPeers> _chunks = [];
    private readonly List<SwarmPeer?> _peers = [];          // by id
    private readonly Stack<int> _freeIds = new();
    private CachedAnswer?[] _cache = [];                    // by chunk index modulo its length

    /// <summary>Pairs of a chunk and a peer that has it.</summary>
    public int Announcements { get; private set; }

    /// <summary>Chunks that any peer has.</summary>
    public int ChunkCount => _chunks.Count;

    /// <summary>Pairs of a chunk and a connected peer that has it.</summary>
    public int Held { get; private set; }

    /// <summary>Peers with an open connection.</summary>
    public int Connected { get; private set; }

    /// <summary>Peers listed.</summary>
    public int PeerCount => _peersByAddress.Count;

    /// <summary>The highest index that any client has asked for since this was last set to 0: the set has as many
    /// chunks, although perhaps no peer has announced that chunk yet.</summary>
    public int HighestAsked { get; set; }

    /// <summary>The connected peers that can describe their set (PROTOCOL 10). That of the first one is the
    /// swarm's.</summary>
    public List<SwarmPeer> Describers { get; } = [];

    /// <summary>Changes with every peer that connects or leaves; never 0.</summary>
    public int Version { get; private set; } = 1;

    /// <summary>Peers removed since the start.</summary>
    public int PeersRemoved { get; private set; }

    /// <summary>All peers by id, null where an id is free. Good until the next change.</summary>
    public ReadOnlySpan<SwarmPeer?> Peers => CollectionsMarshal.AsSpan(_peers);

    /// <summary>True if any listed peer has no connection.</summary>
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

    /// <summary>Finds a peer, or adds it.</summary>
    /// <param name="host">As the list shows it.</param>
    /// <returns>Null if the list is full.</returns>
    public SwarmPeer? GetPeer(string host, int port)
    {
        Debug.Assert(host.Length <= Limits.HostBytesMax, "a host is too long for a message");
        if (_peersByAddress.TryGetValue((host, port), out SwarmPeer? peer)) return peer;
        if (_peersByAddress.Count >= TrackerLimits.PeersMax) return null;
        int id = _freeIds.TryPop(out int free) ? free : _peers.Count;
        peer = new SwarmPeer(this, host, port, id);
        if (id == _peers.Count) _peers.Add(peer);
        else
        {
            Debug.Assert(_peers[id] is null, "a peer gets the id of another peer");
            _peers[id] = peer;
        }
        _peersByAddress.Add((host, port), peer);
        Debug.Assert(_peers.Count == _peersByAddress.Count + _freeIds.Count, "an id is neither free nor a peer's");
        return peer;
    }

    /// <summary>Notes that a peer has a chunk; a repeated announcement changes nothing.</summary>
    /// <returns>False if the list is full.</returns>
    public bool TryAnnounce(int chunkIndex, SwarmPeer peer)
    {
        Debug.Assert(_peers[peer.Id] == peer, "a removed peer announces a chunk");
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
        peer.Chunks++;
        if (peer.Connections > 0) Held++;
        return true;
    }

    /// <summary>Writes the answer to WHERE_CHUNK,&lt;chunk_index&gt;, without an end of line (PROTOCOL 6.2).</summary>
    /// <param name="chunkIndex">Any index.</param>
    /// <param name="buffer">At least <see cref="Limits.MarkedAnswerBytesMax"/> long.</param>
    /// <param name="isKnown">False: the answer is CHUNK_LOCATION_UNKNOWN.</param>
    /// <param name="thisMachine">The address under which the client reaches the peers of this machine; null:
    /// localhost.</param>
    /// <returns>Bytes written, fewer than <see cref="Limits.AnswerBytesMax"/>: a newline still fits.</returns>
    public int WriteAnswer(int chunkIndex, Span<byte> buffer, out bool isKnown, string? thisMachine = null) =>
        WriteAnswer(chunkIndex, buffer, out isKnown, thisMachine, out _);

    /// <summary>Writes the same answer, and the marks of its peers behind it (PROTOCOL 9.2).</summary>
    /// <param name="buffer">At least <see cref="Limits.MarkedAnswerBytesMax"/> long.</param>
    /// <param name="marksBytes">Of the marks; 0 if there are none.</param>
    /// <returns>Bytes of the answer without its marks.</returns>
    public int WriteAnswer(
        int chunkIndex, Span<byte> buffer, out bool isKnown, string? thisMachine, out int marksBytes)
    {
        Debug.Assert(buffer.Length >= Limits.MarkedAnswerBytesMax, "the buffer may be too short for an answer");
        if (FindCached(chunkIndex, thisMachine) is { } cached)
        {
            isKnown = true;
            marksBytes = cached.MarkedText.Length - cached.Text.Length;
            cached.MarkedText.CopyTo(buffer);
            return cached.Text.Length;
        }
        marksBytes = 0;
        isKnown = _chunks.TryGetValue(chunkIndex, out ChunkPeers? chunk);
        if (!isKnown) return MessageWriter.ChunkLocationUnknown(buffer, chunkIndex);

        int length = MessageWriter.GetChunkFrom(buffer, chunkIndex);
        // One byte is kept for a line's newline.
        Span<byte> room = buffer[length..(Limits.AnswerBytesMax - 1)];
        Span<byte> versions = stackalloc byte[LaneSyntax.MarksBytesMax];
        length += chunk!.Write(room, this, thisMachine, ref versions, out bool isAll);
        Debug.Assert(length < Limits.AnswerBytesMax, "an answer leaves no room for a newline");
        marksBytes = LaneSyntax.WriteMarks(buffer[length..], versions);
        if (_cache.Length == 0) _cache = new CachedAnswer?[CachedAnswersMax];
        cached = _cache[chunkIndex % CachedAnswersMax] ??= new CachedAnswer();
        if (isAll) cached.Set(chunkIndex, chunk, thisMachine, buffer[..(length + marksBytes)], length);
        else cached.Drop(chunkIndex);
        return length;
    }

    /// <summary>Finds the answer to a question that a client asks, if it has been written before and nothing has
    /// changed.</summary>
    /// <param name="chunkIndex">Any index.</param>
    /// <param name="thisMachine">As of <see cref="WriteAnswer(int, Span{byte}, out bool, string?)"/>.</param>
    /// <returns>Null if the answer has to be written. Good until the next answer is written.</returns>
    public CachedAnswer? FindCached(int chunkIndex, string? thisMachine)
    {
        Debug.Assert(chunkIndex >= 0, "a chunk's index is below 0");
        if (chunkIndex > HighestAsked) HighestAsked = chunkIndex;
        int place = chunkIndex % CachedAnswersMax;
        CachedAnswer? cached = place < _cache.Length ? _cache[place] : null;
        if (cached is null || !cached.Answers(chunkIndex, thisMachine, this)) return null;
        Debug.Assert(_chunks.ContainsKey(chunkIndex), "an answer outlives its chunk");
        return cached;
    }

    /// <summary>Answers a client that says which set it has, or asks which one there is (PROTOCOL 10.2).</summary>
    /// <param name="own">The client's set; 0 if it asks.</param>
    /// <param name="buffer">At least <see cref="Limits.AnswerBytesMax"/> long.</param>
    /// <param name="thisMachine">As of <see cref="WriteAnswer(int, Span{byte}, out bool, string?)"/>.</param>
    /// <returns>Bytes written, with a newline; 0 if the client has the swarm's set, or a set where there is none.
    /// </returns>
    public int WriteSet(ulong own, Span<byte> buffer, string? thisMachine)
    {
        ulong id = Describers.Count > 0 ? Describers[0].SetId : 0;
        if (own != 0 && (id == 0 || id == own)) return 0;
        int length = SetSyntax.Write(buffer, id);
        for (int i = 0; i < Math.Min(Describers.Count, TrackerLimits.DescribersNamed); i++)
        {
            SwarmPeer peer = Describers[i];
            if (peer.SetId == id && peer.TryWrite(buffer[length..^1], thisMachine, out int bytes)) length += bytes;
        }
        buffer[length] = (byte)'\n';
        return length + 1;
    }

    /// <summary>A peer has got its first connection, or has lost its last, or speaks another version of the
    /// lane.</summary>
    /// <param name="connected">1, -1 or 0: how the number of connected peers changes.</param>
    public void OnPeerChanged(SwarmPeer peer, int connected)
    {
        Version++;
        Connected += connected;
        Held += connected * peer.Chunks;
        Debug.Assert(Connected >= 0 && Connected <= PeerCount, "a peer is connected and not listed");
        Debug.Assert(Held >= 0 && Held <= Announcements, "the connected peers' chunks are counted wrong");
    }

    /// <summary>The ids of the peers that have a chunk; empty for a chunk that is not listed. Good until the next
    /// change.</summary>
    public ReadOnlySpan<int> PeersOf(int chunkIndex) =>
        _chunks.TryGetValue(chunkIndex, out ChunkPeers? chunk) ? chunk.Ids : default;

    /// <summary>Copies the indexes of all chunks listed, in no order.</summary>
    /// <param name="indexes">At least <see cref="ChunkCount"/> long.</param>
    public void CopyChunkIndexes(int[] indexes) => _chunks.Keys.CopyTo(indexes, 0);

    /// <summary>Removes every peer that has had no connection since before a time.</summary>
    public void RemoveGoneBefore(TimeSpan time)
    {
        List<SwarmPeer> removed = [];
        foreach (SwarmPeer peer in _peersByAddress.Values)
        {
            if (peer.Connections == 0 && peer.GoneAt < time) removed.Add(peer);
        }
        if (removed.Count == 0) return;
        PeersRemoved += removed.Count;
        foreach (SwarmPeer peer in removed)
        {
            Debug.Assert(_peers[peer.Id] == peer, "a peer is removed twice");
            _peersByAddress.Remove((peer.Host, peer.Port));
            _peers[peer.Id] = null;
        }
        foreach ((int chunkIndex, ChunkPeers chunk) in _chunks)
        {
            Announcements -= chunk.RemoveGone(Peers);
            if (chunk.Count == 0) _chunks.Remove(chunkIndex);       // allowed while enumerating since .NET Core 3
        }
        // An id is free only when no chunk's list holds it any more.
        foreach (SwarmPeer peer in removed) _freeIds.Push(peer.Id);
        AssertCountsAreRight();
    }

    [Conditional("DEBUG")]
    private void AssertCountsAreRight()
    {
        int announcements = 0;
        foreach (ChunkPeers chunk in _chunks.Values) announcements += chunk.Count;
        Debug.Assert(announcements == Announcements, "the announcements are counted wrong");
        Debug.Assert(_peers.Count == _peersByAddress.Count + _freeIds.Count, "an id is neither free nor a peer's");
    }
}
