using System.IO;
using System.Runtime.InteropServices;

namespace P2P.Posix;

/// <summary>The kernel's pipe. AnonymousPipeServerStream would bring System.IO.Pipes along for it.</summary>
internal static unsafe class Pipe
{
    /// <summary>Makes a pipe; the caller owns both descriptors.</summary>
    /// <exception cref="IOException">There are no descriptors left.</exception>
    public static (int Reader, int Writer) Open(bool isNonBlocking)
    {
        int* ends = stackalloc int[2];
        if (LibC.pipe2(ends, LibC.O_CLOEXEC | (isNonBlocking ? LibC.O_NONBLOCK : 0)) < 0)
            throw new IOException(LibC.ErrorText(Marshal.GetLastPInvokeError()));
        return (ends[0], ends[1]);
    }
}
