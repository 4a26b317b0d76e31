using System;
using System.Diagnostics;
using System.IO;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Microsoft.Win32.SafeHandles;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720), as iSCSI, ext4 and many tools compute it. The runtime uses the processor's
/// instruction where it has one, and a table elsewhere. Hot: allocates nothing.
/// </summary>
internal static class Crc32C
{
    private const int PartBytes = 1360;      // twelve of them, and little more, are a buffer of 16 KiB

    /// <summary>Words of a part.</summary>
    internal const int PartWords = PartBytes / sizeof(ulong);

    private static uint[]? _zeros;      // by the state's byte: how a part of zeros changes it

    /// <summary>The state before the first byte.</summary>
    public const uint Start = uint.MaxValue;

    /// <summary>Goes on with more bytes.</summary>
    public static uint Add(uint state, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 3 * PartBytes) _zeros ??= MakeZeros();
        for (; bytes.Length >= 3 * PartBytes; bytes = bytes[(3 * PartBytes)..]) state = AddThree(state, bytes);
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

    /// <inheritdoc cref="TryAdd(ref uint, SafeFileHandle, long, long, byte[])"/>
    /// <param name="onRead">Gets the number of bytes after each read; null: nobody wants to know.</param>
    /// <returns>False if the file ends before, or can't be read.</returns>
    public static bool TryAdd(
        ref uint state, NativeFile file, long offset, long bytes, Span<byte> buffer, Action<long>? onRead = null)
    {
        Debug.Assert(buffer.Length > 0 && offset >= 0 && bytes >= 0, "a part of a file");
        for (int read; bytes > 0; offset += read, bytes -= read)
        {
            read = file.Read(buffer[..(int)Math.Min(buffer.Length, bytes)], offset);
            if (read == 0) return false;
            state = Add(state, buffer[..read]);
            onRead?.Invoke(read);
        }
        return true;
    }

    /// <summary>The sum of all bytes so far.</summary>
    public static uint Finish(uint state) => ~state;

    // The processor needs three cycles for a word and can begin one in each cycle: so three parts are summed side by
    // side. A sum is linear in its bytes: that of two parts is the first one's, with as many zeros behind it as the
    // second part has bytes, plus the second one's.
    private static uint AddThree(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes)[..(3 * PartWords)];
        uint second = 0, third = 0;
        if (Sse42.X64.IsSupported) AddWithInstruction(words, ref state, ref second, ref third);
        else AddPortably(words, ref state, ref second, ref third);
        return AddZeros(AddZeros(state) ^ second) ^ third;
    }

    // BitOperations asks for each word what the processor can do, and takes four times as long for it.
    private static void AddWithInstruction(ReadOnlySpan<ulong> words, ref uint first, ref uint second, ref uint third)
    {
        Debug.Assert(words.Length == 3 * PartWords && Sse42.X64.IsSupported, "three parts, and the instruction");
        ReadOnlySpan<ulong> middle = words.Slice(PartWords, PartWords), last = words.Slice(2 * PartWords, PartWords);
        (ulong a, ulong b, ulong c) = (first, second, third);
        for (int i = 0; i < PartWords; i++)
        {
            a = Sse42.X64.Crc32(a, words[i]);
            b = Sse42.X64.Crc32(b, middle[i]);
            c = Sse42.X64.Crc32(c, last[i]);
        }
        (first, second, third) = ((uint)a, (uint)b, (uint)c);
    }

    /// <summary>Adds each third of the words to a state of its own, on a processor that is not an x86-64 with
    /// SSE 4.2.</summary>
    internal static void AddPortably(ReadOnlySpan<ulong> words, ref uint first, ref uint second, ref uint third)
    {
        Debug.Assert(words.Length == 3 * PartWords, "three parts");
        for (int i = 0; i < PartWords; i++)
        {
            first = BitOperations.Crc32C(first, words[i]);
            second = BitOperations.Crc32C(second, words[i + PartWords]);
            third = BitOperations.Crc32C(third, words[i + (2 * PartWords)]);
        }
    }

    // Goes on with a part of zeros.
    private static uint AddZeros(uint state)
    {
        Debug.Assert(_zeros is { Length: 4 * 256 }, "a state has four bytes");
        return _zeros[(byte)state] ^ _zeros[256 + (byte)(state >> 8)] ^ _zeros[512 + (byte)(state >> 16)]
            ^ _zeros[768 + (byte)(state >> 24)];
    }

    private static uint[] MakeZeros()
    {
        uint[] zeros = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint state = 1u << bit;
            for (int i = 0; i < PartWords; i++) state = BitOperations.Crc32C(state, 0UL);
            // Of each value of the byte that has this bit as its highest one.
            int row = bit / 8 * 256, value = 1 << (bit % 8);
            for (int lower = 0; lower < value; lower++) zeros[row + value + lower] = zeros[row + lower] ^ state;
        }
        return zeros;
    }
}
