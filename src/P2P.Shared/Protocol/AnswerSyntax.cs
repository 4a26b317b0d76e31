using System;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>
/// What a tracker's answer, GET_CHUNK_FROM or CHUNK_LOCATION_UNKNOWN, looks like in a stream that may hold other text
/// before it, behind it and between two answers (PROTOCOL 2.7). Finds only where an answer begins and ends; its fields
/// are <see cref="MessageReader"/>'s business.
/// </summary>
internal static class AnswerSyntax
{
    /// <summary>Most bytes at the end of a text that can be the head of an answer's verb whose rest has not come
    /// yet.</summary>
    public static int CutVerbBytesMax => Verbs.ChunkLocationUnknown.Length - 1;

    /// <summary>Finds the first answer of a text.</summary>
    /// <returns>Where its verb begins; -1 if the text holds no whole verb of an answer.</returns>
    public static int FindVerb(ReadOnlySpan<byte> text)
    {
        int known = text.IndexOf(Verbs.GetChunkFrom);
        int unknown = (known < 0 ? text : text[..known]).IndexOf(Verbs.ChunkLocationUnknown);
        return unknown < 0 ? known : unknown;
    }

    /// <summary>Finds the end of the answer at the head of a text.</summary>
    /// <param name="text">Begins with the verb of an answer.</param>
    /// <returns>Where the first newline stands, or the next answer begins; -1 if the text holds neither.</returns>
    public static int FindEnd(ReadOnlySpan<byte> text)
    {
        Debug.Assert(IsAtAnswer(text), "the text does not begin with an answer");
        int newline = text.IndexOf((byte)'\n');
        int next = FindVerb(newline < 0 ? text[1..] : text[1..newline]) + 1;
        return next > 0 ? next : newline;
    }

    /// <summary>Counts the bytes of an answer that are an answer's: other text may be joined to its end.</summary>
    /// <param name="text">Begins with the verb of an answer, and ends where <see cref="FindEnd"/> says.</param>
    // VERB,<index>[,<host>,<port>]...
    public static int Measure(ReadOnlySpan<byte> text)
    {
        Debug.Assert(IsAtAnswer(text), "the text does not begin with an answer");
        int at = text.IndexOf((byte)',') + 1;
        at += MessageSyntax.CountDigits(text[at..]);
        while (at < text.Length && text[at] == (byte)',')
        {
            int comma = text[(at + 1)..].IndexOf((byte)',');
            if (comma < 0) break;
            int port = at + 1 + comma + 1;
            int digits = MessageSyntax.CountDigits(text[port..]);
            if (digits == 0) break;
            at = port + digits;
        }
        return at;
    }

    /// <summary>Tells whether an answer ends in a number, or in a comma behind one. More of it may follow all the
    /// same.</summary>
    public static bool LooksWhole(ReadOnlySpan<byte> text)
    {
        Debug.Assert(IsAtAnswer(text), "the text does not begin with an answer");
        text = MessageReader.Trim(text);
        if (text[^1] == (byte)',') text = text[..^1];
        return MessageSyntax.Scan(text, out _) == Extent.Whole;
    }

    private static bool IsAtAnswer(ReadOnlySpan<byte> text) =>
        text.StartsWith(Verbs.GetChunkFrom) || text.StartsWith(Verbs.ChunkLocationUnknown);
}
