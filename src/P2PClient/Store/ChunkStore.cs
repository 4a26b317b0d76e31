using System;
using System.Diagnostics;
using System.IO;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Where the chunks' bytes lie: each in a file of its own (<see cref="FolderStore"/>), or all in the files that the set
/// was made of (<see cref="PlacedStore"/>). All of this is about files; the state of each chunk is
/// <see cref="ChunkPicker"/>'s business.
/// </summary>
internal abstract class ChunkStore(int chunkCount)
{
    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount { get; } = chunkCount;

    /// <summary>The spare descriptor for the files of chunks.</summary>
    public DescriptorReserve Descriptors { get; } = new();

    /// <summary>The files belong to the user, and are never written: a chunk that is lost can't be fetched anew.
    /// </summary>
    public virtual bool IsReadOnly => false;

    /// <summary>The size of a chunk that is held, in bytes.</summary>
    public abstract long SizeOf(int chunkIndex);

    /// <summary>The name of the file that a chunk is in, for the user.</summary>
    public abstract string NameOf(int chunkIndex);

    /// <summary>Opens a chunk that is held, at its first byte.</summary>
    /// <param name="isGone">The file has gone, can't be read, or has another size than before. False without a file: it
    /// can't be opened now, for example for want of descriptors, which passes.</param>
    public abstract NativeFile? TryOpen(int chunkIndex, out bool isGone);

    /// <summary>A place for a chunk that is missing; nothing is written before its first byte.</summary>
    /// <param name="isSecond">Another attempt at this chunk is running, so the chunk needs another place.</param>
    public abstract PartialChunk CreatePartial(int chunkIndex, bool isSecond = false);

    /// <summary>Puts a copy where its chunk belongs; the chunk is held from then on however this process ends.
    /// </summary>
    /// <returns>False if the disk refused.</returns>
    public abstract bool TryCommit(int chunkIndex, PartialChunk copy);

    /// <summary>A chunk is in its place, and is held from now on.</summary>
    public virtual void OnStored(int chunkIndex, long bytes) =>
        Debug.Assert(chunkIndex >= 1 && chunkIndex <= ChunkCount, "a chunk of the file-set");

    /// <summary>The file of a chunk that was held has gone or changed.</summary>
    public virtual void OnLost(int chunkIndex) =>
        Debug.Assert(chunkIndex >= 1 && chunkIndex <= ChunkCount, "a chunk of the file-set");

    /// <summary>Notes which chunks are held, for the next client.</summary>
    /// <param name="held">Tells of each index whether that chunk is held.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The disk refuses.</exception>
    public virtual void SaveList(Func<int, bool> held)
    {
    }

    /// <summary>Tells of the errno of an open whether the file is gone, and not only short of something.</summary>
    protected static bool MeansGone(int error) =>
        error is LibC.ENOENT or LibC.ENOTDIR or LibC.EACCES or LibC.EPERM or LibC.ELOOP or LibC.ENXIO;
}
