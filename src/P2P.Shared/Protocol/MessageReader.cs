using System;

namespace P2P.Protocol;

/// <summary>
/// Bytes to messages. A text that is no message is <c>false</c>, whatever is wrong with it: peers send anything. Where
/// a message ends is <see cref="MessageFramer"/>'s business. Hot: allocates nothing.
/// </summary>
public static class MessageReader
{
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
}
