using System;
using System.IO;
using P2P.Cli;

namespace P2P.Client;

/// <summary>A client that begins with nothing: its folder and list are made when the count of chunks is known, from
/// -chunks or from chunks.crc. A folder that has a list is left as it is.</summary>
internal static class NewFolder
{
    /// <summary>Makes the folder and the list, where they are not there and can be.</summary>
    /// <exception cref="ProgramException">They can't be written.</exception>
    public static void Prepare(ClientOptions options, ChunkSums? sums)
    {
        if ((options.ChunkCount ?? sums?.ChunkCount) is not { } count || File.Exists(Path.Combine(options.Folder, LocalChunksFile.FileName))) return;
        try
        {
            Directory.CreateDirectory(options.Folder);
            LocalChunksFile.Save(options.Folder, count, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Usage, "can't make the folder " + options.Folder + ": " + e.Message + "; let this user write there, or give another with -folder");
        }
    }

    /// <summary>Checks that the list which is there is of as many chunks as the user thinks.</summary>
    /// <exception cref="ProgramException">It isn't.</exception>
    public static void Check(ClientOptions options, LocalChunksFile list)
    {
        if (options.ChunkCount is { } count && count != list.ChunkCount)
            throw new ProgramException(ExitCode.Usage, LocalChunksFile.FileName + " in " + options.Folder + " is of " + list.ChunkCount + " chunks, not " + count + ": leave -chunks out, or give another folder with -folder");
    }
}
