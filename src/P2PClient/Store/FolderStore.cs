using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using Microsoft.Win32.SafeHandles;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// The folder: chunks that are held under their names, chunks that are arriving under temporary ones.
/// </summary>
internal sealed class FolderStore : ChunkStore
{
    private const string TemporaryEnd = ".part";
    private const int NameBytesMax = 220;       // a name may have 255, and around this stand up to 17
    private readonly string _folder;
    private readonly Dictionary<int, string> _names = [];       // of chunks not called chunk_<index>
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly HashSet<string> _strays = new(StringComparer.Ordinal);     // files that the list lacks
    private readonly ArrivalJournal _journal;
    private int _secondAttempts;
    private readonly Dictionary<int, long> _sizes;              // of the chunks held

    /// <summary>Takes a folder as its list describes it.</summary>
    public FolderStore(string folder, LocalChunksFile list)
        : base(list.ChunkCount)
    {
        _folder = folder;
        _journal = new ArrivalJournal(folder);
        _sizes = list.Sizes;
        foreach ((int chunkIndex, string name) in list.Held) Name(chunkIndex, name);
        foreach ((int chunkIndex, string name) in list.Wanted)
        {
            // Two chunks that are to be stored in one file would overwrite each other.
            if (!_taken.Contains(name)) Name(chunkIndex, name);
        }
    }

    /// <summary>A name that no chunk has, for a file on its way to becoming <paramref name="finalName"/>.</summary>
    public static string TemporaryName(string finalName) =>
        $".{Beginning(finalName, NameBytesMax)}.{Environment.ProcessId}{TemporaryEnd}";

    /// <summary>As many of a name's characters as fit a number of bytes: a longer name leaves no room for what a
    /// temporary one has around it.</summary>
    public static string Beginning(string name, int bytesMax)
    {
        int length = 0, bytes = 0;
        foreach (Rune each in name.EnumerateRunes())
        {
            bytes += each.Utf8SequenceLength;
            if (bytes > bytesMax) break;
            length += each.Utf16SequenceLength;
        }
        Debug.Assert(length <= name.Length, "a beginning");
        return name[..length];
    }

    /// <summary>True of every name that <see cref="TemporaryName"/> gives to a file, in whatever process.</summary>
    public static bool IsTemporaryOf(string name, string finalName)
    {
        finalName = Beginning(finalName, NameBytesMax);
        int start = finalName.Length + 2, end = name.Length - TemporaryEnd.Length;
        return end > start && name.StartsWith($".{finalName}.", StringComparison.Ordinal)
            && name.EndsWith(TemporaryEnd, StringComparison.Ordinal)
            && !name.AsSpan(start, end - start).ContainsAnyExceptInRange('0', '9');
    }

    /// <summary>Finds out whether the folder can be written, and removes the temporary files of every process.
    /// </summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    public void Clean()
    {
        File.WriteAllBytes(Path.Combine(_folder, TemporaryName(LocalChunksFile.FileName)), []);
        foreach (string path in Directory.GetFileSystemEntries(_folder))
        {
            string name = Path.GetFileName(path);
            if (_taken.Contains(name)) continue;
            if (IsTemporary(name) && !Directory.Exists(path)) File.Delete(path);
            else _strays.Add(name);
        }
    }

    /// <summary>Bytes of the chunks that <see cref="Adopt"/> may read.</summary>
    public long UnlistedBytes(LocalChunksFile list, ChunkSums sums)
    {
        long bytes = 0;
        for (int chunkIndex = 1; chunkIndex <= ChunkCount && _strays.Count > 0; chunkIndex++)
        {
            bool isUnlisted = _strays.Contains(NameOf(chunkIndex)) && !list.Held.ContainsKey(chunkIndex);
            if (isUnlisted) bytes += sums.SizeOf(chunkIndex);
        }
        return bytes;
    }

    /// <summary>Adopts the chunks that lie in the folder although its list lacks them: those that an earlier client had
    /// when it was killed, and those that the sums prove right. To be called after <see cref="Clean"/>.</summary>
    /// <param name="sums">Null if the folder has no chunks.crc.</param>
    /// <param name="onRead">As of <see cref="ChunkSums.TrySum"/>.</param>
    /// <returns>The number of chunks; the list is to be saved if there are any.</returns>
    public int Adopt(LocalChunksFile list, ChunkSums? sums, Action<long>? onRead = null)
    {
        int adopted = 0;
        Dictionary<int, long>? arrivals = _journal.Read();
        for (int chunkIndex = 1; chunkIndex <= ChunkCount && _strays.Count > 0; chunkIndex++)
        {
            string name = NameOf(chunkIndex);
            if (!_strays.Contains(name) || list.Held.ContainsKey(chunkIndex)) continue;
            long bytes = 0;
            bool hasArrived = arrivals is not null && arrivals.TryGetValue(chunkIndex, out bytes);
            if (sums is not null)
            {
                hasArrived &= bytes == sums.SizeOf(chunkIndex);
                bytes = sums.SizeOf(chunkIndex);
            }
            if (!hasArrived && !(sums is not null && sums.IsRight(chunkIndex, PathOf(chunkIndex), onRead))) continue;
            if (!list.TryAdopt(chunkIndex, name, bytes)) continue;
            _strays.Remove(name);
            if (!_names.ContainsKey(chunkIndex)) Name(chunkIndex, name);
            adopted++;
        }
        if (adopted == 0 && arrivals is not null) _journal.Clear();
        return adopted;
    }

    public override long SizeOf(int chunkIndex) => _sizes[chunkIndex];

    public override bool TryCommit(int chunkIndex, PartialChunk copy)
    {
        // A client that reads the journal must not take an older file of that name for the chunk.
        if (_strays.Count > 0 && _strays.Remove(NameOf(chunkIndex))) PartialChunk.TryDelete(PathOf(chunkIndex));
        int error = _journal.Add(chunkIndex, copy.Bytes);
        // Without a descriptor for the journal the chunk is still good: a client that is killed within a second fetches
        // the chunk again.
        if (error is LibC.EMFILE or LibC.ENFILE) error = 0;
        return copy.Succeeds(error) && copy.TryCommit();
    }

    public override NativeFile? TryOpen(int chunkIndex, out bool isGone)
    {
        var file = NativeFile.TryOpen(PathOf(chunkIndex), out int error);
        isGone = MeansGone(error);
        if (file is null || (file.TryGetStatus(out long bytes, out _) && bytes == _sizes[chunkIndex])) return file;
        file.Dispose();
        isGone = true;
        return null;
    }

    /// <summary>Opens a chunk that is held, for .NET's file operations.</summary>
    /// <param name="bytes">The chunk's size; -1 if it can't be opened now.</param>
    public SafeFileHandle? TryOpenRead(int chunkIndex, out long bytes)
    {
        NativeFile? file = TryOpen(chunkIndex, out bool isGone);
        bytes = file is not null ? _sizes[chunkIndex] : isGone ? 0 : -1;
        return file?.Release();
    }

    public override PartialChunk CreatePartial(int chunkIndex, bool isSecond = false)
    {
        string name = isSecond ? $"chunk_{chunkIndex}.{++_secondAttempts}" : $"chunk_{chunkIndex}";
        return new PartialChunk(Path.Combine(_folder, TemporaryName(name)), PathOf(chunkIndex));
    }

    public override void OnStored(int chunkIndex, long bytes)
    {
        base.OnStored(chunkIndex, bytes);
        _sizes[chunkIndex] = bytes;
    }

    public override void OnLost(int chunkIndex)
    {
        base.OnLost(chunkIndex);
        _strays.Add(NameOf(chunkIndex));
    }

    /// <summary>chunk_&lt;index&gt;, unless the list has another name for it, or gives that one to another
    /// chunk.</summary>
    public override string NameOf(int chunkIndex)
    {
        if (_names.TryGetValue(chunkIndex, out string? name)) return name;
        Debug.Assert(chunkIndex >= 1 && chunkIndex <= ChunkCount, "a chunk of the file-set");
        name = $"chunk_{chunkIndex}";
        while (_taken.Contains(name)) name += "_";
        return name;
    }

    public override void SaveList(Func<int, bool> held)
    {
        LocalChunksFile.Save(_folder, ChunkCount, Lines());
        _journal.Clear();

        IEnumerable<(int, string)> Lines()
        {
            for (int chunkIndex = 1; chunkIndex <= ChunkCount; chunkIndex++)
            {
                if (held(chunkIndex)) yield return (chunkIndex, NameOf(chunkIndex));
            }
        }
    }

    /// <summary>True of the names that clients, and splits, give to files in their folders until these are whole.
    /// </summary>
    public static bool IsTemporary(string name) =>
        (name.StartsWith(".chunk_", StringComparison.Ordinal)
            || name.StartsWith($".{LocalChunksFile.FileName}.", StringComparison.Ordinal)
            || name.StartsWith($".{ChunkSums.FileName}.", StringComparison.Ordinal))
            && name.EndsWith(TemporaryEnd, StringComparison.Ordinal);

    private string PathOf(int chunkIndex) => Path.Combine(_folder, NameOf(chunkIndex));

    private void Name(int chunkIndex, string name)
    {
        _names.Add(chunkIndex, name);
        _taken.Add(name);
    }
}
