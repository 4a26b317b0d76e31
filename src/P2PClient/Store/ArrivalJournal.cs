using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// The chunks that have arrived since the folder's list was last written: a hidden file with one line a chunk, so that
/// a client that is killed fetches nothing a second time (PROTOCOL 4.6). The client writes each line,
/// <c>&lt;chunk_index&gt;,&lt;bytes&gt;</c>, before its chunk gets its name, and a line begins with the end of the one
/// before: a line that a full disk has cut off stays a line of its own. The file is there only while the list lacks
/// something. Its first line, <c>list,&lt;bytes&gt;,&lt;time&gt;</c>, says which list that is: another list that was
/// written since says what is held, and the journal no longer counts.
/// </summary>
internal sealed class ArrivalJournal(string folder) : IDisposable
{
    private readonly string _path = Path.Combine(folder, FileName);
    private readonly byte[] _lines = new byte[128];
    private NativeFile? _file;

    public const string FileName = ".local_chunks.journal";

    private const string ListWord = "list,";

    /// <summary>Reads the journal of an earlier client: the sizes of the chunks that arrived, or were about to be
    /// named, by index.</summary>
    /// <returns>Null if there is no journal.</returns>
    public Dictionary<int, long>? Read()
    {
        if (!File.Exists(_path)) return null;
        Dictionary<int, long> arrivals = [];
        try
        {
            string list = DescribeList();
            bool isOfList = false;
            foreach (string line in TextLines.Read(_path))
            {
                int comma = line.IndexOf(',');
                if (line.StartsWith(ListWord, StringComparison.Ordinal)) isOfList = line == list;
                else if (isOfList && comma > 0 && TryParse(line.AsSpan(0, comma), out long index)
                    && TryParse(line.AsSpan(comma + 1), out long bytes) && index <= ClientLimits.ChunksMax)
                    arrivals[(int)index] = bytes;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // These chunks are fetched again.
        }
        return arrivals;
    }

    /// <summary>Adds a chunk that is about to get its name.</summary>
    /// <returns>0, or the errno.</returns>
    public int Add(int chunkIndex, long bytes)
    {
        Debug.Assert(chunkIndex > 0 && bytes >= 0, "a chunk that was fetched");
        int length = 0;
        bool isNew = false;
        if (_file is null)
        {
            _file = NativeFile.TryOpenToAppend(_path, out int error);
            if (_file is null) return error;
            isNew = !_file.TryGetStatus(out long bytesBefore, out _) || bytesBefore == 0;
            length = Encoding.UTF8.GetBytes('\n' + DescribeList(), _lines);
        }
        _lines[length++] = (byte)'\n';
        Utf8Formatter.TryFormat(chunkIndex, _lines.AsSpan(length), out int digits);
        length += digits;
        _lines[length++] = (byte)',';
        Utf8Formatter.TryFormat(bytes, _lines.AsSpan(length), out digits);
        Debug.Assert(length + digits <= _lines.Length, "two lines fit the buffer");
        int failure = _file.Write(_lines.AsSpan(0, length + digits));
        if (failure != 0) Dispose();        // what is added next begins with the list's line again
        if (failure != 0 && isNew) Clear();
        return failure;
    }

    /// <summary>Removes the journal: the list names all chunks.</summary>
    public void Clear()
    {
        Dispose();
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The journal belongs to an older list, so no client will use it.
        }
    }

    /// <summary>Closes the journal, and leaves it in the folder.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    // The size and time of the list: a program that writes a list, even the same one, changes them.
    private string DescribeList()
    {
        using var list = NativeFile.TryOpen(Path.Combine(folder, LocalChunksFile.FileName), out _);
        if (list is null || !list.TryGetStatus(out long bytes, out DateTime modified)) return "";
        return $"{ListWord}{bytes},{modified.Ticks}";
    }

    private static bool TryParse(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
