using System;
using System.IO;
using System.Linq;
using P2P.Client;
using P2P.Posix;

namespace P2P.Tests.Support;

/// <summary>The set that a seed makes of a file or folder: its description and its chunks.</summary>
internal sealed class SetContent
{
    private readonly ChunkSums _sums;

    public SetContent(string path, long chunkBytes)
    {
        ClientOptions options = ClientOptions.Parse(["-seed", path, "-chunk_size", $"{chunkBytes}", "-quiet"])!;
        _sums = SeedSet.Open(options, warning => throw new IOException(warning), out PlacedStore store);
        Chunks = new ChunkSet([.. Enumerable.Range(1, _sums.ChunkCount).Select(index => Read(store, index))]);
    }

    public ChunkSet Chunks { get; }

    public ulong Id => _sums.Id;

    /// <summary>The text of `chunks.crc`.</summary>
    public byte[] Description => _sums.Text;

    /// <summary>A chunk that has bytes of this file; 0 if none has: it is empty, or one hole.</summary>
    /// <param name="path">In the folder; empty if the set is one file.</param>
    public int ChunkOf(string path) => _sums.Files is not { } files ? 1
        : Enumerable.Range(1, _sums.ChunkCount)
            .FirstOrDefault(index => files.All[files.Places[index - 1].File].Path == path);

    private byte[] Read(PlacedStore store, int index)
    {
        using NativeFile file = store.TryOpen(index, out _)!;
        byte[] bytes = new byte[_sums.SizeOf(index)];
        for (int at = 0; at < bytes.Length;)
            at += file.Read(bytes.AsSpan(at), at) is > 0 and var read ? read : throw new IOException("it is changing");
        return bytes;
    }
}
