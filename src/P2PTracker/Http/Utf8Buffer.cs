using System;
using System.Buffers.Text;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>Text that grows in one array, which is used again and again. Each call returns the buffer itself, so that
/// calls can be chained.</summary>
internal sealed class Utf8Buffer
{
    private const int FirstBytes = 16 * 1024;
    private const int NumberBytesMax = 20;

    /// <summary>The text, from index 0; good until the next call that writes.</summary>
    public byte[] Bytes { get; private set; } = new byte[FirstBytes];

    /// <summary>Bytes written; may be made smaller.</summary>
    public int Length
    {
        get;
        set
        {
            Debug.Assert(value >= 0 && value <= Bytes.Length, "the text ends outside the buffer");
            field = value;
        }
    }

    public ReadOnlySpan<byte> Text => Bytes.AsSpan(0, Length);

    public Utf8Buffer Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(MakeRoom(text.Length));
        Length += text.Length;
        return this;
    }

    public Utf8Buffer Add(long number)
    {
        bool isWritten = Utf8Formatter.TryFormat(number, MakeRoom(NumberBytesMax), out int length);
        Debug.Assert(isWritten, "a number is longer than any");
        Length += length;
        return this;
    }

    /// <summary>Adds visible text between quotation marks, in the way that JSON and Prometheus both read: a backslash
    /// before a quotation mark and a backslash. A character that a message's host can't hold becomes a question
    /// mark.</summary>
    /// <param name="isUtf8">What is beyond ASCII is right, and stands as it is.</param>
    public Utf8Buffer AddQuoted(ReadOnlySpan<byte> text, bool isUtf8 = false)
    {
        Span<byte> room = MakeRoom(2 * text.Length + 2);
        int length = 0;
        room[length++] = (byte)'"';
        foreach (byte each in text)
        {
            if (each is (byte)'"' or (byte)'\\') room[length++] = (byte)'\\';
            room[length++] = each is > 0x20 and < 0x7f || (isUtf8 && each > 0x7f) ? each : (byte)'?';
        }
        room[length++] = (byte)'"';
        Debug.Assert(length <= 2 * text.Length + 2, "the room for a quoted text is too small");
        Length += length;
        return this;
    }

    /// <summary>Adds bytes in base64, without quotation marks (RFC 4648, 4).</summary>
    public Utf8Buffer AddBase64(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;
        int needed = (bytes.Length + 2) / 3 * 4;
        Span<byte> room = MakeRoom(needed);
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
        Debug.Assert(length == needed, "the length of a base64 text is wrong");
        Length += length;
        return this;
    }

    // Returns the bytes behind the text: so many, or more.
    private Span<byte> MakeRoom(int bytes)
    {
        if (Bytes.Length - Length < bytes)
        {
            byte[] longer = new byte[Math.Max(2 * Bytes.Length, Length + bytes)];
            Text.CopyTo(longer);
            Bytes = longer;
        }
        return Bytes.AsSpan(Length);
    }
}
