using System;
using System.Buffers.Binary;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>What a piece of a lane says about its chunk (PROTOCOL 9.4). The values are the letters on the
/// wire.</summary>
public enum LanePieceKind : byte
{
    /// <summary>Bytes of the chunk; more pieces of it follow.</summary>
    Part = (byte)'P',

    /// <summary>The last bytes of the chunk, and the sum of all.</summary>
    Last = (byte)'L',

    /// <summary>The chunk isn't there, or not any more; what has come of it is of no use.</summary>
    Gone = (byte)'G',

    /// <summary>The request was taken back before its chunk was sent whole.</summary>
    Cancelled = (byte)'C',
}

/// <summary>The head of a piece; its bytes follow (PROTOCOL 9.4).</summary>
/// <param name="Waiting">How many requests of all peers waited at the sender; 255: as many or more.</param>
/// <param name="Bytes">Of the chunk, behind the head: 0 to <see cref="BytesMax"/>.</param>
/// <param name="Sum">CRC-32C of the whole chunk in its last piece, if the chunk has one; else 0.</param>
public readonly record struct LanePiece(LanePieceKind Kind, byte Waiting, int ChunkIndex, int Bytes, uint Sum)
{
    /// <summary>Bytes of a head.</summary>
    public const int HeadBytes = 16;

    /// <summary>Most bytes of a chunk in one piece.</summary>
    public const int BytesMax = 64 << 20;

    /// <summary>The chunk has a sum, in its last piece.</summary>
    public bool HasSum { get; init; } = true;

    /// <summary>The piece is an answer's end.</summary>
    public bool IsEnd => Kind != LanePieceKind.Part;

    // <kind:1><waiting:1><has_sum:1><0:1><chunk_index:4><bytes:4><sum:4>, most significant byte first
    /// <summary>Writes the head.</summary>
    /// <param name="head">At least <see cref="HeadBytes"/> long.</param>
    public void Write(Span<byte> head)
    {
        Debug.Assert(ChunkIndex >= 0 && Bytes is >= 0 and <= BytesMax, "a field is out of its range");
        Debug.Assert(Bytes == 0 || Kind is LanePieceKind.Part or LanePieceKind.Last, "bytes follow no such piece");
        Debug.Assert(Sum == 0 || (HasSum && Kind == LanePieceKind.Last), "a sum stands where there is none");
        (head[0], head[1], head[2], head[3]) = ((byte)Kind, Waiting, HasSum ? (byte)1 : (byte)0, 0);
        BinaryPrimitives.WriteInt32BigEndian(head[4..], ChunkIndex);
        BinaryPrimitives.WriteInt32BigEndian(head[8..], Bytes);
        BinaryPrimitives.WriteUInt32BigEndian(head[12..], Sum);
    }

    /// <summary>Reads a head.</summary>
    /// <param name="head"><see cref="HeadBytes"/> long; any bytes.</param>
    /// <returns>False if it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> head, out LanePiece piece)
    {
        piece = new LanePiece(
            (LanePieceKind)head[0], head[1], BinaryPrimitives.ReadInt32BigEndian(head[4..]),
            BinaryPrimitives.ReadInt32BigEndian(head[8..]), BinaryPrimitives.ReadUInt32BigEndian(head[12..]))
        {
            HasSum = head[2] == 1,
        };
        if (head[2] > 1 || head[3] != 0 || piece.ChunkIndex < 0 || (piece.Sum != 0 && !piece.HasSum)) return false;
        return piece.Kind switch
        {
            LanePieceKind.Part => piece.Bytes is > 0 and <= BytesMax && piece.Sum == 0,
            LanePieceKind.Last => piece.Bytes is >= 0 and <= BytesMax,
            LanePieceKind.Gone or LanePieceKind.Cancelled => piece.Bytes == 0 && piece.Sum == 0,
            _ => false,
        };
    }
}
