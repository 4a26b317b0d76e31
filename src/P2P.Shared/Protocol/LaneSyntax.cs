using System;
using System.Buffers.Text;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>
/// The texts by which our own programs find each other (PROTOCOL 9.2): the line with which a client says that it speaks
/// the lane, to our tracker and on a lane, and the marks behind the peers in an answer to such a client.
/// </summary>
public static class LaneSyntax
{
    /// <summary>The version of the lane that these programs speak, 1 to 9.</summary>
    public const int Version = 1;

    /// <summary>Longest marks of an answer, in bytes: the shortest peer, <c>,::,1</c>, has 5 bytes and gets one
    /// mark.</summary>
    public const int MarksBytesMax = 6 + Limits.AnswerBytesMax / 5;

    /// <summary>Our tracker says that it doesn't know where this chunk is, which nobody has asked for: a client is told
    /// of new sources from now on, and may have missed some before (PROTOCOL 9.6).</summary>
    public const int NewsIndex = int.MaxValue - 1;

    private static ReadOnlySpan<byte> NewsLine => "NEWS\n"u8;

    private static ReadOnlySpan<byte> Verb => "LANE,"u8;

    private static ReadOnlySpan<byte> CancelVerb => "CANCEL_CHUNK,"u8;

    private static ReadOnlySpan<byte> MarksField => ",lane,"u8;

    // LANE,<version>   (PROTOCOL 9.2)
    /// <summary>Writes the hello, with its newline.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteHello(Span<byte> buffer)
    {
        Verb.CopyTo(buffer);
        buffer[Verb.Length] = (byte)('0' + Version);
        buffer[Verb.Length + 1] = (byte)'\n';
        return Verb.Length + 2;
    }

    /// <summary>Reads a hello.</summary>
    /// <param name="text">Without its end of line; any bytes.</param>
    /// <param name="version">1 to 9.</param>
    public static bool TryReadHello(ReadOnlySpan<byte> text, out int version)
    {
        text = MessageReader.Trim(text);
        version = 0;
        return text.StartsWith(Verb) && Utf8Parser.TryParse(text[Verb.Length..], out version, out int length)
            && length == 1 && Verb.Length + length == text.Length && version > 0;
    }

    // NEWS   (PROTOCOL 9.6)
    /// <summary>Writes the line that asks for news, with its newline.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteNews(Span<byte> buffer)
    {
        NewsLine.CopyTo(buffer);
        return NewsLine.Length;
    }

    /// <summary>Tells whether a line asks for news.</summary>
    /// <param name="text">Without its end of line; any bytes.</param>
    public static bool IsNews(ReadOnlySpan<byte> text) => MessageReader.Trim(text).SequenceEqual(NewsLine[..^1]);

    // CANCEL_CHUNK,<chunk_index>   (PROTOCOL 9.3)
    /// <summary>Writes the line that takes a request back, with its newline.</summary>
    /// <returns>Bytes written, at most <see cref="MessageWriter.BytesMax"/>.</returns>
    public static int WriteCancel(Span<byte> buffer, int chunkIndex)
    {
        Debug.Assert(chunkIndex >= 0, "an index below 0 is never on the wire");
        CancelVerb.CopyTo(buffer);
        bool isWritten = Utf8Formatter.TryFormat(chunkIndex, buffer[CancelVerb.Length..], out int digits);
        Debug.Assert(isWritten, "the buffer is too short");
        buffer[CancelVerb.Length + digits] = (byte)'\n';
        return CancelVerb.Length + digits + 1;
    }

    /// <summary>Reads the line that takes a request back.</summary>
    /// <param name="text">Without its end of line; any bytes.</param>
    public static bool TryReadCancel(ReadOnlySpan<byte> text, out int chunkIndex)
    {
        text = MessageReader.Trim(text);
        chunkIndex = 0;
        if (!text.StartsWith(CancelVerb)) return false;
        text = text[CancelVerb.Length..];
        return MessageSyntax.CountDigits(text) == text.Length
            && Utf8Parser.TryParse(text, out chunkIndex, out int length) && length == text.Length;
    }

    /// <summary>Writes the marks of an answer, one digit for each peer that it lists: the version of the lane that the
    /// peer speaks, or 0.</summary>
    /// <param name="versions">In the order of the answer.</param>
    /// <returns>Bytes written; 0 if no peer speaks the lane.</returns>
    public static int WriteMarks(Span<byte> buffer, ReadOnlySpan<byte> versions)
    {
        if (!versions.ContainsAnyExcept((byte)0)) return 0;
        MarksField.CopyTo(buffer);
        for (int i = 0; i < versions.Length; i++)
        {
            Debug.Assert(versions[i] <= 9, "a version has one digit");
            buffer[MarksField.Length + i] = (byte)('0' + versions[i]);
        }
        return MarksField.Length + versions.Length;
    }

    /// <summary>Takes the marks off the peers of an answer.</summary>
    /// <param name="peers"><c>host,port,host,port...</c>, and then the marks, if there are any.</param>
    /// <returns>The marks: a digit for each peer, in their order; empty if there are none.</returns>
    public static ReadOnlySpan<byte> TakeMarks(ref ReadOnlySpan<byte> peers)
    {
        int at = peers.LastIndexOf(MarksField);
        if (at < 0) return default;
        ReadOnlySpan<byte> marks = peers[(at + MarksField.Length)..];
        if (MessageSyntax.CountDigits(marks) != marks.Length) return default;
        peers = peers[..at];
        return marks;
    }
}
