using System;
using System.IO;
using System.Text;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// <c>chunks.crc</c>: what each chunk of the file-set must be. The file has a line
/// <c>&lt;chunk_index&gt;,&lt;bytes&gt;,&lt;CRC-32C in hex&gt;</c> for chunk 1, 2, 3 and so on, and
/// <c>&lt;num_of_chunks&gt;,CRC32C</c> last, so that a client notices a file that was cut off.
/// </summary>
internal sealed class ChunkSums
{
    public const string FileName = "chunks.crc";
    private const string LastLine = "CRC32C";
    private readonly long[] _sizes;     // [0] is chunk 1
    private readonly uint[] _sums;

    /// <summary>Takes sizes, in bytes, and sums of chunk 1, 2, 3 and so on.</summary>
    public ChunkSums(long[] sizes, uint[] sums)
    {
        (_sizes, _sums) = (sizes, sums);
        foreach (long size in sizes) TotalBytes += size;
    }

    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount => _sizes.Length;

    /// <summary>Bytes of the whole file-set.</summary>
    public long TotalBytes { get; }

    /// <summary>The size that a chunk must have, in bytes.</summary>
    public long SizeOf(int chunkIndex) => _sizes[chunkIndex - 1];

    /// <summary>The CRC-32C that a chunk must have.</summary>
    public uint SumOf(int chunkIndex) => _sums[chunkIndex - 1];

    /// <summary>Reads the file of a folder; a folder without one costs a single <c>open</c>.</summary>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="ProgramException">It is there, and can't be used.</exception>
    public static ChunkSums? TryLoad(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!Exists(path)) return null;
        byte[] text;
        try
        {
            text = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Usage,
                $"can't read {path}: make it a file that this user may read, or remove it to go without");
        }
        if (TryParse(text, out ChunkSums? sums, out int badLine)) return sums;
        throw new ProgramException(ExitCode.Usage, $"{path}, line {badLine}: the file is damaged or cut off; copy it "
            + "anew from where the chunks come from, or remove it to go without");
    }

    /// <summary>Reads the file's text.</summary>
    /// <param name="badLine">The first line that isn't what it must be, from 1.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out ChunkSums? sums, out int badLine)
    {
        int most = text.Count((byte)'\n') + 1;
        var sizes = new long[most];
        var crcs = new uint[most];
        sums = null;
        for (int count = 0; ; count++)
        {
            badLine = count + 1;
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? text : text[..end]).TrimEnd((byte)'\r');
            text = end < 0 ? default : text[(end + 1)..];
            if (!TryTakeNumber(ref line, 10, out long index)) return false;
            if (line.SequenceEqual("CRC32C"u8) && index == count && count > 0)
            {
                sums = new ChunkSums(sizes.AsSpan(0, count).ToArray(), crcs.AsSpan(0, count).ToArray());
                return text.TrimEnd("\r\n "u8).IsEmpty;
            }
            if (index != count + 1 || index > ClientLimits.ChunksMax) return false;
            if (!TryTakeNumber(ref line, 10, out sizes[count])) return false;
            if (!TryTakeNumber(ref line, 16, out long crc)) return false;
            if (crc > uint.MaxValue || !line.IsEmpty) return false;
            crcs[count] = (uint)crc;
        }
    }

    /// <summary>Reads a chunk's file, and tells whether it is what it must be.</summary>
    public bool IsRight(int chunkIndex, string path)
    {
        using var file = NativeFile.TryOpen(path, out _);
        if (file is null || !file.TryGetStatus(out long bytes, out _) || bytes != SizeOf(chunkIndex)) return false;
        var buffer = new byte[(int)Math.Min(bytes, Limits.BufferBytes)];
        uint state = Crc32C.Start;
        for (long offset = 0; offset < bytes;)
        {
            int read = file.Read(buffer, offset);
            if (read == 0) return false;
            state = Crc32C.Add(state, buffer.AsSpan(0, read));
            offset += read;
        }
        return Crc32C.Finish(state) == SumOf(chunkIndex);
    }

    /// <summary>Writes the file of a folder, by rename.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder)
    {
        var text = new StringBuilder();
        for (int i = 0; i < ChunkCount; i++)
            text.Append(i + 1).Append(',').Append(_sizes[i]).Append(',').Append(_sums[i].ToString("X8")).Append('\n');
        text.Append(ChunkCount).Append(',').Append(LastLine).Append('\n');
        string temporary = Path.Combine(folder, ChunkStore.TemporaryName(FileName));
        try
        {
            File.WriteAllBytes(temporary, Encoding.UTF8.GetBytes(text.ToString()));
            File.Move(temporary, Path.Combine(folder, FileName), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Has chunks whose file has another size fetched anew: they are not what the list takes them for. What
    /// is in the others is not read here, since a start must not take long; <c>verify</c> does that.</summary>
    /// <param name="warn">Told of each.</param>
    /// <exception cref="ProgramException">The list is of another file-set.</exception>
    public void Check(LocalChunksFile list, string folder, Action<string> warn)
    {
        if (list.ChunkCount != ChunkCount)
            throw new ProgramException(ExitCode.Usage, $"{FileName} in {folder} is of {ChunkCount} chunks, "
                + $"{LocalChunksFile.FileName} of {list.ChunkCount}: they don't belong together, remove one of them");
        for (int chunkIndex = 1; chunkIndex <= ChunkCount; chunkIndex++)
        {
            if (!list.Held.TryGetValue(chunkIndex, out string? name)) continue;
            if (list.Sizes[chunkIndex] == SizeOf(chunkIndex)) continue;
            warn($"{name} has {list.Sizes[chunkIndex]} bytes, {SizeOf(chunkIndex)} are right: chunk {chunkIndex} is "
                + "not served, and fetched anew");
            list.Held.Remove(chunkIndex);
            list.Wanted.Add(chunkIndex, name);
        }
    }

    // An exception for a file that most folders lack would cost the start more than the call.
    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);

    // Digits up to a comma, which is taken too, or up to the end. At most 15 of them, so that nothing overflows.
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
