using System;
using System.Text;
using P2P.Protocol;

namespace P2P.Tests.Protocol;

/// <summary>A message as one line of text, for tables and comparisons.</summary>
internal static class MessageText
{
    /// <summary>Reads a message and shows all of it: <c>LocalChunks 1 localhost 5001</c>, <c>WhereChunk 1</c>,
    /// <c>GetChunkFrom 1 localhost,5001</c>; null if it is none.</summary>
    public static string? TryRead(string text) =>
        MessageReader.TryRead(Encoding.Latin1.GetBytes(text), out Message message) ? Of(message) : null;

    /// <summary>Reads the plain line at the head of a text: <c>LocalChunks 1 5001 31</c> is its chunk, its port and its
    /// length; null if the text begins with none.</summary>
    public static string? TryReadPlainLine(string text) =>
        MessageReader.TryReadPlainLine(
            Encoding.Latin1.GetBytes(text), out MessageKind kind, out int chunkIndex, out int port, out int length)
            ? $"{kind} {chunkIndex} {port} {length}" : null;

    public static string Of(in Message message)
    {
        string text = $"{message.Kind} {message.ChunkIndex}";
        if (message.Kind == MessageKind.LocalChunks)
            text += $" {Encoding.Latin1.GetString(message.Host)} {message.Port}";
        if (message.Kind == MessageKind.GetChunkFrom) text += $" {PeersOf(message.Peers)}";
        return text;
    }

    /// <summary>The peers of an answer as far as they can be read.</summary>
    public static string PeersOf(ReadOnlySpan<byte> peers)
    {
        var text = new StringBuilder();
        var fields = new FieldReader(peers);
        while (MessageReader.TryReadPeer(ref fields, out ReadOnlySpan<byte> host, out int port))
            text.Append(text.Length > 0 ? "," : "").Append(Encoding.Latin1.GetString(host)).Append(',').Append(port);
        return text.ToString();
    }
}
