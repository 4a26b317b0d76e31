using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Cli;

namespace P2P.Client;

/// <summary>
/// Where -out leads: the client looks there before it fetches anything, rather than when all is there. An unfinished
/// file has a temporary name beside the target and is locked, so that the leftover of a killed process can be told from
/// the file of a living one: the lock goes with its process.
/// </summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be made there, and removes what earlier runs have left of it.</summary>
    /// <param name="name">As the user named it.</param>
    /// <param name="path">Its full path.</param>
    /// <param name="mayExist">It may be there already, if it is a file.</param>
    /// <exception cref="ProgramException">It can't.</exception>
    public static void Check(string name, string path, bool mayExist)
    {
        if (Directory.Exists(path))
            throw new ProgramException(ExitCode.Usage, $"-out {name} is a folder: give the name of a file");
        if (File.Exists(path) && !mayExist)
            throw new ProgramException(ExitCode.Usage,
                $"there is a file {name} already: move it away, or give another with -out");
        string folder = Path.GetDirectoryName(path)!;
        string probe = TemporaryPath(path);
        try
        {
            const FileOptions options = FileOptions.DeleteOnClose;
            File.OpenHandle(probe, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, options).Dispose();
            RemoveLeftovers(folder, Path.GetFileName(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Usage, $"can't write {name}: there is no folder {folder}, or this user "
                + "may not write there; give another with -out");
        }
    }

    /// <summary>Makes the file under its temporary name.</summary>
    /// <exception cref="IOException">It can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be made.</exception>
    public static SafeFileHandle Create(string temporaryPath)
    {
        while (true)
        {
            SafeFileHandle file = File.OpenHandle(temporaryPath, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
            if (File.Exists(temporaryPath)) return file;
            file.Dispose();     // before it was locked another process has taken it for a leftover
        }
    }

    /// <summary>The name that this process gives the file until it is whole.</summary>
    public static string TemporaryPath(string path) =>
        Path.Combine(Path.GetDirectoryName(path)!, ChunkStore.TemporaryName(Path.GetFileName(path)));

    /// <summary>What is to be told of a name that something else has.</summary>
    public static string Taken(string name) =>
        $"there is a file {name} already, and it is not what the chunks make: move it away, or give another with -out";

    private static void RemoveLeftovers(string folder, string name)
    {
        foreach (string path in Directory.GetFileSystemEntries(folder))
        {
            if (!ChunkStore.IsTemporaryOf(Path.GetFileName(path), name)) continue;
            try
            {
                using (File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A living process has locked it, or it has just gone.
            }
        }
    }
}
