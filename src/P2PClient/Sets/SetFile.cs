using System.Collections.Generic;

namespace P2P.Client;

/// <summary>What an entry of a set's list of files is.</summary>
internal enum SetFileKind
{
    File,
    Folder,
    Link,
}

/// <summary>One file, folder or symbolic link of a set that was made of a folder.</summary>
internal sealed class SetFile(SetFileKind kind, string path)
{
    public SetFileKind Kind => kind;

    /// <summary>Relative to the folder, with slashes.</summary>
    public string Path => path;

    /// <summary>Permissions, 0 to 4095; 0 of a link.</summary>
    public int Mode { get; init; }

    /// <summary>When it was last written to, in ticks of 100 ns since 1970; of a link, when it was made.</summary>
    public long Modified { get; init; }

    /// <summary>Size, holes included; 0 of what is no file.</summary>
    public long Bytes { get; init; }

    /// <summary>The parts of a file that are no holes, in their order: they alone are in chunks.</summary>
    public IReadOnlyList<SetRange> Data { get; init; } = [];

    /// <summary>Where a link leads to; else empty.</summary>
    public string Target { get; init; } = "";
}

/// <summary>A part of a file that is no hole.</summary>
/// <param name="start">Offset of its first byte.</param>
/// <param name="bytes">At least 1.</param>
internal readonly struct SetRange(long start, long bytes)
{
    public long Start => start;

    public long Bytes => bytes;
}

/// <summary>Where a chunk belongs.</summary>
/// <param name="file">The place of its file in the set's list.</param>
/// <param name="start">The offset in the file.</param>
internal readonly struct ChunkPlace(int file, long start)
{
    public int File => file;

    public long Start => start;
}
