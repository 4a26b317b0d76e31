using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>
/// A file of random bytes, split into chunks 1 to <see cref="Count"/>: deals some of them to a folder together with
/// its `local_chunks.txt`, and compares a folder with the whole, byte for byte.
/// </summary>
internal sealed class ChunkSet
{
    private readonly byte[][] _chunks;

    /// <param name="bytesOf">The length of each chunk, by its index.</param>
    public ChunkSet(Random random, int count, Func<int, int> bytesOf)
    {
        _chunks = new byte[count][];
        for (int index = 1; index <= count; index++)
        {
            _chunks[index - 1] = new byte[bytesOf(index)];
            Fill(_chunks[index - 1], random);
        }
    }

    /// <summary>Takes the chunks as they are.</summary>
    public ChunkSet(byte[][] chunks) => _chunks = chunks;

    public ChunkSet(Random random, int count, int bytes) : this(random, count, _ => bytes)
    {
    }

    public int Count => _chunks.Length;

    /// <summary>Fills a buffer with bytes that follow from the source's next number:
    /// a seeded Random would need seconds for what the tests move.</summary>
    public static void Fill(Span<byte> bytes, Random random)
    {
        ulong state = (ulong)random.NextInt64();
        foreach (ref ulong word in MemoryMarshal.Cast<byte, ulong>(bytes))
            word = Next();
        random.NextBytes(bytes[(bytes.Length & ~7)..]);

        // splitmix64 (Steele, Lea and Flood 2014).
        ulong Next()
        {
            ulong mixed = state += 0x9e3779b97f4a7c15;
            mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
            mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
            return mixed ^ mixed >> 31;
        }
    }

    public IEnumerable<int> Indexes => Enumerable.Range(1, Count);

    public byte[] this[int index] => _chunks[index - 1];

    /// <summary>Every index but these.</summary>
    public int[] AllBut(params int[] indexes) => Indexes.Except(indexes).ToArray();

    /// <summary>Writes these chunks as `chunk_[index]`, and the list that names them.</summary>
    public void DealTo(string folder, params IEnumerable<int> indexes)
    {
        var list = new StringBuilder();
        foreach (int index in indexes)
        {
            File.WriteAllBytes(Path.Combine(folder, $"chunk_{index}"), this[index]);
            list.Append($"{index},chunk_{index}\n");
        }
        File.WriteAllText(Path.Combine(folder, "local_chunks.txt"), $"{list}{Count},LASTCHUNK\n");
    }

    /// <summary>Deals every chunk to one of the holders, by chance; each holder gets what it got.</summary>
    public IReadOnlyList<int>[] Scatter(Random random, int holders)
    {
        List<int>[] hands = Enumerable.Range(0, holders).Select(_ => new List<int>()).ToArray();
        foreach (int index in Indexes)
            hands[random.Next(holders)].Add(index);
        return hands;
    }

    /// <summary>Fails unless the file holds exactly this chunk.</summary>
    public void AssertChunk(int index, string path)
    {
        Assert.True(File.Exists(path), $"{path} is missing");
        AssertChunk(index, File.ReadAllBytes(path), path);
    }

    /// <summary>Fails unless these are exactly this chunk's bytes.</summary>
    public void AssertChunk(int index, ReadOnlySpan<byte> bytes, string where)
    {
        int same = bytes.CommonPrefixLength(this[index]);
        Assert.True(bytes.Length == this[index].Length && same == bytes.Length,
            $"chunk {index} in {where}: {bytes.Length} bytes of {this[index].Length}, the first {same} are right");
    }

    /// <summary>Fails unless the folder holds every chunk as `chunk_[index]`,
    /// and no file besides these and the list.</summary>
    public void AssertComplete(string folder)
    {
        foreach (int index in Indexes)
            AssertChunk(index, Path.Combine(folder, $"chunk_{index}"));
        var expected = Indexes.Select(index => $"chunk_{index}").ToHashSet();
        foreach (string name in Directory.GetFiles(folder).Select(path => Path.GetFileName(path)))
            // The list may just be being rewritten by rename; nothing else has any business here.
            Assert.True(expected.Contains(name) || name.Contains("local_chunks"), $"{folder} holds {name}");
    }
}
