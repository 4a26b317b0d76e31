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

    /// <summary>What a symbolic link says, or null if there is none at a path.</summary>
    public static unsafe string? TargetOf(string path)
    {
        byte* target = stackalloc byte[PathBytesMax];
        nint bytes = LibC.readlink(path, target, PathBytesMax);
        return bytes is > 0 and < PathBytesMax ? Encoding.UTF8.GetString(target, (int)bytes) : null;
    }
}
