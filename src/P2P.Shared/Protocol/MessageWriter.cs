using System;
using System.Buffers.Text;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>
/// Messages to bytes. Hot: writes into the caller's buffer and allocates nothing. No message gets an end of line here:
/// whether it has one is the connection's dialect (PROTOCOL 2.1).
/// Each method returns the bytes written; a buffer that is too short is a bug of the caller and throws.
/// </summary>
public static class MessageWriter
{
    /// <summary>Longest of the messages written here with one address at most, in bytes: GET_CHUNK_FROM with its comma,
    /// an index, a host and a port.</summary>
    public const int BytesMax = 15 + 10 + 1 + Limits.HostBytesMax + 1 + 5;

    // LOCAL_CHUNKS,<chunk_index>,<host>,<port>   (PROTOCOL 1.1)
    public static int LocalChunks(Span<byte> buffer, int chunkIndex, ReadOnlySpan<byte> host, int port)
    {
        int length = Indexed(buffer, Verbs.LocalChunks, chunkIndex);
        return length + Peer(buffer[length..], host, port);
    }

    // WHERE_CHUNK,<chunk_index>   (PROTOCOL 1.1)
    public static int WhereChunk(Span<byte> buffer, int chunkIndex) => Indexed(buffer, Verbs.WhereChunk, chunkIndex);

    // REQUEST_CHUNK,<chunk_index>   (PROTOCOL 1.1)
    public static int RequestChunk(Span<byte> buffer, int chunkIndex) =>
        Indexed(buffer, Verbs.RequestChunk, chunkIndex);

    // GET_CHUNK_FROM,<chunk_index>   then a Peer for each   (PROTOCOL 1.1)
    public static int GetChunkFrom(Span<byte> buffer, int chunkIndex) =>
        Indexed(buffer, Verbs.GetChunkFrom, chunkIndex);

    // CHUNK_LOCATION_UNKNOWN,<chunk_index>   (PROTOCOL 1.1)
    public static int ChunkLocationUnknown(Span<byte> buffer, int chunkIndex) =>
        Indexed(buffer, Verbs.ChunkLocationUnknown, chunkIndex);

    // ,<host>,<port>
    public static int Peer(Span<byte> buffer, ReadOnlySpan<byte> host, int port)
    {
        Debug.Assert(port is > 0 and <= 65535, "a peer listens on a port");
        Debug.Assert(host.Length is > 0 and <= Limits.HostBytesMax && !host.Contains((byte)','), "a host is one field");
        buffer[0] = (byte)',';
        host.CopyTo(buffer[1..]);
        buffer[host.Length + 1] = (byte)',';
        return host.Length + 2 + Number(buffer[(host.Length + 2)..], port);
    }

    // VERB,<chunk_index>
    private static int Indexed(Span<byte> buffer, ReadOnlySpan<byte> verb, int chunkIndex)
    {
        Debug.Assert(chunkIndex >= 0, "an index below 0 is never on the wire");
        verb.CopyTo(buffer);
        return verb.Length + Number(buffer[verb.Length..], chunkIndex);
    }

    private static int Number(Span<byte> buffer, int value) =>
        Utf8Formatter.TryFormat(value, buffer, out int length)
            ? length
            : throw new ArgumentException("buffer too short");
}
