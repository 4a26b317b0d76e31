using System;
using System.IO;

namespace P2P.Posix;

/// <summary>What a file operation of .NET's failed of, in the system's words: .NET's own name paths and types.</summary>
public static class DiskError
{
    private const int ErrorMax = 4095;      // as far as the kernel counts

    /// <summary>The reason in a few words, without the path: <c>No space left on device</c>.</summary>
    /// <param name="e">An IOException or UnauthorizedAccessException; one that was made here keeps its own words.</param>
    public static string Describe(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => LibC.ErrorText(LibC.ENOENT),
        PathTooLongException => LibC.ErrorText(LibC.ENAMETOOLONG),
        UnauthorizedAccessException { InnerException.HResult: > 0 and <= ErrorMax } => LibC.ErrorText(e.InnerException!.HResult),
        UnauthorizedAccessException => LibC.ErrorText(LibC.EACCES),
        { HResult: > 0 and <= ErrorMax } => LibC.ErrorText(e.HResult),
        _ => e.Message,
    };
}
