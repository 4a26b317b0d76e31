using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// The peers that the tracker's last answer listed for each chunk, the time of that answer, and the choice among them:
/// a peer with the fewest running downloads, and a peer that has failed only if there is no other. In memory only: no
/// clock but the times it is given.
/// </summary>
internal sealed class KnownSources(int chunkCount, Random random)
{
    private readonly Answer[] _answers = new Answer[chunkCount + 1];        // by index; [0] is unused
    private readonly Dictionary<int, Peer> _avoided = [];
    private readonly List<Peer> _peers = [];        // with a chunk
    private int _listedChunks;      // chunks with a source

    /// <summary>The number of sources in the last answer about a chunk; 0 if there was no answer.</summary>
    public int CountOf(int chunkIndex) => _answers[chunkIndex].Sources?.Length ?? 0;

    /// <summary>Tells whether there was an answer about a chunk, and the last one listed no source.</summary>
    public bool IsNone(int chunkIndex) => _answers[chunkIndex].Sources is { Length: 0 };

    /// <summary>When the last answer about a chunk came.</summary>
    public TimeSpan TimeOf(int chunkIndex) => _answers[chunkIndex].Time;

    /// <summary>An answer has come, and replaces the one before.</summary>
    /// <param name="sources">Each peer once.</param>
    public void Set(int chunkIndex, Peer[] sources, TimeSpan now)
    {
        CheckEachOnce(sources);
        Debug.Assert(now >= TimeOf(chunkIndex), "an answer is older than the one before it");
        Replace(chunkIndex, new Answer(sources, now));
    }

    /// <summary>The last answer about a chunk is known to be incomplete.</summary>
    public void Outdate(int chunkIndex) => _answers[chunkIndex] = _answers[chunkIndex] with { Time = TimeSpan.Zero };

    /// <summary>The chunk has arrived: its sources no longer matter.</summary>
    public void Forget(int chunkIndex)
    {
        Replace(chunkIndex, default);
        _avoided.Remove(chunkIndex);
    }

    /// <summary>A source's copy of a chunk is doubtful or wrong: if the tracker lists others, one of them is asked
    /// next.</summary>
    public void Avoid(int chunkIndex, Peer source)
    {
        Debug.Assert(CountOf(chunkIndex) > 0, "the chunk has no source to avoid");
        _avoided[chunkIndex] = source;
    }

    /// <summary>Tells whether a chunk has sources, and each of them pauses after a failure, or has failed last.
    /// </summary>
    public bool HaveAllFailed(int chunkIndex, TimeSpan now)
    {
        if (CountOf(chunkIndex) == 0) return false;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (peer.PausedUntil <= now && !peer.IsDoubtful) return false;
        }
        return true;
    }

    /// <summary>Tells whether every peer that has any chunk is busy and will be free: a look at few peers saves one at
    /// many chunks.</summary>
    public bool AreAllBusy(TimeSpan now)
    {
        foreach (Peer peer in _peers)
        {
            if (peer.HasRoom || peer.PausedUntil > now) return false;
        }
        return true;
    }

    /// <summary>Tells whether <see cref="TryChoose"/> would find a source.</summary>
    /// <param name="mayAsk">False if every source pauses or is avoided: waiting for room at one is no use.</param>
    public bool HasFree(int chunkIndex, TimeSpan now, out bool mayAsk)
    {
        mayAsk = false;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (!MayAsk(chunkIndex, peer, now)) continue;
            mayAsk = true;
            if (peer.HasRoom) return true;
        }
        return false;
    }

    /// <summary>Chooses the source to fetch a chunk from.</summary>
    /// <param name="mayAsk">False if every source pauses or is avoided: waiting for room at one is no use.</param>
    public bool TryChoose(int chunkIndex, TimeSpan now, out Peer source, out bool mayAsk)
    {
        source = null!;
        mayAsk = false;
        int ties = 0;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (!MayAsk(chunkIndex, peer, now)) continue;
            mayAsk = true;
            if (peer.HasRoom) Compare(peer, ref source, ref ties);
        }
        return source is not null;
    }

    /// <summary>Chooses one more source for a chunk that is being fetched.</summary>
    /// <param name="isTaken">Tells whether the chunk is being fetched from a peer.</param>
    public bool TryChooseAnother(int chunkIndex, TimeSpan now, Func<Peer, bool> isTaken, out Peer source)
    {
        source = null!;
        int ties = 0;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (peer.PausedUntil <= now && peer.HasRoom && !isTaken(peer)) Compare(peer, ref source, ref ties);
        }
        return source is not null;
    }

    private bool MayAsk(int chunkIndex, Peer peer, TimeSpan now)
    {
        if (peer.PausedUntil > now) return false;
        if (_avoided.Count == 0 || CountOf(chunkIndex) == 1) return true;
        return !_avoided.TryGetValue(chunkIndex, out Peer? avoided) || avoided != peer;
    }

    // Of equally good candidates each is chosen with the same probability: clients must not all ask the same peer.
    private void Compare(Peer candidate, ref Peer chosen, ref int ties)
    {
        int order = chosen is null ? -1 : Order(candidate).CompareTo(Order(chosen));
        ties = order < 0 ? 1 : order == 0 ? ties + 1 : ties;
        if (order < 0 || (order == 0 && random.Next(ties) == 0)) chosen = candidate;
    }

    // Of equally busy peers one that has nearly every chunk comes last, because all clients ask it.
    private (bool, int, bool) Order(Peer peer) =>
        (peer.IsDoubtful, peer.Downloads, 4 * peer.Listed > 3 * _listedChunks);

    private void Replace(int chunkIndex, Answer answer)
    {
        foreach (Peer peer in answer.Sources ?? [])
        {
            if (peer.Listed++ == 0) _peers.Add(peer);
        }
        foreach (Peer peer in _answers[chunkIndex].Sources ?? [])
        {
            if (--peer.Listed == 0) _peers.Remove(peer);
        }
        _listedChunks += Math.Sign(answer.Sources?.Length ?? 0) - Math.Sign(CountOf(chunkIndex));
        _answers[chunkIndex] = answer;
        Debug.Assert(_listedChunks >= 0 && _listedChunks < _answers.Length, $"{_listedChunks} chunks have sources");
    }

    [Conditional("DEBUG")]
    private static void CheckEachOnce(Peer[] sources)
    {
        for (int i = 1; i < sources.Length; i++)
            Debug.Assert(Array.IndexOf(sources, sources[i], 0, i) < 0, $"{sources[i]} is listed twice for a chunk");
    }

    private readonly record struct Answer(Peer[] Sources, TimeSpan Time);
}
