using System;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>A client that begins with nothing: its folder and list are made when the count of chunks is known, from
/// -chunks or from chunks.crc. A folder that has a list is left as it is.</summary>
internal static class NewFolder
{
    /// <summary>Makes the folder and its list, where they are missing and the count of chunks is known, and locks the
    /// folder.</summary>
    /// <returns>The lock, to be kept; null where the file system knows no locks.</returns>
    /// <exception cref="ProgramException">The folder can't be written, or another client has locked it.</exception>
    public static NativeFile? Prepare(ClientOptions options, ChunkSums? sums)
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

    /// <summary>Keeps the description that the swarm has sent.</summary>
    /// <exception cref="ProgramException">The folder can't be written.</exception>
    public static void SaveSums(ClientOptions options, ChunkSums sums)
    {
        try
        {
            sums.Save(options.Folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Disk, $"can't write to the folder {options.Folder}: "
                + $"{DiskError.Describe(e)}; make room, let this user write there, or give another with -folder");
        }
    }

    /// <summary>Checks that the list has as many chunks as -chunks says.</summary>
    /// <exception cref="ProgramException">The counts differ.</exception>
    public static void Check(ClientOptions options, LocalChunksFile list)
    {
        if (options.ChunkCount is { } count && count != list.ChunkCount)
            throw new ProgramException(ExitCode.Usage, $"{LocalChunksFile.FileName} in {options.Folder} is of "
                + $"{Plural.Of(list.ChunkCount, "chunk")}, not {count}: leave -chunks out, or give another folder with "
                + "-folder");
    }
}
