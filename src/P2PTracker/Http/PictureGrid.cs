using System;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>
/// The cells of a <see cref="SwarmPicture"/>: a row for each peer shown, a column for each chunk or, of a large set,
/// for several consecutive ones. The grid also counts the chunks of every peer, shown or not.
/// </summary>
internal sealed class PictureGrid
{
    private readonly byte[] _levels = new byte[HttpLimits.WideColumns];
    private int[] _chunksOfId = [];         // by peer id
    private int[] _rowOfId = [];            // by peer id; -1: not shown
    private int[] _inColumn = [];           // chunks listed, by column; only where a column stands for several
    private int[] _cells = [];              // chunks held, by row and column; only where a column stands for several
    private byte[] _bits = [];              // by row and chunk, the highest bit first; only where a column is one

    /// <summary>The index of the first chunk.</summary>
    public int First { get; private set; } = 1;

    /// <summary>Columns; 0 if there is no chunk.</summary>
    public int Columns { get; private set; }

    /// <summary>Chunks in a column, of consecutive indexes from <see cref="First"/> on; fewer in the last.</summary>
    public int ChunksPerColumn { get; private set; } = 1;

    /// <summary>The peers shown, by row; null for a peer that was removed meanwhile.</summary>
    public SwarmPeer?[] Rows { get; private set; } = [];

    private int Stride => (Columns + 7) / 8;

    /// <summary>Chunks that a peer has.</summary>
    public int ChunksOf(SwarmPeer peer) => peer.Id < _chunksOfId.Length ? _chunksOfId[peer.Id] : 0;

    /// <summary>A row's cells: a bit a chunk or, where a column stands for several, a byte a column: 0 for none of
    /// the column's listed chunks, 255 for all. Good until the next call.</summary>
    public ReadOnlySpan<byte> Cells(int row)
    {
        Debug.Assert(row >= 0 && row < Rows.Length, "a row is outside the picture");
        if (ChunksPerColumn == 1) return _bits.AsSpan(row * Stride, Stride);
        ReadOnlySpan<int> cells = _cells.AsSpan(row * Columns, Columns);
        for (int column = 0; column < Columns; column++)
        {
            // Only "all" is 255, and only "none" is 0.
            long had = cells[column];
            int listed = _inColumn[column];
            Debug.Assert(had >= 0 && had <= listed, "a peer has more of a column's chunks than there are");
            _levels[column] = (byte)(had == 0 ? 0 : Math.Max(1, had * 255 / listed));
        }
        return _levels.AsSpan(0, Columns);
    }

    /// <summary>Begins a grid without any chunk held.</summary>
    /// <param name="swarm">The swarm's peers become the rows, as many as can be shown.</param>
    /// <param name="first">The index of the first chunk.</param>
    /// <param name="span">The chunks from there to the last.</param>
    public void Begin(Swarm swarm, int first, int span)
    {
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
        Debug.Assert(count == rows.Length, "a peer has no row although there is room");
        Rows = rows;

        First = first;
        bool isWide = span > HttpLimits.ColumnsMax || (long)span * rows.Length > HttpLimits.CellsMax;
        ChunksPerColumn = isWide ? (span - 1) / HttpLimits.WideColumns + 1 : 1;
        Columns = span == 0 ? 0 : (span - 1) / ChunksPerColumn + 1;
        int columnsMax = isWide ? HttpLimits.WideColumns : HttpLimits.ColumnsMax;
        Debug.Assert(Columns <= columnsMax, "there are too many columns");
        _inColumn = new int[isWide ? Columns : 0];
        _cells = new int[isWide ? Columns * rows.Length : 0];
        _bits = new byte[isWide ? 0 : Stride * rows.Length];
    }

    /// <summary>Marks a chunk in the rows of its peers.</summary>
    /// <param name="chunkIndex">From <see cref="First"/> on; each once.</param>
    /// <param name="ids">The peers that have it.</param>
    /// <param name="peers">All peers by id.</param>
    /// <returns>How many of the peers that have it are connected.</returns>
    public int Mark(int chunkIndex, ReadOnlySpan<int> ids, ReadOnlySpan<SwarmPeer?> peers)
    {
        int column = (chunkIndex - First) / ChunksPerColumn, stride = Stride, sources = 0;
        bool isWide = ChunksPerColumn > 1;
        Debug.Assert(column >= 0 && column < Columns, "a chunk is outside the picture");
        if (isWide) _inColumn[column]++;
        foreach (int id in ids)
        {
            if (peers[id]!.Connections > 0) sources++;
            if (id >= _rowOfId.Length) continue;        // the peer came after the grid was begun
            _chunksOfId[id]++;
            int row = _rowOfId[id];
            if (row < 0) continue;
            if (isWide) _cells[row * Columns + column]++;
            else _bits[row * stride + (column >> 3)] |= (byte)(0x80 >> (column & 7));
        }
        return sources;
    }

    /// <summary>All chunks are marked. The row of a peer that was removed meanwhile is taken from it: another peer may
    /// have its id now.</summary>
    /// <param name="peers">All peers by id.</param>
    public void End(ReadOnlySpan<SwarmPeer?> peers)
    {
        for (int row = 0; row < Rows.Length; row++)
        {
            if (Rows[row] is { } peer && peers[peer.Id] != peer) Rows[row] = null;
        }
        _rowOfId = [];
    }

    /// <summary>Releases the memory; then there are no rows.</summary>
    public void ReleaseMemory()
    {
        Rows = [];
        _chunksOfId = _rowOfId = _inColumn = _cells = [];
        _bits = [];
    }
}
