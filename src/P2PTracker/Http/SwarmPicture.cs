using System;
using P2P.Transport;

namespace P2P.Tracker.Http;

/// <summary>
/// A picture of who has what, peers by columns of chunks, for those who look. Made at most twice a second, only when
/// asked for and only when the swarm has changed; in slices, so that clients never wait for more than one of them.
/// While it is made the list changes on: a peer or chunk that came late is missing, and is in the next one.
/// Used on the loop's thread; sees no socket; asks for the time where it is given none.
/// </summary>
internal sealed class SwarmPicture(Swarm swarm)
{
    private const int IdsPerLook = 4096;        // look at the clock about every 10 microseconds
    // The swarm that the picture shows, or will show.
    private (int Announcements, int Connections, int Asked) _shown = (-1, 0, 0);
    private TimeSpan _madeAt, _slicedAt, _askedSince;
    private int _askedBefore;                   // the highest index asked for, before that
    private bool _isMaking, _isMade;
    private int[] _chunkIndexes = [];           // the chunks to look at
    private int _next;                          // the first of them that is still to be looked at
    private readonly PictureGrid _grid = new();
    private readonly RarestChunks _rarest = new();

    /// <summary>A number that differs for each picture, also between a tracker and the same tracker started again: the
    /// first number is the time.</summary>
    public long Version { get; private set; } = DateTime.UtcNow.Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>The chunks of the set, as far as announcements and questions tell: the highest index of either, if the
    /// indexes are anything like consecutive.</summary>
    public int Chunks { get; private set; }

    /// <summary>The index of the first chunk: 1, or 0 in a set that is numbered from 0.</summary>
    public int First => _grid.First;

    /// <summary>Chunks that a connected peer has.</summary>
    public int Available { get; private set; }

    /// <summary>Columns; 0 if nothing is listed, or too much.</summary>
    public int Columns => _grid.Columns;

    /// <summary>Chunks in a column, of consecutive indexes from <see cref="First"/> on; fewer in the last.</summary>
    public int ChunksPerColumn => _grid.ChunksPerColumn;

    /// <summary>Connected peers that have every chunk.</summary>
    public int CompletePeers { get; private set; }

    /// <summary>The peers shown, by row; null for one that has gone meanwhile.</summary>
    public SwarmPeer?[] Rows => _grid.Rows;

    /// <summary>The rarest chunks listed, and how many connected peers have each; the rarest first.</summary>
    public (int ChunkIndex, int Peers)[] Rarest => _rarest.All;

    public int RarestCount => _rarest.Count;

    /// <summary>Chunks that a peer has.</summary>
    public int ChunksOf(SwarmPeer peer) => _grid.ChunksOf(peer);

    /// <summary>A row's cells: a bit a chunk or, where a column is several, a byte a column: 0 for none of the listed
    /// chunks in it, 255 for all. Good until the next call.</summary>
    public ReadOnlySpan<byte> Cells(int row) => _grid.Cells(row);

    /// <summary>Works at the picture for a moment, if there is need.</summary>
    /// <returns>True if it can be shown; else to be called again when the clients have had their turn.</returns>
    public bool Step(TimeSpan now)
    {
        ForgetOldQuestions(now);
        if (!_isMaking)
        {
            if (_isMade && (Current == _shown || now - _madeAt < HttpLimits.PictureLife)) return true;
            Begin();
        }
        else if (now < _slicedAt) return false;     // several wait for it: still one slice a turn
        TimeSpan end = now + HttpLimits.SliceTime;
        for (int ids = 0; _next < _chunkIndexes.Length; _next++)
        {
            ids += 16 + Look(_chunkIndexes[_next]);
            if (ids < IdsPerLook) continue;
            ids = 0;
            if ((_slicedAt = EventLoop.Now) < end) continue;
            _slicedAt += HttpLimits.SliceTime / 4;
            _next++;
            return false;
        }
        End();
        _madeAt = now;
        return true;
    }

    /// <summary>Lets all memory go; the next picture is made from nothing.</summary>
    public void Forget()
    {
        (_isMade, _isMaking) = (false, false);
        _grid.Forget();
        _chunkIndexes = [];
    }

    private (int Announcements, int Connections, int Asked) Current =>
        (swarm.Announcements, swarm.Version, HighestAsked);

    private int HighestAsked => Math.Max(_askedBefore, swarm.HighestAsked);

    private void Begin()
    {
        _shown = Current;
        (_isMaking, _isMade, _next, Available, CompletePeers) = (true, false, 0, 0, 0);
        _rarest.Clear();
        _chunkIndexes = new int[swarm.ChunkCount <= HttpLimits.PicturedChunksMax ? swarm.ChunkCount : 0];
        if (_chunkIndexes.Length > 0) swarm.CopyChunkIndexes(_chunkIndexes);
        int highest = 0;
        int first = swarm.PeersOf(0).IsEmpty ? 1 : 0;
        foreach (int chunkIndex in _chunkIndexes) highest = Math.Max(highest, chunkIndex);
        // Somebody who asks for nonsense does not make the set larger.
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

    // Returns the peers that have it.
    private int Look(int chunkIndex)
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
        _grid.End(swarm.Peers);
        foreach (SwarmPeer? peer in swarm.Peers)
        {
            if (peer is { Connections: > 0 } && ChunksOf(peer) is > 0 and var chunks && chunks == Chunks)
                CompletePeers++;
        }
        _chunkIndexes = [];
        (_isMaking, _isMade) = (false, true);
        Version++;
    }
}
