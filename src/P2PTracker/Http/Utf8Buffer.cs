using System;
using System.Buffers.Text;

namespace P2P.Tracker.Http;

/// <summary>Text that grows in one array, used again and again. Each call returns the buffer itself, for the
/// next.</summary>
internal sealed class Utf8Buffer
{
    private const int FirstBytes = 16 * 1024;
    private const int NumberBytesMax = 20;

    /// <summary>The text, from index 0; good until the next call that writes.</summary>
    public byte[] Bytes { get; private set; } = new byte[FirstBytes];

    /// <summary>Bytes written; may be made smaller.</summary>
    public int Length { get; set; }

    public ReadOnlySpan<byte> Text => Bytes.AsSpan(0, Length);

    public Utf8Buffer Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        Length += text.Length;
        return this;
    }

    public Utf8Buffer Add(long number)
    {
        Utf8Formatter.TryFormat(number, Room(NumberBytesMax), out int length);
        Length += length;
        return this;
    }

    /// <summary>Adds visible text between quotation marks, in the way that JSON and Prometheus both read: a backslash
    /// before a quotation mark and a backslash. A character that a message's host can't hold becomes a question
    /// mark.</summary>
    public Utf8Buffer AddQuoted(ReadOnlySpan<byte> text)
    {
        Span<byte> room = Room(2 * text.Length + 2);
        int length = 0;
        room[length++] = (byte)'"';
        foreach (byte each in text)
        {
            if (each is (byte)'"' or (byte)'\\') room[length++] = (byte)'\\';
            room[length++] = each is > 0x20 and < 0x7f ? each : (byte)'?';
        }
        room[length++] = (byte)'"';
        Length += length;
        return this;
    }

    /// <summary>Adds bytes in base64, without quotation marks (RFC 4648, 4).</summary>
    public Utf8Buffer AddBase64(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;
        Span<byte> room = Room((bytes.Length + 2) / 3 * 4);
        int length = 0;
        for (; bytes.Length >= 3; bytes = bytes[3..], length += 4)
        {
            int three = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
            room[length + 3] = digits[three & 63];
            room[length + 2] = digits[three >> 6 & 63];
            room[length + 1] = digits[three >> 12 & 63];
            room[length] = digits[three >> 18];
        }
        if (!bytes.IsEmpty)
        {
            int rest = bytes[0] << 16 | (bytes.Length > 1 ? bytes[1] << 8 : 0);
            room[length] = digits[rest >> 18];
            room[length + 1] = digits[rest >> 12 & 63];
            room[length + 2] = bytes.Length > 1 ? digits[rest >> 6 & 63] : (byte)'=';
            room[length + 3] = (byte)'=';
            length += 4;
        }
        Length += length;
        return this;
    }

    private Span<byte> Room(int bytes)
    {
        if (Bytes.Length - Length < bytes)
        {
            var longer = new byte[Math.Max(2 * Bytes.Length, Length + bytes)];
            Text.CopyTo(longer);
            Bytes = longer;
        }
        return Bytes.AsSpan(Length);
    }
}
