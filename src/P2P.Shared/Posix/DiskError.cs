using System;
using System.IO;

namespace P2P.Posix;

/// <summary>Why a file operation of .NET's failed, in the system's words: .NET's own messages name paths and
/// types.</summary>
public static class DiskError
{
    private const int ErrorMax = 4095;      // the kernel's largest errno

    /// <summary>The reason in a few words, without the path: <c>No space left on device</c>.</summary>
    /// <param name="e">An IOException or UnauthorizedAccessException; an exception that our own code made keeps its
    /// words.</param>
    public static string Describe(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => LibC.ErrorText(LibC.ENOENT),
        PathTooLongException => LibC.ErrorText(LibC.ENAMETOOLONG),
        UnauthorizedAccessException { InnerException.HResult: > 0 and <= ErrorMax } =>
            LibC.ErrorText(e.InnerException!.HResult),
        UnauthorizedAccessException => LibC.ErrorText(LibC.EACCES),
        { HResult: > 0 and <= ErrorMax } => LibC.ErrorText(e.HResult),
        _ => e.Message,
    };
}
