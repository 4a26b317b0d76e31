using System;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>What a text is, seen as the head of a stream of messages.</summary>
internal enum Extent
{
    /// <summary>No message, whatever follows.</summary>
    NotAMessage,

    /// <summary>May become a message.</summary>
    Incomplete,

    /// <summary>Verb and fields are there, but surplus behind them does not end in a number: it may go on.</summary>
    WholeButOpen,

    /// <summary>One message: the right verb, enough fields, and a number as the last field (its next digit may be on
    /// its way).</summary>
    Whole,

    /// <summary>One message, and the next verb follows it directly: it is certainly over.</summary>
    Followed,
}

/// <summary>
/// The grammar of messages that have no end of line, as far as their ends go (PROTOCOL 2.2). The scan looks at fields
/// only to find where they stop; whether their values are right is <see cref="MessageReader"/>'s business.
/// </summary>
internal static class MessageSyntax
{
    /// <summary>What may stand around a message: spaces, tabs, carriage returns, and the zero that ends a string in C
    /// and that some programs send along (PROTOCOL 1.2).</summary>
    public static ReadOnlySpan<byte> Blanks => " \t\r\0"u8;

    /// <summary>Finds the first message of a text that holds no newline.</summary>
    /// <param name="text">Bytes from a stream, from where a message is expected.</param>
    /// <param name="length">If <see cref="Extent.Followed"/>: the bytes before the next verb. Else the whole
    /// text.</param>
    public static Extent Scan(ReadOnlySpan<byte> text, out int length)
    {
        Debug.Assert(!text.Contains((byte)'\n'), "a newline ends a message: no scan is needed");
        length = text.Length;
        int at = CountBlanks(text);
        if (!Verbs.TryRead(text[at..], out MessageKind kind, out int verbLength))
            return Verbs.IsCut(text[at..]) ? Extent.Incomplete : Extent.NotAMessage;
        at += verbLength;

        // Fields that must be there before the last, which is a number: LOCAL_CHUNKS,<index>,<host>,<port>
        int before = kind is MessageKind.LocalChunks or MessageKind.GetChunkFrom ? 2 : 0;
        for (; before > 0; before--)
        {
            int comma = text[at..].IndexOf((byte)',');
            if (comma < 0) return Extent.Incomplete;
            at += comma + 1;
        }

        bool isRequired = true;
        while (true)
        {
            Debug.Assert(at <= text.Length, "the scan stays within the text");
            int digits = CountDigits(text[at..]);
            int end = at + digits;
            int next = end + CountBlanks(text[end..]);
            bool isAtEnd = next == text.Length;
            if (isRequired && digits == 0) return isAtEnd ? Extent.Incomplete : Extent.NotAMessage;
            if (isAtEnd) return digits > 0 ? Extent.Whole : Extent.WholeButOpen;
            if (Verbs.TryRead(text[next..], out _, out _))
            {
                length = next;
                return Extent.Followed;
            }
            if (Verbs.IsCut(text[next..])) return isRequired ? Extent.Incomplete : Extent.WholeButOpen;
            if (text[next] != (byte)',')
            {
                // Behind the required fields anything may stand; what counts is how it ends.
                if (isRequired) return Extent.NotAMessage;
                int comma = text[next..].IndexOf((byte)',');
                if (comma < 0) return Extent.WholeButOpen;
                next += comma;
            }
            at = next + 1;
            isRequired = false;
        }
    }

    /// <summary>Counts the digits at the head of a text.</summary>
    public static int CountDigits(ReadOnlySpan<byte> text)
    {
        int count = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return count < 0 ? text.Length : count;
    }

    private static int CountBlanks(ReadOnlySpan<byte> text) => text.Length - text.TrimStart(Blanks).Length;
}
