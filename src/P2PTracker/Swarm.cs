using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using P2P.Protocol;

namespace P2P.Tracker;

/// <summary>
/// The assignment's <c>chunk_list</c>: which peers have which chunk (PROTOCOL 6.1). A chunk's peers stand in the
/// order in which they first announced it, each once. Answers are kept ready as long as nobody connects, leaves or
/// announces the chunk; whether a peer still has a tracker connection is looked up when one is made anew, so that
/// connecting and leaving cost nothing per chunk.
/// Used on the loop's thread; sees no socket and no clock. Answering again allocates nothing.
/// </summary>
internal sealed class Swarm
{
    // Answers kept ready at most: 4 MB, if all of them are as long as can be.
    private const int ReadyAnswers = 4096;

    private readonly Dictionary<(string Host, int Port), SwarmPeer> _peersByAddress = [];
    private readonly Dictionary<int, ChunkPeers> _chunks = [];
    private readonly List<SwarmPeer?> _peers = [];          // by id
    private readonly Stack<int> _freeIds = new();
    private ReadyAnswer[] _ready = [];                      // by the end of the chunk's index

    /// <summary>Pairs of a chunk and a peer that has it.</summary>
    public int Announcements { get; private set; }

    /// <summary>Chunks that any peer has.</summary>
    public int ChunkCount => _chunks.Count;

    /// <summary>Peers listed.</summary>
    public int PeerCount => _peersByAddress.Count;

    /// <summary>The highest index that anybody has asked for since this was last set to 0: the set has as many chunks,
    /// although nobody may have announced that one yet.</summary>
    public int HighestAsked { get; set; }

    /// <summary>Changes with every peer that connects or leaves.</summary>
    public int Version { get; private set; } = 1;

    /// <summary>Peers ever taken out.</summary>
    public int PeersRemoved { get; private set; }

    /// <summary>All peers by id, null where an id is free. Good until the next change.</summary>
    public ReadOnlySpan<SwarmPeer?> Peers => CollectionsMarshal.AsSpan(_peers);

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
        peer = new SwarmPeer(this, host, port, id);
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

    /// <summary>Writes the answer to "who has this chunk?", with no end of line (PROTOCOL 6.2).</summary>
    /// <param name="chunkIndex">Any index.</param>
    /// <param name="buffer">At least <see cref="Limits.AnswerBytesMax"/> long.</param>
    /// <param name="isKnown">False: the answer is CHUNK_LOCATION_UNKNOWN.</param>
    /// <param name="thisMachine">The address under which the asker reaches the peers of this machine; null:
    /// localhost.</param>
    /// <returns>Bytes written.</returns>
    public int WriteAnswer(int chunkIndex, Span<byte> buffer, out bool isKnown, string? thisMachine = null)
    {
        if (chunkIndex > HighestAsked) HighestAsked = chunkIndex;
        isKnown = _chunks.TryGetValue(chunkIndex, out ChunkPeers? chunk);
        if (!isKnown) return MessageWriter.ChunkLocationUnknown(buffer, chunkIndex);

        if (_ready.Length == 0) _ready = new ReadyAnswer[ReadyAnswers];
        ref ReadyAnswer ready = ref _ready[chunkIndex % ReadyAnswers];
        if (ready.Chunk == chunk && ready.ThisMachine == thisMachine && chunk!.IsPrepared(this))
        {
            ready.Bytes.AsSpan(0, ready.Length).CopyTo(buffer);
            return ready.Length;
        }
        int length = MessageWriter.GetChunkFrom(buffer, chunkIndex);
        // One byte is kept for a line's newline.
        Span<byte> room = buffer[length..(Limits.AnswerBytesMax - 1)];
        length += chunk!.Write(room, this, thisMachine, out bool isAll);
        if (!isAll && ready.Chunk == chunk) ready.Chunk = null;
        if (isAll)
        {
            if (ready.Bytes is null || ready.Bytes.Length < length) ready.Bytes = new byte[length];
            (ready.Chunk, ready.ThisMachine, ready.Length) = (chunk, thisMachine, length);
            buffer[..length].CopyTo(ready.Bytes);
        }
        return length;
    }

    /// <summary>Some peer has got its first, or has lost its last connection.</summary>
    public void OnConnectionsChange() => Version++;

    /// <summary>The ids of the peers that have a chunk, none if nobody has it. Good until the next change.</summary>
    public ReadOnlySpan<int> PeersOf(int chunkIndex) =>
        _chunks.TryGetValue(chunkIndex, out ChunkPeers? chunk) ? chunk.Ids : default;

    /// <summary>Copies the indexes of all chunks listed, in no order.</summary>
    /// <param name="indexes">At least <see cref="ChunkCount"/> long.</param>
    public void CopyChunkIndexes(int[] indexes) => _chunks.Keys.CopyTo(indexes, 0);

    /// <summary>Takes out every peer that has had no connection since before a time.</summary>
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
            _peersByAddress.Remove((peer.Host, peer.Port));
            _peers[peer.Id] = null;
        }
        foreach ((int chunkIndex, ChunkPeers chunk) in _chunks)
        {
            Announcements -= chunk.RemoveMissing(Peers);
            if (chunk.Count == 0) _chunks.Remove(chunkIndex);       // allowed while enumerating since .NET Core 3
        }
        foreach (SwarmPeer peer in removed) _freeIds.Push(peer.Id);
    }

    /// <summary>An answer as it was last written, which is good while its chunk is prepared.</summary>
    private struct ReadyAnswer
    {
        public ChunkPeers? Chunk;
        public string? ThisMachine;
        public byte[] Bytes;
        public int Length;
    }
}
