using System;
using System.Diagnostics;
using P2P.Transport;

namespace P2P.Tracker.Http;

/// <summary>
/// A picture of which peer has which chunks, peers by columns of chunks, for the page. The picture is made at most
/// twice a second, only for a request and only when the swarm has changed; in slices, so that clients never wait for
/// more than one of them. Meanwhile the swarm goes on changing: a peer or chunk that came late is missing, and is in
/// the next picture. Used on the loop's thread; sees no socket.
/// </summary>
internal sealed class SwarmPicture(Swarm swarm)
{
    private const int IdsPerClockCheck = 4096;      // some 10 microseconds' work
    // The swarm that the picture shows, or will show.
    private (int Announcements, int Connections, int Asked) _shown = (-1, 0, 0);
    private TimeSpan _madeAt;
    private TimeSpan _nextSliceAt;
    private TimeSpan _askedSince;               // when the swarm began anew to note the highest index asked for
    private int _askedBefore;                   // the highest index asked for in the time before
    private bool _isMaking, _isMade;
    private int[] _chunkIndexes = [];           // the chunks that the picture is made of
    private int _next;                          // the first of them that is not in the picture yet
    private readonly PictureGrid _grid = new();
    private readonly RarestChunks _rarest = new();

    /// <summary>A number that differs for each picture, also after the tracker was started again: the first number is
    /// the time.</summary>
    public long Version { get; private set; } = DateTime.UtcNow.Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>The chunks of the set, as far as announcements and questions show: up to the highest index of either,
    /// if the indexes are more or less consecutive.</summary>
    public int Chunks { get; private set; }

    /// <summary>The index of the first chunk: 1, or 0 in a set that is numbered from 0.</summary>
    public int First => _grid.First;

    /// <summary>Chunks that a connected peer has.</summary>
    public int Available { get; private set; }

    /// <summary>Columns; 0 if no chunk is listed, or more than <see cref="HttpLimits.PicturedChunksMax"/>.</summary>
    public int Columns => _grid.Columns;

    /// <summary>Chunks in a column, of consecutive indexes from <see cref="First"/> on; fewer in the last.</summary>
    public int ChunksPerColumn => _grid.ChunksPerColumn;

    /// <summary>Connected peers that have every chunk.</summary>
    public int CompletePeers { get; private set; }

    /// <summary>The peers shown, by row; null for a peer that was removed meanwhile.</summary>
    public SwarmPeer?[] Rows => _grid.Rows;

    /// <summary>The rarest chunks listed, and how many connected peers have each; the rarest first.</summary>
    public (int ChunkIndex, int Peers)[] Rarest => _rarest.All;

    public int RarestCount => _rarest.Count;

    /// <summary>How many chunks have so many connected peers, from 0 on: chunks that nobody has count as well. The last
    /// also counts those with more.</summary>
    public ReadOnlySpan<int> Holders => _rarest.Holders;

    /// <summary>Chunks that a peer has.</summary>
    public int ChunksOf(SwarmPeer peer) => _grid.ChunksOf(peer);

    /// <summary>A row's cells: a bit a chunk or, where a column stands for several, a byte a column: 0 for none of
    /// the column's listed chunks, 255 for all. Good until the next call.</summary>
    public ReadOnlySpan<byte> Cells(int row) => _grid.Cells(row);

    /// <summary>Makes a slice of the picture, if it is not up to date.</summary>
    /// <returns>True if the picture can be shown. False: the caller calls again when the clients have had their
    /// turn.</returns>
    public bool MakeSlice(TimeSpan now)
    {
        ForgetOldQuestions(now);
        if (!_isMaking)
        {
            if (_isMade && (Current == _shown || now - _madeAt < HttpLimits.PictureLife)) return true;
            Begin();
        }
        else if (now < _nextSliceAt) return false;      // where several requests wait, one of them makes the slice
        TimeSpan end = now + HttpLimits.SliceTime;
        for (int ids = 0; _next < _chunkIndexes.Length; _next++)
        {
            ids += 16 + AddChunk(_chunkIndexes[_next]);
            if (ids < IdsPerClockCheck) continue;
            ids = 0;
            TimeSpan clock = EventLoop.Now;
            if (clock < end) continue;
            _nextSliceAt = clock + HttpLimits.SliceTime / 4;
            _next++;
            return false;
        }
        End();
        _madeAt = now;
        return true;
    }

    /// <summary>Releases all memory; the next picture is made from nothing.</summary>
    public void ReleaseMemory()
    {
        (_isMade, _isMaking) = (false, false);
        _grid.ReleaseMemory();
        _chunkIndexes = [];
    }

    private (int Announcements, int Connections, int Asked) Current =>
        (swarm.Announcements, swarm.Version, HighestAsked);

    private int HighestAsked => Math.Max(_askedBefore, swarm.HighestAsked);

    private void Begin()
    {
        Debug.Assert(!_isMaking, "a picture is begun before the last one is made");
        _shown = Current;
        (_isMaking, _isMade, _next, Available, CompletePeers) = (true, false, 0, 0, 0);
        _rarest.Clear();
        _chunkIndexes = new int[swarm.ChunkCount <= HttpLimits.PicturedChunksMax ? swarm.ChunkCount : 0];
        if (_chunkIndexes.Length > 0) swarm.CopyChunkIndexes(_chunkIndexes);
        int highest = 0;
        int first = swarm.PeersOf(0).IsEmpty ? 1 : 0;
        foreach (int chunkIndex in _chunkIndexes) highest = Math.Max(highest, chunkIndex);
        // A question for a nonsensical index does not make the set larger.
        if (_chunkIndexes.Length > 0 && IsPlausible(HighestAsked)) highest = Math.Max(highest, HighestAsked);
        int span = _chunkIndexes.Length == 0 ? 0 : highest - first + 1;
        Chunks = IsPlausible(highest) ? span : swarm.ChunkCount;
        _grid.Begin(swarm, first, span);
    }

    private void ForgetOldQuestions(TimeSpan now)
    {
        if (now - _askedSince < HttpLimits.AskedLife) return;
        (_askedBefore, swarm.HighestAsked, _askedSince) = (swarm.HighestAsked, 0, now);
    }

    private bool IsPlausible(int highest) => highest <= HttpLimits.ColumnsMax || highest / 2 < swarm.ChunkCount;

    // Returns how many peers have the chunk.
    private int AddChunk(int chunkIndex)
    {
        ReadOnlySpan<int> ids = swarm.PeersOf(chunkIndex);
        if (ids.IsEmpty) return 0;
        // Chunk 0 may have been announced after the picture was begun.
        if (chunkIndex < First) return 0;
        int sources = _grid.Mark(chunkIndex, ids, swarm.Peers);
        if (sources > 0) Available++;
        _rarest.Add(chunkIndex, sources);
        return ids.Length;
    }

    private void End()
    {
        Debug.Assert(_isMaking && _next == _chunkIndexes.Length, "a picture is ended before it is made");
        Debug.Assert(Available <= _chunkIndexes.Length, "a chunk is counted twice");
        _grid.End(swarm.Peers);
        foreach (SwarmPeer? peer in swarm.Peers)
        {
            if (peer is { Connections: > 0 } && ChunksOf(peer) is > 0 and int chunks && chunks == Chunks)
                CompletePeers++;
        }
        // Chunks that are not listed were not met.
        _rarest.Holders[0] = Math.Max(0, Chunks - Available);
        _chunkIndexes = [];
        (_isMaking, _isMade) = (false, true);
        Version++;
    }
}
