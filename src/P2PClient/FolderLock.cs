using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// A folder belongs to one client at a time: two would remove each other's temporary files. The lock is on the folder
/// itself, so that no file has to lie in it, and goes with the process, however that ends.
/// </summary>
internal static class FolderLock
{
    /// <summary>Takes the folder for as long as the program runs.</summary>
    /// <returns>To be kept; null where the file system knows no such locks.</returns>
    /// <exception cref="ProgramException">Another client has it.</exception>
    public static NativeFile? Take(string folder)
    {
        var handle = NativeFile.TryOpen(folder, out _);
        if (handle is null || handle.TryLock(out bool isTaken)) return handle;
        handle.Dispose();
        if (!isTaken) return null;
        throw new ProgramException(ExitCode.Failure, $"another client is using the folder {folder}: end that one first, or give another folder with -folder");
    }
}
