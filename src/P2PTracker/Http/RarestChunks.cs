using System;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>The chunks with the fewest peers among those added, and how many have how many.</summary>
internal sealed class RarestChunks
{
    /// <summary>The chunks and how many peers have each: the rarest first, of equally rare ones the lowest index. Good
    /// up to <see cref="Count"/>.</summary>
    public (int ChunkIndex, int Peers)[] All { get; } = new (int, int)[HttpLimits.RarestMax];

    public int Count { get; private set; }

    /// <summary>How many of the chunks added have so many peers, from 0 on. The last also counts those with
    /// more.</summary>
    public int[] Holders { get; } = new int[HttpLimits.HoldersMax + 1];

    /// <summary>Removes all chunks.</summary>
    public void Clear()
    {
        Count = 0;
        Array.Clear(Holders);
    }

    /// <summary>Adds a chunk, if it is one of the rarest so far.</summary>
    public void Add(int chunkIndex, int peers)
    {
        Holders[Math.Min(peers, HttpLimits.HoldersMax)]++;
        int at = Count;
        for (; at > 0; at--)
        {
            (int otherIndex, int others) = All[at - 1];
            if (peers > others || (peers == others && chunkIndex > otherIndex)) break;
        }
        if (at == All.Length) return;
        Count = Math.Min(Count + 1, All.Length);
        All.AsSpan(at, Count - 1 - at).CopyTo(All.AsSpan(at + 1));
        All[at] = (chunkIndex, peers);
        Debug.Assert(at < Count, "a chunk is added behind the last");
        Debug.Assert(at + 1 == Count || All[at + 1].Peers >= peers, "the rarest chunks are out of order");
    }
}
