using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Splits a file into the chunks of one folder, or deals them to several. A split overwrites nothing, and the list,
/// without which a folder holds nothing, comes last. A split that can't be finished removes its files; the next
/// split removes the files of a split that was killed.
/// </summary>
internal sealed class SplitCommand
{
    public const long DefaultChunkBytes = 4 << 20;
    private const int FoldersMax = 1000;
    private const int ReadBytes = 256 * 1024;
    private const long StepBytes = 32 << 20;        // some ten milliseconds, after which a signal is seen
    private readonly string _path;
    private readonly long _chunkBytes;
    private readonly SplitFolder[] _folders;
    private readonly Dealer _dealer;
    private readonly byte[] _buffer = new byte[ReadBytes];
    private readonly int _copies;
    private CommandProgress? _progress;
    private long _doneBytes;
    private DataRange _known;       // of the file that is read

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ProgramException">The arguments are wrong.</exception>
    public SplitCommand(CommandLine line, string folder)
    {
        _path = line.Positional ?? throw ProgramException.Usage("which file? name it behind split");
        _chunkBytes = line.GetSize(ClientOption.ChunkSize, DefaultChunkBytes);
        int? deal = line.GetNumber(ClientOption.Deal, 1, "number of folders");
        int copies = line.GetNumber(ClientOption.Copies, 1, "number of copies") ?? 1;
        ulong seed = (ulong?)line.GetNumber(ClientOption.Seed, 0, "seed") ?? (ulong)Random.Shared.NextInt64();
        if (deal is null && (line.Has(ClientOption.Copies) || line.Has(ClientOption.Seed)))
            throw ProgramException.Usage("-copies and -seed go with -deal");
        if (deal > FoldersMax)
            throw ProgramException.Usage(
                $"-deal {deal.Value} is too many: {FoldersMax} folders are possible");
        if (copies > (deal ?? 1))
            throw ProgramException.Usage(
                $"-copies {copies} is more than there are folders: give at most {deal ?? 1}");
        _folders = new SplitFolder[deal ?? 1];
        for (int i = 0; i < _folders.Length; i++)
            _folders[i] = new SplitFolder(deal is null ? folder : Path.TrimEndingDirectorySeparator(folder) + (i + 1));
        _copies = copies;
        _dealer = new Dealer(_folders.Length, copies, seed);
    }

    /// <summary>Splits the file, and reports that in one line.</summary>
    /// <exception cref="ProgramException">The file can't be split; no files are left behind.</exception>
    public int Run()
    {
        SetFile[]? files = null;
        long bytes = 0;
        long[] sizes = [];
        using SafeFileHandle? file = IsStream || Directory.Exists(_path) ? null : Open(out bytes);
        if (file is null && !IsStream) CheckIsOutside();
        if (file is null && !IsStream)
            files = TreeScanner.Scan(_path, warning => Terminal.PrintError($"P2PClient split: {warning}"));
        if (!IsStream) sizes = SeedSet.Cut(_path, files, bytes, _chunkBytes);
        using var interruption = new Interruption();
        ChunkSums sums;
        try
        {
            LockFolders();
            foreach (long size in files is null ? [] : sizes) bytes += size;
            using (_progress = new CommandProgress($"splitting {_path}", bytes * _copies))
                sums = IsStream ? WriteStream(interruption) : WriteChunks(file, files, sizes, interruption);
            foreach (SplitFolder folder in _folders)
            {
                sums.Save(folder.Path);
                LocalChunksFile.Save(folder.Path, sums.ChunkCount, ListOf(folder));
            }
            foreach (SplitFolder folder in _folders) folder.Finish();
            Report(sums.TotalBytes, sums.ChunkCount);
        }
        catch (Exception e)
        {
            foreach (SplitFolder folder in _folders) folder.Undo();
            if (e is not (IOException or UnauthorizedAccessException)) throw;
            throw new ProgramException(ExitCode.Disk, $"can't split {_path} into {Describe()}: "
                + $"{DiskError.Describe(e)}; make room, let this user write there, or give another with -folder");
        }
        return ExitCode.Success;
    }

    // Chunks within the folder that they are made of would be in the set the next time.
    private void CheckIsOutside()
    {
        string source = RealPath.Of(_path) ?? Path.GetFullPath(_path);
        foreach (SplitFolder folder in _folders)
        {
            string parent = Path.GetDirectoryName(Path.GetFullPath(folder.Path)) ?? "/";
            if ($"{RealPath.Of(parent) ?? parent}/".StartsWith($"{source}/", StringComparison.Ordinal))
            {
                throw new ProgramException(
                    ExitCode.Usage, $"{folder.Path} is in {_path} itself: give a folder elsewhere with -folder");
            }
        }
    }

    // A pipe is opened without waiting for its writer. A file of /proc or a device, which has bytes and no size, would
    // become an empty set; a file of /sys, whose size is larger than its contents, one with wrong bytes.
    private SafeFileHandle Open(out long bytes)
    {
        var file = NativeFile.TryOpen(_path, out int error);
        if (error == LibC.ENOENT) throw new ProgramException(ExitCode.Usage, $"there is no file {_path}");
        bool isFile = file is not null && !Directory.Exists(_path);
        if (isFile && file!.TryGetStatus(out bytes, out _) && FileCopy.HasItsSize(file, bytes)) return file.Release();
        file?.Dispose();
        string reason = file is null ? LibC.ErrorText(error) : "it is no regular file";
        throw new ProgramException(ExitCode.Usage, $"can't read {_path}: {reason}; name a regular file that this user "
            + "may read");
    }

    // Lists are written when all chunks are there, and marks removed when all lists are: one folder that has only the
    // mark shows that none of them is finished.
    private void LockFolders()
    {
        bool isHalfMade = false;
        foreach (SplitFolder folder in _folders)
        {
            folder.Lock();
            isHalfMade |= folder.IsUnlisted;
        }
        foreach (SplitFolder folder in _folders) folder.Prepare(isHalfMade);
    }

    private ChunkSums WriteChunks(
        SafeFileHandle? file, SetFile[]? files, long[] sizes, Interruption interruption)
    {
        uint[] sums = new uint[sizes.Length];
        SetFiles? list = files is null ? null : SetFiles.TryMake(files, sizes.Length, index => sizes[index - 1]);
        long offset = 0;
        int opened = -1;
        SafeFileHandle? source = file;
        for (int chunkIndex = 1; chunkIndex <= sizes.Length; chunkIndex++)
        {
            long size = sizes[chunkIndex - 1];
            if (list is not null)
            {
                ChunkPlace place = list.Places[chunkIndex - 1];
                if (place.File != opened)
                {
                    source?.Dispose();
                    source = File.OpenHandle(Path.Combine(_path, list.All[place.File].Path));
                    _known = default;
                }
                (opened, offset) = (place.File, place.Start);
            }
            foreach (int i in _dealer.Next())
            {
                sums[chunkIndex - 1] = WriteChunk(
                    source!, offset, size, _folders[i].PathOf(ChunkName(chunkIndex)), interruption);
                _folders[i].Chunks.Add(chunkIndex);
            }
            offset += size;
        }
        if (list is not null) source?.Dispose();
        return new ChunkSums(sizes, sums, list);
    }

    // The end of the stream shows how many chunks there are. A stream without a byte is one chunk without a byte.
    private ChunkSums WriteStream(Interruption interruption)
    {
        List<long> sizes = [];
        List<uint> sums = [];
        for (int read = NativeFile.ReadStandardInput(_buffer); read > 0 || sizes.Count == 0;)
        {
            if (sizes.Count == ClientLimits.ChunksMax)
                throw new ProgramException(ExitCode.Usage, $"stdin has more than {ClientLimits.ChunksMax} chunks: make "
                    + "them larger with -chunk_size");
            int chunkIndex = sizes.Count + 1;
            int[] folders = [.. _dealer.Next()];
            string first = _folders[folders[0]].PathOf(ChunkName(chunkIndex));
            sizes.Add(0);
            using (var chunk = new AtomicFile(first))
            {
                uint state = Crc32C.Start;
                while (read > 0 && sizes[^1] < _chunkBytes)
                {
                    interruption.Check("split", "what it had made is removed");
                    int taken = (int)Math.Min(read, _chunkBytes - sizes[^1]);
                    RandomAccess.Write(chunk.Handle, _buffer.AsSpan(0, taken), sizes[^1]);
                    state = Crc32C.Add(state, _buffer.AsSpan(0, taken));
                    sizes[^1] += taken;
                    _buffer.AsSpan(taken, read - taken).CopyTo(_buffer);
                    read -= taken;
                    if (read == 0) read = NativeFile.ReadStandardInput(_buffer);
                }
                chunk.Commit(overwrite: false);
                sums.Add(Crc32C.Finish(state));
            }
            foreach (int i in folders) _folders[i].Chunks.Add(chunkIndex);
            using SafeFileHandle source = File.OpenHandle(first);
            _known = default;
            foreach (int i in folders.AsSpan(1))
                WriteChunk(source, 0, sizes[^1], _folders[i].PathOf(ChunkName(chunkIndex)), interruption);
        }
        return new ChunkSums([.. sizes], [.. sums]);
    }

    // The sum is that of the copy: it is right for the chunk in the folder even if the file changes meanwhile.
    private uint WriteChunk(SafeFileHandle file, long offset, long size, string path, Interruption interruption)
    {
        Debug.Assert(size >= 0 && size <= _chunkBytes, "a chunk is no larger than the option says");
        uint state = Crc32C.Start;
        using var chunk = new AtomicFile(path);
        FileCopy.SetLength(chunk.Handle, size);
        for (long done = 0; done < size || done == 0; done += StepBytes)
        {
            interruption.Check("split", "what it had made is removed");
            long bytes = Math.Min(StepBytes, size - done);
            FileCopy.Copy(file, offset + done, chunk.Handle, done, bytes, ref _known);
            Crc32C.TryAdd(ref state, chunk.Handle, done, bytes, _buffer);
            _doneBytes += bytes;
            _progress!.Show(_doneBytes);
        }
        chunk.Commit(overwrite: false);
        return Crc32C.Finish(state);
    }

    private static IEnumerable<(int ChunkIndex, string Name)> ListOf(SplitFolder folder)
    {
        foreach (int chunkIndex in folder.Chunks) yield return (chunkIndex, ChunkName(chunkIndex));
    }

    private void Report(long bytes, int count)
    {
        string size = count == 1 ? "1 chunk" : $"{count} chunks of {Quantity.Bytes(_chunkBytes)}";
        string path = IsStream ? "stdin" : _path;
        string dealt = "";
        if (_folders.Length > 1)
        {
            int least = int.MaxValue, most = 0;
            foreach (SplitFolder folder in _folders)
                (least, most) = (Math.Min(least, folder.Chunks.Count), Math.Max(most, folder.Chunks.Count));
            string range = least == most ? $"{least}" : $"{least} to {most}";
            dealt = $", {range} in each";
        }
        Terminal.Print($"{path}: {Quantity.Bytes(bytes)}, {size}, in {Describe()}{dealt}");
    }

    private bool IsStream => _path == "-";

    private string Describe() => _folders.Length == 1 ? _folders[0].Path : $"{_folders[0].Path} to {_folders[^1].Path}";

    private static string ChunkName(int chunkIndex) => $"chunk_{chunkIndex}";
}
