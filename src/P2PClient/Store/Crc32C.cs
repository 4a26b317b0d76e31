using System;
using System.Diagnostics;
using System.IO;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace P2P.Client;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720), as iSCSI, ext4 and many tools compute it. The runtime uses the processor's
/// instruction where it has one, and a table elsewhere. Hot: allocates nothing.
/// </summary>
internal static class Crc32C
{
    /// <summary>The state before the first byte.</summary>
    public const uint Start = uint.MaxValue;

    /// <summary>Goes on with more bytes.</summary>
    public static uint Add(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes)) state = BitOperations.Crc32C(state, word);
        foreach (byte rest in bytes[(bytes.Length & ~7)..]) state = BitOperations.Crc32C(state, rest);
        return state;
    }

    /// <summary>Goes on with bytes of a file.</summary>
    /// <returns>False if the file ends before.</returns>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static bool TryAdd(ref uint state, SafeFileHandle file, long offset, long bytes, byte[] buffer)
    {
        Debug.Assert(buffer.Length > 0 && offset >= 0 && bytes >= 0, "a part of a file");
        while (bytes > 0)
        {
            int read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes)), offset);
            if (read == 0) return false;
            state = Add(state, buffer.AsSpan(0, read));
            offset += read;
            bytes -= read;
        }
        return true;
    }

    /// <summary>The sum of all bytes so far.</summary>
    public static uint Finish(uint state) => ~state;
}
