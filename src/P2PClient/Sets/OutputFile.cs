using System;
using System.IO;
using P2P.Cli;

namespace P2P.Client;

/// <summary>
/// The target of -out, which the client checks before it fetches any chunk, rather than when all chunks are there. An
/// unfinished file has a temporary name beside the target and is locked, so that the leftover of a killed process
/// differs from the file of a living one: the lock goes with its process.
/// </summary>
internal static class OutputFile
{
    /// <summary>Checks that the file can be made, and removes the leftovers of earlier runs.</summary>
    /// <param name="name">As the user named it.</param>
    /// <param name="path">Its full path.</param>
    /// <param name="mayExist">A file of that name may be there already.</param>
    /// <exception cref="ProgramException">The file can't be made.</exception>
    public static void Check(string name, string path, bool mayExist)
    {
        if (Directory.Exists(path))
            throw new ProgramException(ExitCode.Usage, $"-out {name} is a folder: give the name of a file");
        if (File.Exists(path) && !mayExist)
            throw new ProgramException(ExitCode.Usage,
                $"there is a file {name} already: move it away, or give another with -out");
        string folder = Path.GetDirectoryName(path)!;
        string probe = AtomicFile.TemporaryPath(path);
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

    /// <summary>Words that a different file has the name.</summary>
    public static string DescribeTaken(string name) =>
        $"there is a file {name} already, and it is not what the chunks make: move it away, or give another with -out";

    private static void RemoveLeftovers(string folder, string name)
    {
        foreach (string path in Directory.GetFileSystemEntries(folder))
        {
            if (!FolderStore.IsTemporaryOf(Path.GetFileName(path), name)) continue;
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
