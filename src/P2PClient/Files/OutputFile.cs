using System.IO;
using System.Text;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>Where -out leads: looked at before anything is fetched, rather than when all is there.</summary>
internal static class OutputFile
{
    /// <summary>Checks that a file can be made there.</summary>
    /// <param name="name">As the user named it.</param>
    /// <param name="path">Its full path.</param>
    /// <param name="mayExist">It may be there already, if it is a file.</param>
    /// <exception cref="ProgramException">It can't.</exception>
    public static unsafe void Check(string name, string path, bool mayExist)
    {
        if (Directory.Exists(path)) throw new ProgramException(ExitCode.Usage, $"-out {name} is a folder: give the name of a file");
        if (File.Exists(path) && !mayExist)
            throw new ProgramException(ExitCode.Usage, $"there is a file {name} already: move it away, or give another with -out");
        fixed (byte* folder = Encoding.UTF8.GetBytes(Path.GetDirectoryName(path) + '\0'))
        {
            if (LibC.access(folder, LibC.W_OK) != 0)
                throw new ProgramException(ExitCode.Usage, "can't write " + name + ": there is no folder " + Path.GetDirectoryName(path) + ", or this user may not write there; give another with -out");
        }
    }

    /// <summary>What is to be told of a name that something else has.</summary>
    public static string Taken(string name) => $"there is a file {name} already, and it is not what the chunks make: move it away, or give another with -out";
}
