using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>Makes a set of a file or folder of the user's, which stays where it is: cuts it into chunks and sums them
/// up.</summary>
internal static class SeedSet
{
    /// <summary>Reads all of the file or folder of <see cref="ClientOptions.SeedPath"/>.</summary>
    /// <param name="warn">Gets a warning for each file that is left out.</param>
    /// <param name="store">Serves the chunks.</param>
    /// <exception cref="ProgramException">It can't be read, or would be too many chunks.</exception>
    public static ChunkSums Open(ClientOptions options, Action<string> warn, out PlacedStore store)
    {
        string path = options.SeedPath!;
        if (!NativeFile.TryGetStatusOf(RealPath.Of(path) ?? path, out NativeStatus status))
            throw new ProgramException(ExitCode.Usage, $"there is no {path}: give a file or folder with -seed");
        if (status.Kind is not (NativeKind.File or NativeKind.Folder))
            throw new ProgramException(ExitCode.Usage, $"{path} is neither a file nor a folder: give one with -seed");
        SetFile[]? files = status.Kind == NativeKind.Folder ? TreeScanner.Scan(path, warn) : null;
        long[] sizes = Cut(path, files, status.Bytes, options.ChunkBytes);
        uint[] sums = new uint[sizes.Length];
        SetFiles? list = files is null ? null : SetFiles.TryMake(files, sizes.Length, index => sizes[index - 1]);
        Debug.Assert(files is null || list is not null, "the scanner makes a list that is right");
        var unsummed = new ChunkSums(sizes, sums, list);
        store = new PlacedStore(path, unsummed, isReadOnly: true);
        using var progress = new StartProgress(options, $"reading {Path.GetFileName(path)}", unsummed.TotalBytes);
        byte[] buffer = new byte[256 * 1024];
        for (int chunkIndex = 1; chunkIndex <= sizes.Length; chunkIndex++)
        {
            using NativeFile chunk = store.TryOpen(chunkIndex, out _) ?? throw Unreadable(store.NameOf(chunkIndex));
            if (!ChunkSums.TrySum(chunk, sizes[chunkIndex - 1], buffer, progress.Add, out sums[chunkIndex - 1]))
                throw Unreadable(store.NameOf(chunkIndex));
        }
        return new ChunkSums(sizes, sums, list);
    }

    /// <summary>Cuts the data of files into chunks.</summary>
    /// <param name="files">Null: one file.</param>
    /// <param name="bytes">Of the one file.</param>
    /// <returns>The size of each chunk, in bytes.</returns>
    /// <exception cref="ProgramException">They would be too many, or there is nothing to serve.</exception>
    public static long[] Cut(string path, SetFile[]? files, long bytes, long chunkBytes)
    {
        Debug.Assert(chunkBytes > 0, "a chunk has a size");
        List<long> sizes = [];
        if (files is null) Add(bytes);
        foreach (SetFile file in files ?? [])
        {
            foreach (SetRange range in file.Data) Add(range.Bytes);
        }
        if (sizes.Count > 0) return [.. sizes];
        if (files is null) return [0];      // an empty file is one chunk without a byte
        throw new ProgramException(ExitCode.Usage, $"{path} has no file with a byte in it: there is nothing to serve");

        void Add(long rest)
        {
            for (; rest > 0; rest -= chunkBytes) sizes.Add(Math.Min(rest, chunkBytes));
            if (sizes.Count <= ClientLimits.ChunksMax) return;
            throw new ProgramException(ExitCode.Usage, $"{path} would be more than {ClientLimits.ChunksMax} chunks: "
                + "make them larger with -chunk_size");
        }
    }

    private static ProgramException Unreadable(string path) => new(
        ExitCode.Usage, $"can't read {path}, or it is changing: let this user read it, and leave it as it is");
}
