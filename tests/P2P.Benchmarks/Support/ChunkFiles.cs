using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace P2P.Benchmarks.Support;

/// <summary>Folders as our client wants them: `chunk_[index]` files and the list of them.</summary>
internal static class ChunkFiles
{
    public static string NameOf(int chunkIndex) => $"chunk_{chunkIndex}";

    /// <summary>Writes chunks 1 to count of random bytes, which stay in the page cache but are on the disk as well: no
    /// writing back disturbs what is measured later.</summary>
    public static void Write(string folder, int count, long chunkBytes)
    {
        var random = new Random(count);
        byte[] part = new byte[Math.Min(chunkBytes, 1 << 20)];
        for (int index = 1; index <= count; index++)
        {
            using FileStream file = File.Create(Path.Combine(folder, NameOf(index)));
            for (long written = 0; written < chunkBytes; written += part.Length)
            {
                random.NextBytes(part);
                file.Write(part);
            }
        }
        WriteBack(folder);
    }

    /// <summary>Writes `local_chunks.txt`.</summary>
    public static void List(string folder, IEnumerable<int> held, int count)
    {
        var list = new StringBuilder();
        foreach (int index in held)
            list.Append($"{index},{NameOf(index)}\n");
        File.WriteAllText(Path.Combine(folder, "local_chunks.txt"), $"{list}{count},LASTCHUNK\n");
    }

    /// <summary>Fails unless all chunks are there, under their final names and at full length.</summary>
    public static void Check(string folder, int count, long chunkBytes)
    {
        int whole = Enumerable.Range(1, count).Count(index =>
            new FileInfo(Path.Combine(folder, NameOf(index))) is { Exists: true } file && file.Length == chunkBytes);
        if (whole != count)
            throw new BenchmarkException($"{folder} has {whole} of {count} chunks");
    }

    /// <summary>Waits until the disk has all that was written and deleted there,
    /// which takes longer than some transfers do.</summary>
    public static void WriteBack(string folder)
    {
        int descriptor = LibC.Open(folder);
        LibC.Check(LibC.syncfs(descriptor));
        LibC.close(descriptor);
    }
}
