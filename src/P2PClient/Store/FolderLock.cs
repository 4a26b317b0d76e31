using System;
using System.Threading;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// A folder belongs to one client, or one split, at a time: two would remove each other's temporary files. The lock is
/// on the folder itself, so that no file has to lie in it, and goes with the process, however that ends.
/// </summary>
internal static class FolderLock
{
    private const int Attempts = 50;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Takes the folder for as long as the program runs. The program waits for a client that is just ending, a
    /// second at most, so that a client can be started again in a hurry. Before the program has taken the folder it
    /// reads nothing there that may change.</summary>
    /// <param name="option">By which the user may name another one.</param>
    /// <returns>The lock, to be kept; null where there is no folder, or its file system knows no such locks.</returns>
    /// <exception cref="ProgramException">Another client has locked the folder.</exception>
    public static NativeFile? Take(string folder, string option = "-folder")
    {
        var handle = NativeFile.TryOpen(folder, out _);
        bool isTaken = false;
        for (int i = 0; i < Attempts && handle is not null; i++)
        {
            if (i > 0) Thread.Sleep(Pause);
            if (handle.TryLock(out isTaken)) return handle;
            if (!isTaken) break;
        }
        handle?.Dispose();
        if (!isTaken) return null;
        throw new ProgramException(ExitCode.Failure, $"another P2PClient is using {folder}: end that one first, or "
            + $"give another with {option}");
    }
}
