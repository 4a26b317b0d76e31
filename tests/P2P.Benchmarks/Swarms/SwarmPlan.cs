using System;
using System.Collections.Generic;
using System.Linq;

namespace P2P.Benchmarks.Swarms;

/// <summary>A file-set, and who has which of its chunks at the start. Peers are numbered from 0.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="ChunkCount">Chunks 1 to this.</param>
/// <param name="Held">The chunks that each peer has, ascending.</param>
/// <param name="UplinkMegabits">What each peer can send, in 1e6 bits a second; null where nothing limits it.</param>
internal sealed record SwarmPlan(string Name, int ChunkCount, long ChunkBytes, IReadOnlyList<int>[] Held,
    double[]? UplinkMegabits = null)
{
    public int PeerCount => Held.Length;

    public long TotalBytes => ChunkCount * ChunkBytes;

    /// <summary>One peer, number 0, has everything, the others nothing.</summary>
    public static SwarmPlan WithSeed(string name, int clients, int chunkCount, long chunkBytes) =>
        new(name, chunkCount, chunkBytes,
            [.. Enumerable.Repeat<IReadOnlyList<int>>([], clients).Prepend(Enumerable.Range(1, chunkCount).ToArray())]);

    /// <summary>No peer has everything: each chunk is with one or two, the same in every run.</summary>
    public static SwarmPlan Scattered(string name, int peers, int chunkCount, long chunkBytes)
    {
        var random = new Random(chunkCount);
        List<int>[] held = Enumerable.Range(0, peers).Select(_ => new List<int>()).ToArray();
        for (int index = 1; index <= chunkCount; index++)
        {
            int first = random.Next(peers);
            held[first].Add(index);
            if (random.Next(2) == 0)
                held[(first + 1 + random.Next(peers - 1)) % peers].Add(index);
        }
        return new SwarmPlan(name, chunkCount, chunkBytes, held);
    }

    public bool IsComplete(int peer) => Held[peer].Count == ChunkCount;

    /// <summary>
    /// No program can be faster than this, in seconds: everything that is missing has to leave through all the uplinks
    /// together, and what only one peer has, through its own. With one seed that is max(F / u_seed, N F / sum u).
    /// </summary>
    public double BoundSeconds()
    {
        double[] bytesPerSecond = UplinkMegabits!.Select(megabits => megabits * 1e6 / 8).ToArray();
        double missingBytes = Held.Sum(held => (double)(ChunkCount - held.Count) * ChunkBytes);
        var holders = Held.SelectMany(held => held).CountBy(index => index).ToDictionary();
        IEnumerable<double> unique =
            Held.Select((held, peer) => held.Count(index => holders[index] == 1) * ChunkBytes / bytesPerSecond[peer]);
        return Math.Max(missingBytes / bytesPerSecond.Sum(), unique.Max());
    }
}
