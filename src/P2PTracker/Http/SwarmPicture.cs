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
    private int[] _chunksOfId = [];             // by peer id
    private int[] _rowOfId = [];                // by peer id
    private int[] _inColumn = [];               // chunks listed, by column; only where a column is several
    private int[] _cells = [];                  // chunks held, by row and column; only where a column is several
    private readonly byte[] _levels = new byte[HttpLimits.WideColumns];
    private byte[] _bits = [];                  // by row and chunk, the highest bit first; only where a column is one

    /// <summary>A number that differs for each picture, also between a tracker and the same tracker started again: the
    /// first number is the time.</summary>
    public long Version { get; private set; } = DateTime.UtcNow.Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>The chunks of the set, as far as announcements and questions tell: the highest index of either, if the
    /// indexes are anything like consecutive.</summary>
    public int Chunks { get; private set; }

    /// <summary>The index of the first chunk: 1, or 0 in a set that is numbered from 0.</summary>
    public int First { get; private set; } = 1;

    /// <summary>Chunks that a connected peer has.</summary>
    public int Available { get; private set; }

    /// <summary>Columns; 0 if nothing is listed, or too much.</summary>
    public int Columns { get; private set; }

    /// <summary>Chunks in a column, of consecutive indexes from <see cref="First"/> on; fewer in the last.</summary>
    public int ChunksPerColumn { get; private set; } = 1;

    /// <summary>Connected peers that have every chunk.</summary>
    public int CompletePeers { get; private set; }

    /// <summary>The peers shown, by row; null for one that has gone meanwhile.</summary>
    public SwarmPeer?[] Rows { get; private set; } = [];

    /// <summary>The rarest chunks listed, and how many connected peers have each; the rarest first.</summary>
    public (int ChunkIndex, int Peers)[] Rarest { get; } = new (int, int)[HttpLimits.RarestMax];

    public int RarestCount { get; private set; }

    /// <summary>Chunks that a peer has.</summary>
    public int ChunksOf(SwarmPeer peer) => peer.Id < _chunksOfId.Length ? _chunksOfId[peer.Id] : 0;

    /// <summary>A row's cells: a bit a chunk or, where a column is several, a byte a column: 0 for none of the listed
    /// chunks in it, 255 for all. Good until the next call.</summary>
    public ReadOnlySpan<byte> Cells(int row)
    {
        if (ChunksPerColumn == 1) return _bits.AsSpan(row * Stride, Stride);
        ReadOnlySpan<int> cells = _cells.AsSpan(row * Columns, Columns);
        for (int column = 0; column < Columns; column++)
        {
            // Only "all" is 255, and only "none" is 0.
            long had = cells[column];
            int listed = _inColumn[column];
            _levels[column] = (byte)(had == 0 ? 0 : Math.Max(1, Math.Min(had, listed) * 255 / listed));
        }
        return _levels.AsSpan(0, Columns);
    }

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
        Rows = [];
        _chunkIndexes = _chunksOfId = _rowOfId = _inColumn = _cells = [];
        _bits = [];
    }

    private (int Announcements, int Connections, int Asked) Current =>
        (swarm.Announcements, swarm.Version, HighestAsked);

    private int HighestAsked => Math.Max(_askedBefore, swarm.HighestAsked);

    private int Stride => (Columns + 7) / 8;

    private void Begin()
    {
        _shown = Current;
        (_isMaking, _isMade, _next, RarestCount, Available, CompletePeers) = (true, false, 0, 0, 0, 0);
        ReadOnlySpan<SwarmPeer?> peers = swarm.Peers;
        _chunksOfId = new int[peers.Length];
        _rowOfId = new int[peers.Length];
        var rows = new SwarmPeer?[Math.Min(HttpLimits.RowsMax, swarm.PeerCount)];
        int count = 0;
        for (int id = 0; id < peers.Length; id++)
        {
            bool isShown = peers[id] is not null && count < rows.Length;
            _rowOfId[id] = isShown ? count : -1;
            if (isShown) rows[count++] = peers[id];
        }
        Rows = rows;

        _chunkIndexes = new int[swarm.ChunkCount <= HttpLimits.PicturedChunksMax ? swarm.ChunkCount : 0];
        if (_chunkIndexes.Length > 0) swarm.CopyChunkIndexes(_chunkIndexes);
        int highest = 0;
        First = swarm.PeersOf(0).IsEmpty ? 1 : 0;
        foreach (int chunkIndex in _chunkIndexes) highest = Math.Max(highest, chunkIndex);
        // Somebody who asks for nonsense does not make the set larger.
        if (_chunkIndexes.Length > 0 && IsPlausible(HighestAsked)) highest = Math.Max(highest, HighestAsked);
        int span = _chunkIndexes.Length == 0 ? 0 : highest - First + 1;
        Chunks = IsPlausible(highest) ? span : swarm.ChunkCount;
        bool isWide = span > HttpLimits.ColumnsMax || (long)span * rows.Length > HttpLimits.CellsMax;
        ChunksPerColumn = isWide ? (span - 1) / HttpLimits.WideColumns + 1 : 1;
        Columns = span == 0 ? 0 : (span - 1) / ChunksPerColumn + 1;
        _inColumn = new int[isWide ? Columns : 0];
        _cells = new int[isWide ? Columns * rows.Length : 0];
        _bits = new byte[isWide ? 0 : Stride * rows.Length];
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
        int column = (chunkIndex - First) / ChunksPerColumn, stride = Stride, sources = 0;
        if (column < 0) return 0;       // chunk 0 came meanwhile
        bool isWide = ChunksPerColumn > 1;
        if (isWide) _inColumn[column]++;
        foreach (int id in ids)
        {
            if (swarm.Peers[id]!.Connections > 0) sources++;
            if (id >= _rowOfId.Length) continue;        // it came meanwhile
            _chunksOfId[id]++;
            int row = _rowOfId[id];
            if (row < 0) continue;
            if (isWide) _cells[row * Columns + column]++;
            else _bits[row * stride + (column >> 3)] |= (byte)(0x80 >> (column & 7));
        }
        if (sources > 0) Available++;
        AddRarest(chunkIndex, sources);
        return ids.Length;
    }

    private void AddRarest(int chunkIndex, int peers)
    {
        int at = RarestCount;
        for (; at > 0; at--)
        {
            (int otherIndex, int others) = Rarest[at - 1];
            if (peers > others || (peers == others && chunkIndex > otherIndex)) break;
        }
        if (at == Rarest.Length) return;
        RarestCount = Math.Min(RarestCount + 1, Rarest.Length);
        Rarest.AsSpan(at, RarestCount - 1 - at).CopyTo(Rarest.AsSpan(at + 1));
        Rarest[at] = (chunkIndex, peers);
    }

    private void End()
    {
        // A peer that has gone while we looked may have left its id to another.
        for (int row = 0; row < Rows.Length; row++)
        {
            if (Rows[row] is { } peer && swarm.Peers[peer.Id] != peer) Rows[row] = null;
        }
        foreach (SwarmPeer? peer in swarm.Peers)
        {
            if (peer is { Connections: > 0 } && ChunksOf(peer) is > 0 and var chunks && chunks == Chunks)
                CompletePeers++;
        }
        _chunkIndexes = _rowOfId = [];
        (_isMaking, _isMade) = (false, true);
        Version++;
    }
}
