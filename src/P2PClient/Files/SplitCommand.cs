using System;
using System.Collections.Generic;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Splits a file into the chunks of one folder, or deals them to several. Nothing that is there is overwritten, and the
/// list, without which a folder holds nothing, comes last; what was written is removed if it can't be finished.
/// </summary>
internal sealed class SplitCommand
{
    private const long DefaultChunkBytes = 4 << 20;
    private const int FoldersMax = 1000;
    private const int ReadBytes = 256 * 1024;
    private readonly string _path;
    private readonly long _chunkBytes;
    private readonly string[] _folders;
    private readonly Dealer _dealer;
    private readonly List<int>[] _dealt;        // chunk indexes, by folder
    private readonly bool[] _isNew;             // folders that were not there
    private readonly byte[] _buffer = new byte[ReadBytes];

    /// <summary>Takes the arguments.</summary>
    /// <exception cref="ProgramException">They are wrong.</exception>
    public SplitCommand(CommandLine line, string folder)
    {
        _path = line.Positional ?? throw ProgramException.Usage("which file? name it behind split");
        _chunkBytes = line.GetSize("chunk_size", DefaultChunkBytes);
        int? deal = line.GetNumber("deal", 1, "number of folders");
        int copies = line.GetNumber("copies", 1, "number of copies") ?? 1;
        ulong seed = (ulong?)line.GetNumber("seed", 0, "seed") ?? (ulong)Random.Shared.NextInt64();
        if (deal is null && (line.Has("copies") || line.Has("seed"))) throw ProgramException.Usage("-copies and -seed go with -deal");
        if (deal > FoldersMax) throw ProgramException.Usage("-deal " + deal.Value + " is too many: " + FoldersMax + " folders are possible");
        if (copies > (deal ?? 1)) throw ProgramException.Usage("-copies " + copies + " is more than there are folders: give " + (deal ?? 1) + " or fewer");
        _folders = new string[deal ?? 1];
        _isNew = new bool[_folders.Length];
        _dealt = new List<int>[_folders.Length];
        for (int i = 0; i < _folders.Length; i++)
        {
            _folders[i] = deal is null ? folder : Path.TrimEndingDirectorySeparator(folder) + (i + 1);
            _dealt[i] = [];
        }
        _dealer = new Dealer(_folders.Length, copies, seed);
    }

    /// <summary>Does it, and says so in one line.</summary>
    /// <exception cref="ProgramException">It can't be done; nothing is left.</exception>
    public int Run()
    {
        using SafeFileHandle file = Open(out long bytes);
        long count = Math.Max(1, (bytes + _chunkBytes - 1) / _chunkBytes);     // an empty file is one chunk without a byte
        if (count > ClientLimits.ChunksMax)
            throw new ProgramException(ExitCode.Usage, _path + " would be " + count + " chunks, " + ClientLimits.ChunksMax + " are possible: make them larger with -chunk_size");
        foreach (string folder in _folders) CheckUnused(folder);
        try
        {
            MakeFolders();
            ChunkSums sums = WriteChunks(file, bytes, (int)count);
            for (int i = 0; i < _folders.Length; i++)
            {
                sums.Save(_folders[i]);
                LocalChunksFile.Save(_folders[i], (int)count, ListOf(i));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RemoveAll();
            throw new ProgramException(ExitCode.Disk, "can't split " + _path + " into " + Describe() + ": " + e.Message + "; make room, let this user write there, or give another with -folder");
        }
        Say(bytes, (int)count);
        return ExitCode.Success;
    }

    private SafeFileHandle Open(out long bytes)
    {
        try
        {
            SafeFileHandle file = File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes = RandomAccess.GetLength(file);
            // Devices, and what the kernel makes up in /proc, say that they are empty.
            if (bytes > 0 || (RandomAccess.Read(file, new byte[1], 0) == 0 && RealPath.Of(_path)?.StartsWith("/dev/", StringComparison.Ordinal) != true)) return file;
            file.Dispose();
            throw new IOException();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ProgramException(ExitCode.Usage, File.Exists(_path)
                ? $"can't read {_path}: name a regular file that this user may read"
                : $"there is no file {_path}");
        }
    }

    // Chunks of another file, or of another try, must not get between.
    private static void CheckUnused(string folder)
    {
        if (!Directory.Exists(folder)) return;
        foreach (string path in Directory.EnumerateFileSystemEntries(folder))
        {
            string name = Path.GetFileName(path);
            if (name is LocalChunksFile.FileName or ChunkSums.FileName || name.StartsWith("chunk_", StringComparison.Ordinal))
                throw new ProgramException(ExitCode.Usage, "folder " + folder + " holds " + name + " already: remove the folder, or give another with -folder");
        }
    }

    private void MakeFolders()
    {
        for (int i = 0; i < _folders.Length; i++)
        {
            _isNew[i] = !Directory.Exists(_folders[i]);
            Directory.CreateDirectory(_folders[i]);
        }
    }

    private ChunkSums WriteChunks(SafeFileHandle file, long bytes, int count)
    {
        var sizes = new long[count];
        var sums = new uint[count];
        for (int chunkIndex = 1; chunkIndex <= count; chunkIndex++)
        {
            long offset = (chunkIndex - 1) * _chunkBytes, size = Math.Min(_chunkBytes, bytes - offset);
            foreach (int folder in _dealer.Next())
            {
                uint sum = WriteChunk(file, offset, size, Path.Combine(_folders[folder], ChunkName(chunkIndex)), _folders[folder]);
                _dealt[folder].Add(chunkIndex);
                (sizes[chunkIndex - 1], sums[chunkIndex - 1]) = (size, sum);
            }
        }
        return new ChunkSums(sizes, sums);
    }

    // The sum is that of the copy: whatever happens to the file meanwhile, it is right for what lies in the folder.
    private uint WriteChunk(SafeFileHandle file, long offset, long size, string path, string folder)
    {
        string temporary = Path.Combine(folder, ChunkStore.TemporaryName(Path.GetFileName(path)));
        try
        {
            uint state = Crc32C.Start;
            using (SafeFileHandle chunk = File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
            {
                RandomAccess.SetLength(chunk, size);
                FileCopy.Copy(file, offset, chunk, 0, size);
                Crc32C.TryAdd(ref state, chunk, 0, size, _buffer);
            }
            File.Move(temporary, path, overwrite: false);
            return Crc32C.Finish(state);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private IEnumerable<(int ChunkIndex, string Name)> ListOf(int folder)
    {
        foreach (int chunkIndex in _dealt[folder]) yield return (chunkIndex, ChunkName(chunkIndex));
    }

    // Every one of these files is ours: there was none before.
    private void RemoveAll()
    {
        try
        {
            for (int i = 0; i < _folders.Length; i++)
            {
                foreach (int chunkIndex in _dealt[i]) File.Delete(Path.Combine(_folders[i], ChunkName(chunkIndex)));
                if (!Directory.Exists(_folders[i])) continue;
                File.Delete(Path.Combine(_folders[i], LocalChunksFile.FileName));
                File.Delete(Path.Combine(_folders[i], ChunkSums.FileName));
                if (_isNew[i]) Directory.Delete(_folders[i]);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder can't be written, which is what the user is told.
        }
    }

    private void Say(long bytes, int count)
    {
        string size = count == 1 ? "1 chunk" : count + " chunks of " + Quantity.Bytes(_chunkBytes);
        string dealt = "";
        if (_folders.Length > 1)
        {
            int least = int.MaxValue, most = 0;
            foreach (List<int> chunks in _dealt) (least, most) = (Math.Min(least, chunks.Count), Math.Max(most, chunks.Count));
            dealt = ", " + least + (least == most ? "" : " to " + most) + " in each";
        }
        Terminal.Say(_path + ": " + Quantity.Bytes(bytes) + ", " + size + ", in " + Describe() + dealt);
    }

    private string Describe() => _folders.Length == 1 ? _folders[0] : $"{_folders[0]} to {_folders[^1]}";

    private static string ChunkName(int chunkIndex) => "chunk_" + chunkIndex;
}
