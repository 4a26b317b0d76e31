using System;
using System.IO;
using P2P.Cli;

namespace P2P.Client;

/// <summary>Where -out leads: looked at before anything is fetched, rather than when all is there.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be made there.</summary>
    /// <param name="name">As the user named it.</param>
    /// <param name="path">Its full path.</param>
    /// <param name="mayExist">It may be there already, if it is a file.</param>
    /// <exception cref="ProgramException">It can't.</exception>
    public static void Check(string name, string path, bool mayExist)
    {
        if (Directory.Exists(path)) throw new ProgramException(ExitCode.Usage, $"-out {name} is a folder: give the name of a file");
        if (File.Exists(path) && !mayExist)
            throw new ProgramException(ExitCode.Usage, $"there is a file {name} already: move it away, or give another with -out");
        string folder = Path.GetDirectoryName(path)!;
        string probe = Path.Combine(folder, ChunkStore.TemporaryName(Path.GetFileName(path)));
        try
        {
            File.OpenHandle(probe, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Usage, "can't write " + name + ": there is no folder " + folder
                + ", or this user may not write there; give another with -out");
        }
    }

    /// <summary>What is to be told of a name that something else has.</summary>
    public static string Taken(string name) => $"there is a file {name} already, and it is not what the chunks make: move it away, or give another with -out";
}
