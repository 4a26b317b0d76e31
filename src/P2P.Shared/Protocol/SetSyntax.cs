using System;
using System.Buffers.Text;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>
/// The lines by which our own programs tell each other which file-set they have (PROTOCOL 10): what a client says to a
/// tracker of ours, and the tracker's answer.
/// </summary>
public static class SetSyntax
{
    /// <summary>The index under which a peer of ours sends the description of its set, far above any chunk's.</summary>
    public const int DescriptionIndex = int.MaxValue;

    private const int DigitsOfId = 16;

    private static ReadOnlySpan<byte> Verb => "SET"u8;

    // SET[,<id>]   (PROTOCOL 10.2)
    /// <summary>Writes a line, without its newline.</summary>
    /// <param name="id">0: the client asks which set there is, or there is none.</param>
    /// <returns>Bytes written, at most 20.</returns>
    public static int Write(Span<byte> buffer, ulong id)
    {
        Verb.CopyTo(buffer);
        if (id == 0) return Verb.Length;
        buffer[Verb.Length] = (byte)',';
        bool isWritten = Utf8Formatter.TryFormat(id, buffer[(Verb.Length + 1)..], out int digits, new('x', DigitsOfId));
        Debug.Assert(isWritten && digits == DigitsOfId, "the buffer is too short");
        return Verb.Length + 1 + digits;
    }

    /// <summary>Reads a line.</summary>
    /// <param name="text">Without its end of line; any bytes.</param>
    /// <param name="id">0 if the line names no set.</param>
    /// <param name="peers"><c>host,port,host,port...</c>; empty if there are none.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out ulong id, out ReadOnlySpan<byte> peers)
    {
        text = MessageReader.Trim(text);
        id = 0;
        peers = default;
        if (!text.StartsWith(Verb)) return false;
        text = text[Verb.Length..];
        if (text.IsEmpty) return true;
        if (text.Length < 1 + DigitsOfId || text[0] != (byte)',') return false;
        if (!Utf8Parser.TryParse(text.Slice(1, DigitsOfId), out id, out int digits, 'x')) return false;
        text = text[(1 + DigitsOfId)..];
        if (digits != DigitsOfId || id == 0 || (!text.IsEmpty && text[0] != (byte)',')) return false;
        if (!text.IsEmpty) peers = text[1..];
        return true;
    }
}
