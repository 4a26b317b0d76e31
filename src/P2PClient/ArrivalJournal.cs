using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// What has arrived since the folder's list was last written: a hidden file with one line a chunk, so that a client that
/// is killed fetches nothing a second time (PROTOCOL 4). Each line, <c>&lt;chunk_index&gt;,&lt;bytes&gt;</c>, is written
/// before its chunk gets its name, and begins with the end of the one before: what a full disk has cut off stays a
/// line of its own. The file is there only while the list lacks something.
/// </summary>
internal sealed class ArrivalJournal(string folder) : IDisposable
{
    private readonly string _path = Path.Combine(folder, FileName);
    private readonly byte[] _line = new byte[32];
    private NativeFile? _file;

    public const string FileName = ".local_chunks.journal";

    /// <summary>Reads what an earlier client has left: the sizes of chunks that it had, or was about to have, by index.</summary>
    public Dictionary<int, long> Read()
    {
        Dictionary<int, long> arrivals = [];
        if (!File.Exists(_path)) return arrivals;
        try
        {
            foreach (string line in TextLines.Read(_path))
            {
                int comma = line.IndexOf(',');
                if (comma > 0 && TryParse(line.AsSpan(0, comma), out long index) && TryParse(line.AsSpan(comma + 1), out long bytes)
                    && index <= ClientLimits.ChunksMax)
                    arrivals[(int)index] = bytes;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then these chunks are fetched again.
        }
        return arrivals;
    }

    /// <summary>Adds a chunk that is about to get its name. Where that fails the chunk is still good: only a client that
    /// is killed within a second fetches it again.</summary>
    public void Add(int chunkIndex, long bytes)
    {
        _file ??= NativeFile.TryOpenToAppend(_path, out _);
        _line[0] = (byte)'\n';
        Utf8Formatter.TryFormat(chunkIndex, _line.AsSpan(1), out int length);
        _line[++length] = (byte)',';
        Utf8Formatter.TryFormat(bytes, _line.AsSpan(++length), out int digits);
        _file?.Write(_line.AsSpan(0, length + digits));
    }

    /// <summary>The list has everything.</summary>
    public void Clear()
    {
        Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What it says stays true.
        }
    }

    /// <summary>Closes it, and leaves it where it is.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private static bool TryParse(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
