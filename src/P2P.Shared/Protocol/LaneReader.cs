using System;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>
/// Finds the pieces in the bytes that come over a lane (PROTOCOL 9.4), however TCP has cut them. The chunk's bytes are
/// passed on as they are, without a copy. Pure: no socket and no clock. Hot: allocates nothing.
/// </summary>
public sealed class LaneReader
{
    private readonly byte[] _head = new byte[LanePiece.HeadBytes];
    private int _headBytes;         // of a head that has not come whole
    private bool _isFirst;          // no byte of the piece at hand was passed on
    private int _openChunk = -1;    // pieces of this chunk have come, and its last has not

    /// <summary>The piece at hand.</summary>
    public LanePiece Piece { get; private set; }

    /// <summary>Bytes of the piece at hand that have not come yet.</summary>
    public int Left { get; private set; }

    /// <summary>After <see cref="TryNext"/> returned false: what has come is no lane's.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Takes the next bytes of a piece.</summary>
    /// <param name="unread">All bytes that came and were not taken; those that are taken are cut off.</param>
    /// <param name="bytes">Of the chunk, from <paramref name="unread"/>; empty only where the piece has none.</param>
    /// <param name="isFirst">They are the piece's first.</param>
    /// <returns>False if more has to come, or if nothing more can be read: <see cref="IsBroken"/>.</returns>
    public bool TryNext(ref ReadOnlySpan<byte> unread, out ReadOnlySpan<byte> bytes, out bool isFirst)
    {
        bytes = default;
        isFirst = false;
        if (IsBroken) return false;
        if (Left == 0 && !TryReadHead(ref unread)) return false;
        if (Left > 0 && unread.IsEmpty) return false;
        int count = Math.Min(Left, unread.Length);
        bytes = unread[..count];
        unread = unread[count..];
        isFirst = _isFirst;
        OnTaken(count);
        return true;
    }

    /// <summary>Bytes of the piece at hand were taken from the stream by other means.</summary>
    public void OnTaken(int bytes)
    {
        Debug.Assert(bytes >= 0 && bytes <= Left, "more is taken than the piece has");
        _isFirst = false;
        Left -= bytes;
    }

    private bool TryReadHead(ref ReadOnlySpan<byte> unread)
    {
        Debug.Assert(_headBytes < LanePiece.HeadBytes, "a whole head was not read");
        int count = Math.Min(LanePiece.HeadBytes - _headBytes, unread.Length);
        unread[..count].CopyTo(_head.AsSpan(_headBytes));
        _headBytes += count;
        unread = unread[count..];
        if (_headBytes < LanePiece.HeadBytes) return false;
        _headBytes = 0;
        // The pieces of a chunk follow each other.
        IsBroken = !LanePiece.TryRead(_head, out LanePiece piece) || (_openChunk >= 0 && !GoesOn(piece));
        if (IsBroken) return false;
        (Piece, Left, _isFirst) = (piece, piece.Bytes, true);
        _openChunk = piece.IsEnd ? -1 : piece.ChunkIndex;
        return true;
    }

    private bool GoesOn(LanePiece next)
    {
        bool hasBytes = next.Kind is LanePieceKind.Part or LanePieceKind.Last;
        return next.ChunkIndex == _openChunk && (!hasBytes || next.HasSum == Piece.HasSum);
    }
}
