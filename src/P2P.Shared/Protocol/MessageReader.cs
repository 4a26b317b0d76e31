using System;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>
/// Bytes to messages. A text that is no message is <c>false</c>, whatever is wrong with it: peers send anything. Where
/// a message ends is <see cref="MessageFramer"/>'s business. Hot: allocates nothing.
/// </summary>
public static class MessageReader
{
    // Numbers of so many digits are never above Limits.ChunkIndexMax.
    private const int DigitsMax = 9;

    /// <summary>Drops what PROTOCOL 1.2 allows around a message: <see cref="MessageSyntax.Blanks"/>.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(MessageSyntax.Blanks);

    /// <summary>Reads one message. Surplus fields at its end are ignored (PROTOCOL 1.2).</summary>
    /// <param name="text">The message without its end of line; blanks around it are dropped.</param>
    /// <param name="message">Borrows from <paramref name="text"/>.</param>
    /// <returns>False if the text is no message; then <paramref name="message"/> means nothing.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out Message message)
    {
        message = default;
        text = Trim(text);
        if (!Verbs.TryRead(text, out message.Kind, out int verbLength)) return false;

        // VERB,<chunk_index>...
        var fields = new FieldReader(text[verbLength..]);
        if (!fields.TryReadInt32(0, Limits.ChunkIndexMax, out message.ChunkIndex)) return false;
        switch (message.Kind)
        {
            case MessageKind.LocalChunks:       // ...,<host>,<port>   (PROTOCOL 1.1)
                return fields.TryReadHost(out message.Host) && fields.TryReadInt32(1, 65535, out message.Port);
            case MessageKind.GetChunkFrom:      // ...,<host1>,<port1>[,<host2>,<port2>...]   (PROTOCOL 1.1)
                message.Peers = fields.Rest;
                return true;
            default:                            // nothing more
                return true;
        }
    }

    /// <summary>Reads a line that is a client's message and nothing else: no blank, no surplus field, no number of ten
    /// digits or more. Nearly all lines of a busy client are such, and need one look at each byte; what the framer and
    /// <see cref="TryRead"/> find in them, in several passes, is the same.</summary>
    /// <param name="text">Any bytes, the line at their head.</param>
    /// <param name="kind">WHERE_CHUNK or LOCAL_CHUNKS.</param>
    /// <param name="port">That of LOCAL_CHUNKS, whose host is checked and passed over; else 0.</param>
    /// <param name="length">Bytes of the line with its newline.</param>
    /// <returns>False if the text begins with anything else, which may be a message all the same; then the other values
    /// mean nothing.</returns>
    public static bool TryReadPlainLine(
        ReadOnlySpan<byte> text, out MessageKind kind, out int chunkIndex, out int port, out int length)
    {
        port = 0;
        if (text.StartsWith(Verbs.WhereChunk))
        {
            // WHERE_CHUNK,<chunk_index>
            kind = MessageKind.WhereChunk;
            length = Verbs.WhereChunk.Length;
            return TryReadNumber(text, ref length, (byte)'\n', out chunkIndex);
        }
        // LOCAL_CHUNKS,<chunk_index>,<host>,<port>
        kind = MessageKind.LocalChunks;
        length = Verbs.LocalChunks.Length;
        chunkIndex = 0;
        return text.StartsWith(Verbs.LocalChunks)
            && TryReadNumber(text, ref length, (byte)',', out chunkIndex)
            && TryPassHost(text, ref length)
            && TryReadNumber(text, ref length, (byte)'\n', out port)
            && port is > 0 and <= 65535;
    }

    /// <summary>Reads the next peer of a GET_CHUNK_FROM. Pairs that name no peer are skipped: the peers behind them
    /// count.</summary>
    /// <returns>False at the end.</returns>
    public static bool TryReadPeer(ref FieldReader peers, out ReadOnlySpan<byte> host, out int port)
    {
        host = default;
        port = 0;
        while (!peers.AtEnd)
        {
            bool isHost = peers.TryReadHost(out host);
            if (peers.TryReadInt32(1, 65535, out port) && isHost) return true;
        }
        return false;
    }

    // Reads digits and the byte that ends them, and moves behind it.
    private static bool TryReadNumber(ReadOnlySpan<byte> text, ref int at, byte end, out int value)
    {
        value = 0;
        for (int digits = 0; at < text.Length; digits++)
        {
            int digit = text[at++] - '0';
            if (digit is < 0 or > 9) return digits > 0 && digit == end - '0';
            if (digits == DigitsMax) return false;
            value = 10 * value + digit;
        }
        return false;
    }

    // Moves behind a host and its comma.
    private static bool TryPassHost(ReadOnlySpan<byte> text, ref int at)
    {
        Debug.Assert(text[at - 1] == (byte)',', "a host is a field");
        int start = at;
        while (at < text.Length && text[at] is > (byte)' ' and < 0x7f and not (byte)',') at++;
        bool isHost = at > start && at - start <= Limits.HostBytesMax && at < text.Length && text[at] == (byte)',';
        at++;
        return isHost;
    }
}
