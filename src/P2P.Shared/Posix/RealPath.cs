using System;
using System.Text;

namespace P2P.Posix;

/// <summary>Where a path leads once every link in it is followed.</summary>
public static class RealPath
{
    private const int PathBytesMax = 4096;      // PATH_MAX

    /// <summary>The path without links, or null if it leads nowhere.</summary>
    public static unsafe string? Of(string path)
    {
        byte* resolved = stackalloc byte[PathBytesMax];
        if (LibC.realpath(path, resolved) is null) return null;
        var text = new ReadOnlySpan<byte>(resolved, PathBytesMax);
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }
}
