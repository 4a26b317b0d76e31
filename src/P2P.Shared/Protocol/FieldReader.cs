using System;
using System.Buffers.Text;
using System.Diagnostics;

namespace P2P.Protocol;

/// <summary>Reads the comma-separated fields of one message in turn, and copies nothing.</summary>
public ref struct FieldReader(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>True when every field has been read.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>The fields that have not been read yet, without the comma before them.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads the next field, which may be empty.</summary>
    public bool TryRead(out ReadOnlySpan<byte> field)
    {
        Debug.Assert(!AtEnd || _rest.IsEmpty, "nothing is left behind the last field");
        field = default;
        if (AtEnd) return false;
        int comma = _rest.IndexOf((byte)',');
        AtEnd = comma < 0;
        field = AtEnd ? _rest : _rest[..comma];
        _rest = AtEnd ? default : _rest[(comma + 1)..];
        return true;
    }

    /// <summary>Reads a decimal field without sign.</summary>
    /// <returns>False if there is no field, it holds anything but digits, or its value is out of range.</returns>
    public bool TryReadInt32(int min, int max, out int value)
    {
        Debug.Assert(min >= 0 && min <= max, "a field without a sign is 0 or more");
        value = 0;
        return TryRead(out ReadOnlySpan<byte> field)
            && !field.IsEmpty && char.IsAsciiDigit((char)field[0])      // Utf8Parser would take a sign
            && Utf8Parser.TryParse(field, out value, out int digits)
            && digits == field.Length
            && value >= min && value <= max;
    }

    /// <summary>Reads a host: 1 to 255 visible ASCII characters (PROTOCOL 1.2).</summary>
    public bool TryReadHost(out ReadOnlySpan<byte> host) =>
        TryRead(out host)
            && !host.IsEmpty && host.Length <= Limits.HostBytesMax
            && !host.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e);
}
