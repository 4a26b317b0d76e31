using System;

namespace P2P.Protocol;

/// <summary>The five messages (PROTOCOL 1.1).</summary>
public enum MessageKind : byte
{
    /// <summary>"I have this chunk", client to tracker. Never answered.</summary>
    LocalChunks,

    /// <summary>"Who has this chunk?", client to tracker.</summary>
    WhereChunk,

    /// <summary>"Send this chunk", client to client.</summary>
    RequestChunk,

    /// <summary>"These have it", tracker to client.</summary>
    GetChunkFrom,

    /// <summary>"Nobody has it", tracker to client.</summary>
    ChunkLocationUnknown,
}

/// <summary>The words on the wire, each with the comma that always follows it.</summary>
internal static class Verbs
{
    public static ReadOnlySpan<byte> LocalChunks => "LOCAL_CHUNKS,"u8;
    public static ReadOnlySpan<byte> WhereChunk => "WHERE_CHUNK,"u8;
    public static ReadOnlySpan<byte> RequestChunk => "REQUEST_CHUNK,"u8;
    public static ReadOnlySpan<byte> GetChunkFrom => "GET_CHUNK_FROM,"u8;
    public static ReadOnlySpan<byte> ChunkLocationUnknown => "CHUNK_LOCATION_UNKNOWN,"u8;

    /// <summary>Reads the verb and its comma at the head of a text.</summary>
    /// <param name="text">Any bytes.</param>
    /// <param name="kind">The verb found.</param>
    /// <param name="length">Bytes of the verb with its comma.</param>
    /// <returns>False if the text doesn't begin with a whole verb and its comma.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out MessageKind kind, out int length)
    {
        kind = default;
        length = 0;
        if (text.IsEmpty || !TryGuess(text[0], out kind)) return false;
        ReadOnlySpan<byte> verb = Of(kind);
        length = verb.Length;
        return text.StartsWith(verb);
    }

    /// <summary>Tells whether a text could still become a verb and its comma; an empty one could.</summary>
    public static bool IsCut(ReadOnlySpan<byte> text) =>
        text.IsEmpty
        || (TryGuess(text[0], out MessageKind kind) && text.Length < Of(kind).Length && Of(kind).StartsWith(text));

    private static ReadOnlySpan<byte> Of(MessageKind kind) => kind switch
    {
        MessageKind.LocalChunks => LocalChunks,
        MessageKind.WhereChunk => WhereChunk,
        MessageKind.RequestChunk => RequestChunk,
        MessageKind.GetChunkFrom => GetChunkFrom,
        _ => ChunkLocationUnknown,
    };

    // No two verbs share their first letter.
    private static bool TryGuess(byte first, out MessageKind kind)
    {
        kind = first switch
        {
            (byte)'L' => MessageKind.LocalChunks,
            (byte)'W' => MessageKind.WhereChunk,
            (byte)'R' => MessageKind.RequestChunk,
            (byte)'G' => MessageKind.GetChunkFrom,
            _ => MessageKind.ChunkLocationUnknown,
        };
        return kind != MessageKind.ChunkLocationUnknown || first == (byte)'C';
    }
}
