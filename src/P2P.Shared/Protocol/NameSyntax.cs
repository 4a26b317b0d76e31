using System;
using System.Diagnostics;
using System.Text;

namespace P2P.Protocol;

/// <summary>The line by which a client tells a tracker of ours how its user calls it (PROTOCOL 11).</summary>
public static class NameSyntax
{
    /// <summary>Longest name on the wire, in bytes.</summary>
    public const int NameBytesMax = 64;

    /// <summary>Longest line, with its newline, in bytes.</summary>
    public const int BytesMax = 5 + NameBytesMax + 1;

    private static ReadOnlySpan<byte> Verb => "NAME,"u8;

    // NAME,<name>   (PROTOCOL 11)
    /// <summary>Writes the line, with its newline; of a longer name only the first characters.</summary>
    /// <param name="name">One that stands in the log (PROTOCOL 5.4).</param>
    /// <returns>Bytes written, at most <see cref="BytesMax"/>.</returns>
    public static int Write(Span<byte> buffer, string name)
    {
        Verb.CopyTo(buffer);
        int length = Verb.Length;
        foreach (Rune character in name.EnumerateRunes())
        {
            if (length + character.Utf8SequenceLength > Verb.Length + NameBytesMax) break;
            length += character.EncodeToUtf8(buffer[length..]);
        }
        Debug.Assert(length > Verb.Length, "a client has a name");
        buffer[length] = (byte)'\n';
        return length + 1;
    }

    /// <summary>Reads the line.</summary>
    /// <param name="text">Without its end of line; any bytes.</param>
    /// <param name="name">1 to 64 bytes, none of them a comma, white space or a control character of ASCII. The others
    /// may be no UTF-8.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> name)
    {
        text = MessageReader.Trim(text);
        name = default;
        if (!text.StartsWith(Verb)) return false;
        text = text[Verb.Length..];
        if (text.IsEmpty || text.Length > NameBytesMax) return false;
        foreach (byte each in text)
        {
            if (each is <= (byte)' ' or (byte)',' or 0x7f) return false;
        }
        name = text;
        return true;
    }
}
