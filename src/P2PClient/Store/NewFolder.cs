using System;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>A client that begins with nothing: its folder and list are made when the count of chunks is known, from
/// -chunks or from chunks.crc. A folder that has a list is left as it is.</summary>
internal static class NewFolder
{
    /// <summary>Takes the folder, and makes it and the list, where they are not there and can be.</summary>
    /// <returns>The lock, to be kept; null if there is none.</returns>
    /// <exception cref="ProgramException">They can't be written, or another client has the folder.</exception>
    public static NativeFile? Take(ClientOptions options, ChunkSums? sums)
    {
        int? count = options.ChunkCount ?? sums?.ChunkCount;
        try
        {
            if (count is not null) Directory.CreateDirectory(options.Folder);
            NativeFile? folderLock = FolderLock.Take(options.Folder);
            if (count is { } chunks && !File.Exists(Path.Combine(options.Folder, LocalChunksFile.FileName)))
                LocalChunksFile.Save(options.Folder, chunks, []);
            return folderLock;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Usage, $"can't make the folder {options.Folder}: "
                + $"{DiskError.Describe(e)}; let this user write there, or give another with -folder");
        }
    }

    /// <summary>Checks that the list which is there is of as many chunks as the user thinks.</summary>
    /// <exception cref="ProgramException">It isn't.</exception>
    public static void Check(ClientOptions options, LocalChunksFile list)
    {
        if (options.ChunkCount is { } count && count != list.ChunkCount)
            throw new ProgramException(ExitCode.Usage, $"{LocalChunksFile.FileName} in {options.Folder} is of "
                + $"{list.ChunkCount} chunks, not {count}: leave -chunks out, or give another folder with -folder");
    }
}
