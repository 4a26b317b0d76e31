using System;

namespace P2P.Posix;

/// <summary>What there is at a path.</summary>
public enum NativeKind
{
    /// <summary>A pipe, a device or a socket.</summary>
    Other,
    File,
    Folder,
    Link,
}

/// <summary>What the file system knows of a file: statx(2).</summary>
/// <param name="mode">Permissions, 0 to 4095.</param>
/// <param name="bytes">Size.</param>
/// <param name="modified">When it was last written to, in UTC.</param>
public readonly struct NativeStatus(NativeKind kind, int mode, long bytes, DateTime modified)
{
    public NativeKind Kind => kind;

    public int Mode => mode;

    public long Bytes => bytes;

    public DateTime Modified => modified;

    // STATX_BASIC_STATS is what every file system has; these are what is used.
    private const uint Wanted = LibC.STATX_TYPE | LibC.STATX_MODE | LibC.STATX_SIZE | LibC.STATX_MTIME;

    internal static unsafe bool TryRead(int folder, string path, int flags, out NativeStatus result)
    {
        LibC.FileStatus status;
        result = default;
        if (LibC.statx(folder, path, flags, Wanted, &status) != 0 || (status.Mask & Wanted) != Wanted) return false;
        NativeKind kind = (status.Mode & LibC.FileTypeMask) switch
        {
            LibC.RegularFile => NativeKind.File,
            LibC.FileIsFolder => NativeKind.Folder,
            LibC.FileIsLink => NativeKind.Link,
            _ => NativeKind.Other,
        };
        DateTime modified = DateTime.UnixEpoch.AddSeconds(status.Modified.Seconds)
            .AddTicks(status.Modified.Nanoseconds / TimeSpan.NanosecondsPerTick);
        result = new NativeStatus(kind, status.Mode & ~LibC.FileTypeMask, (long)status.Bytes, modified);
        return true;
    }
}
