using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// <c>chunks.crc</c>: size and sum of each chunk of the file-set. The file has a line
/// <c>&lt;chunk_index&gt;,&lt;bytes&gt;,&lt;CRC-32C in hex&gt;</c> for chunk 1, 2, 3 and so on, and
/// <c>&lt;num_of_chunks&gt;,CRC32C</c> last, so that a client notices a file that was cut off. In a set that was made
/// of a folder, the list of its files follows. All of it is the description of the set (PROTOCOL 10.1).
/// </summary>
internal sealed class ChunkSums
{
    public const string FileName = "chunks.crc";
    private const string LastLine = "CRC32C";
    private readonly long[] _sizes;     // [0] is chunk 1
    private readonly uint[] _sums;

    private byte[]? _text;

    /// <summary>Takes sizes, in bytes, and sums of chunk 1, 2, 3 and so on.</summary>
    /// <param name="files">Null: the set is one file.</param>
    public ChunkSums(long[] sizes, uint[] sums, SetFiles? files = null)
    {
        Files = files;
        Debug.Assert(sizes.Length == sums.Length && sizes.Length > 0, "each chunk has a size and a sum");
        (_sizes, _sums) = (sizes, sums);
        foreach (long size in sizes) TotalBytes += size;
    }

    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount => _sizes.Length;

    /// <summary>Bytes of the whole file-set.</summary>
    public long TotalBytes { get; }

    /// <summary>The files that the chunks belong to; null: the chunks one behind the other are one file.</summary>
    public SetFiles? Files { get; }

    /// <summary>The name by which programs tell sets apart: the FNV-1a hash of <see cref="Text"/>, never 0.</summary>
    public ulong Id => IdOf(Text);

    /// <summary>The file's text.</summary>
    public byte[] Text => _text ??= Write();

    /// <summary>The id of a set with a description.</summary>
    public static ulong IdOf(ReadOnlySpan<byte> text)
    {
        ulong hash = 14695981039346656037;
        foreach (byte each in text) hash = (hash ^ each) * 1099511628211;
        return Math.Max(hash, 1);
    }

    /// <summary>The size that a chunk must have, in bytes.</summary>
    public long SizeOf(int chunkIndex) => _sizes[chunkIndex - 1];

    /// <summary>The CRC-32C that a chunk must have.</summary>
    public uint SumOf(int chunkIndex) => _sums[chunkIndex - 1];

    /// <summary>Reads the file of a folder; a folder without one costs a single <c>stat</c>.</summary>
    /// <param name="sums">Null if the folder has no such file.</param>
    /// <param name="badLine">The first line that is wrong, from 1; 0 if the file can't be read.</param>
    /// <returns>False if the file is there, and can't be used.</returns>
    public static bool TryLoad(string folder, out ChunkSums? sums, out int badLine)
    {
        (sums, badLine) = (null, 0);
        string path = Path.Combine(folder, FileName);
        // An exception for a file that most folders lack would cost the start more than the call.
        if (!File.Exists(path) && !Directory.Exists(path)) return true;
        try
        {
            return TryParse(File.ReadAllBytes(path), out sums, out badLine);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads a description that a peer has sent (PROTOCOL 10.3).</summary>
    /// <param name="id">The id that the tracker has told.</param>
    /// <returns>Null if it is none, or another set's. It must be written as <see cref="Text"/> is: otherwise this
    /// client would call the set by another id than the peer.</returns>
    public static ChunkSums? TryReadDescription(ReadOnlySpan<byte> text, ulong id) =>
        IdOf(text) == id && TryParse(text, out ChunkSums? sums, out _) && text.SequenceEqual(sums!.Text) ? sums : null;

    /// <summary>Reads the file's text.</summary>
    /// <param name="badLine">The first line that is wrong, from 1.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out ChunkSums? sums, out int badLine)
    {
        int most = Math.Min(text.Count((byte)'\n') + 1, ClientLimits.ChunksMax);
        long[] sizes = new long[most];
        uint[] crcs = new uint[most];
        long total = 0;
        sums = null;
        for (int count = 0; ; count++)
        {
            badLine = count + 1;
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? text : text[..end]).TrimEnd((byte)'\r');
            text = end < 0 ? default : text[(end + 1)..];
            if (!TryTakeNumber(ref line, 10, out long index)) return false;
            bool hasFiles = line.SequenceEqual("CRC32C,FILES"u8);
            if ((hasFiles || line.SequenceEqual("CRC32C"u8)) && index == count && count > 0)
            {
                if (!hasFiles && !text.TrimEnd("\r\n "u8).IsEmpty) return false;
                Array.Resize(ref sizes, count);
                Array.Resize(ref crcs, count);
                return TryReadFiles(hasFiles, text, sizes, crcs, out sums, ref badLine);
            }
            if (index != count + 1 || index > ClientLimits.ChunksMax) return false;
            if (!TryTakeNumber(ref line, 10, out sizes[count]) || sizes[count] > long.MaxValue - total) return false;
            total += sizes[count];
            if (!TryTakeNumber(ref line, 16, out long crc)) return false;
            if (crc > uint.MaxValue || !line.IsEmpty) return false;
            crcs[count] = (uint)crc;
        }
    }

    private static bool TryReadFiles(
        bool hasFiles, ReadOnlySpan<byte> text, long[] sizes, uint[] crcs, out ChunkSums? sums, ref int badLine)
    {
        sums = null;
        SetFiles? files = null;
        if (hasFiles)
        {
            string[] lines = Encoding.UTF8.GetString(text.TrimEnd("\r\n "u8)).Replace("\r\n", "\n").Split('\n');
            files = SetFiles.TryParse(lines, sizes.Length, index => sizes[index - 1], out int bad);
            badLine += 1 + bad;
            if (files is null) return false;
        }
        sums = new ChunkSums(sizes, crcs, files);
        return true;
    }

    /// <summary>Reads a chunk's file, and tells whether its size and sum are right.</summary>
    public bool IsRight(int chunkIndex, string path, Action<long>? onRead)
    {
        using var file = NativeFile.TryOpen(path, out _);
        if (file is null || !file.TryGetStatus(out long bytes, out _) || bytes != SizeOf(chunkIndex)) return false;
        return IsRight(chunkIndex, file, new byte[(int)Math.Min(bytes, Limits.BufferBytes)], onRead);
    }

    /// <summary>Reads a chunk, and tells whether its sum is right.</summary>
    /// <param name="file">Open at the chunk's first byte.</param>
    /// <param name="onRead">As of <see cref="TrySum"/>.</param>
    public bool IsRight(int chunkIndex, NativeFile file, byte[] buffer, Action<long>? onRead) =>
        TrySum(file, SizeOf(chunkIndex), buffer, onRead, out uint sum) && sum == SumOf(chunkIndex);

    /// <summary>Sums up the first bytes of a file.</summary>
    /// <param name="onRead">Gets the number of bytes after each read; null: nobody wants to know.</param>
    /// <returns>False if the file ends before, or can't be read.</returns>
    public static bool TrySum(NativeFile file, long bytes, byte[] buffer, Action<long>? onRead, out uint sum)
    {
        uint state = Crc32C.Start;
        bool isRead = Crc32C.TryAdd(ref state, file, 0, bytes, buffer, onRead);
        sum = Crc32C.Finish(state);
        return isRead;
    }

    /// <summary>Writes the file of a folder in one step.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder) => AtomicFile.Replace(Path.Combine(folder, FileName), Text);

    private byte[] Write()
    {
        var text = new StringBuilder();
        for (int i = 0; i < ChunkCount; i++)
            text.Append(i + 1).Append(',').Append(_sizes[i]).Append(',').Append(_sums[i].ToString("X8")).Append('\n');
        text.Append(ChunkCount).Append(',').Append(LastLine).Append(Files is null ? "\n" : ",FILES\n");
        Files?.Write(text);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // Takes digits up to a comma, and the comma, or up to the end. At most 15 digits, so that no number overflows.
    private static bool TryTakeNumber(ref ReadOnlySpan<byte> line, int radix, out long number)
    {
        int comma = line.IndexOf((byte)',');
        ReadOnlySpan<byte> digits = comma < 0 ? line : line[..comma];
        line = comma < 0 ? default : line[(comma + 1)..];
        number = 0;
        foreach (byte digit in digits)
        {
            int value = HexDigit(digit);
            if (value >= radix) return false;
            number = number * radix + value;
        }
        return digits.Length is > 0 and <= 15;
    }

    private static int HexDigit(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        _ => 16,
    };
}
