using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace P2P.Client;

/// <summary>
/// The chunks to ask the tracker about, and their order: first chunks in flight that need more sources, then chunks to
/// be asked about again, then in turns chunks that no peer had and chunks never asked about. The client asks about more
/// chunks than it can fetch at once, so that it can choose the rarest.
/// </summary>
internal sealed class ChunkQuestions
{
    private readonly ChunkStages _stages;
    private readonly ReadyChunks _ready;
    private readonly List<int> _neverAsked = [];            // in random order, taken from the end
    private readonly Queue<int> _again = new();             // AskAgain and Stale
    private readonly Queue<int> _unknownDue = new();
    private readonly List<int> _inFlight = [];              // InFlightToAsk, in the order in which they are asked about
    private readonly UnknownChunks _unknown;
    private readonly Action<int> _makeDue;
    private bool _isTurnOfNew;                              // of a chunk never asked about

    /// <summary>Begins with the chunks that are not held.</summary>
    public ChunkQuestions(ChunkStages stages, ReadyChunks ready, Random random)
    {
        (_stages, _ready) = (stages, ready);
        _unknown = new UnknownChunks(random);
        _makeDue = chunkIndex =>
        {
            _stages.Move(chunkIndex, ChunkStage.UnknownDue);
            _unknownDue.Enqueue(chunkIndex);
        };
        for (int chunkIndex = 1; chunkIndex <= stages.ChunkCount; chunkIndex++)
        {
            if (stages[chunkIndex] == ChunkStage.NeverAsked) _neverAsked.Add(chunkIndex);
        }
        random.Shuffle(CollectionsMarshal.AsSpan(_neverAsked));
    }

    /// <summary>Takes the next chunk to ask about; the chunk is then in a stage of being asked about, or in flight.
    /// </summary>
    public bool TryTake(TimeSpan now, out int chunkIndex)
    {
        _unknown.TakeDue(now, _makeDue);
        if (_inFlight.Count > 0)
        {
            CancelMoreSources(chunkIndex = _inFlight[0]);
            return true;
        }
        if (_again.TryDequeue(out chunkIndex))
        {
            bool isDue = _stages[chunkIndex] is ChunkStage.AskAgain or ChunkStage.Stale;
            Debug.Assert(isDue, $"chunk {chunkIndex} is {_stages[chunkIndex]}, and in the queue");
        }
        else if (!TryTakeUnknownOrNew(out chunkIndex)) return false;
        bool isStale = _stages[chunkIndex] == ChunkStage.Stale;
        _stages.Move(chunkIndex, isStale ? ChunkStage.Refreshing : ChunkStage.Asked);
        return true;
    }

    /// <summary>A question got no answer, or a chunk's file was lost: the tracker is to be asked again.</summary>
    public void AskAgain(int chunkIndex)
    {
        bool isRefreshing = _stages[chunkIndex] == ChunkStage.Refreshing;
        _stages.Move(chunkIndex, isRefreshing ? ChunkStage.Stale : ChunkStage.AskAgain);
        _again.Enqueue(chunkIndex);
    }

    /// <summary>A chunk was picked, but the answer about it is old: the tracker is to be asked before the chunk is
    /// fetched.</summary>
    public void Refresh(int chunkIndex)
    {
        _stages.Move(chunkIndex, ChunkStage.Stale);
        _again.Enqueue(chunkIndex);
    }

    /// <summary>The tracker can't be asked: chunks that wait for a fresh answer are ready again.</summary>
    public void GiveUpRefreshing()
    {
        for (int count = _again.Count; count > 0; count--)
        {
            int chunkIndex = _again.Dequeue();
            if (_stages[chunkIndex] == ChunkStage.Stale) _ready.Add(chunkIndex);
            else _again.Enqueue(chunkIndex);
        }
    }

    /// <summary>A chunk in flight needs more sources: the tracker is to be asked, once.</summary>
    public void AskForMoreSources(int chunkIndex)
    {
        if (_stages[chunkIndex] == ChunkStage.InFlightToAsk) return;
        _stages.Move(chunkIndex, ChunkStage.InFlightToAsk);
        _inFlight.Add(chunkIndex);
    }

    /// <summary>The question about a chunk in flight is being sent, or is not needed any more.</summary>
    public void CancelMoreSources(int chunkIndex)
    {
        if (_stages[chunkIndex] != ChunkStage.InFlightToAsk) return;
        _stages.Move(chunkIndex, ChunkStage.InFlight);
        bool isRemoved = _inFlight.Remove(chunkIndex);
        Debug.Assert(isRemoved, "a chunk is to be asked about, and is not on the list");
    }

    /// <summary>No peer that could be asked has a chunk: the tracker is to be asked after a pause.</summary>
    public void AskLater(int chunkIndex, TimeSpan now)
    {
        _stages.Move(chunkIndex, ChunkStage.Unknown);
        _unknown.Add(chunkIndex, now);
    }

    /// <summary>A peer has a chunk that was unknown. The caller then moves the chunk to another stage.</summary>
    public void RemoveUnknown(int chunkIndex)
    {
        Debug.Assert(_stages[chunkIndex] == ChunkStage.Unknown, "the chunk is not unknown");
        _unknown.Remove(chunkIndex);
    }

    /// <summary>Something has changed: the tracker is asked soon about unknown chunks.</summary>
    public void OnChange(TimeSpan now) => _unknown.OnChange(now);

    /// <summary>Asserts that each chunk of these stages is in its queue, and no other chunk.</summary>
    [Conditional("DEBUG")]
    public void Check()
    {
        int again = _stages.CountOf(ChunkStage.AskAgain) + _stages.CountOf(ChunkStage.Stale);
        Debug.Assert(_neverAsked.Count == _stages.CountOf(ChunkStage.NeverAsked), "the list lacks a new chunk");
        Debug.Assert(_again.Count == again, "the queue lacks a chunk to ask about again");
        Debug.Assert(_unknownDue.Count == _stages.CountOf(ChunkStage.UnknownDue), "the queue lacks an unknown chunk");
        Debug.Assert(_unknown.Count == _stages.CountOf(ChunkStage.Unknown), "the list lacks an unknown chunk");
        Debug.Assert(_inFlight.Count == _stages.CountOf(ChunkStage.InFlightToAsk), "the list lacks a chunk in flight");
    }

    // Chunks that no peer had and chunks never asked about take turns: when the tracker is slow, neither must wait for
    // all of the others.
    private bool TryTakeUnknownOrNew(out int chunkIndex)
    {
        bool mayTakeNew = _neverAsked.Count > 0 && _ready.Count < ClientLimits.AskedAheadMax;
        _isTurnOfNew = !_isTurnOfNew && mayTakeNew;
        if (!_isTurnOfNew && _unknownDue.TryDequeue(out chunkIndex)) return true;
        chunkIndex = 0;
        if (!mayTakeNew) return false;
        chunkIndex = _neverAsked[^1];
        Debug.Assert(_stages[chunkIndex] == ChunkStage.NeverAsked, $"chunk {chunkIndex} was asked about before");
        _neverAsked.RemoveAt(_neverAsked.Count - 1);
        return true;
    }
}
