using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace P2P.Client;

/// <summary>
/// The chunks to ask the tracker for, and their order: chunks in flight that need more sources, chunks to be asked for
/// again, and then, in turns, those that no peer had and those never asked for. Some of the latter are asked for ahead
/// of the fetching, to choose from.
/// </summary>
internal sealed class ChunkQuestions
{
    private readonly ChunkStages _stages;
    private readonly ReadyChunks _ready;
    private readonly List<int> _neverAsked = [];            // in random order, taken from the end
    private readonly Queue<int> _again = new();             // AskAgain and Stale
    private readonly Queue<int> _unknownDue = new();
    private readonly List<int> _inFlight = [];              // InFlightToAsk, the first to be asked about first
    private readonly UnknownChunks _unknown;
    private readonly Action<int> _makeDue;
    private bool _isTurnOfNew;

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

    /// <summary>Takes the next chunk to ask for; it is then asked for, or still in flight.</summary>
    public bool TryTake(TimeSpan now, out int chunkIndex)
    {
        _unknown.TakeDue(now, _makeDue);
        if (_inFlight.Count > 0)
        {
            DropAskForMore(chunkIndex = _inFlight[0]);
            return true;
        }
        if (_again.TryDequeue(out chunkIndex))
        {
            bool isDue = _stages[chunkIndex] is ChunkStage.AskAgain or ChunkStage.Stale;
            Debug.Assert(isDue, $"chunk {chunkIndex} is {_stages[chunkIndex]}, and is asked for again");
        }
        else if (!TryTakeTurn(out chunkIndex)) return false;
        bool isStale = _stages[chunkIndex] == ChunkStage.Stale;
        _stages.Move(chunkIndex, isStale ? ChunkStage.Refreshing : ChunkStage.Asked);
        return true;
    }

    /// <summary>A question stayed without an answer, or a chunk was lost: the tracker is to be asked again.</summary>
    public void AskAgain(int chunkIndex)
    {
        bool isRefreshing = _stages[chunkIndex] == ChunkStage.Refreshing;
        _stages.Move(chunkIndex, isRefreshing ? ChunkStage.Stale : ChunkStage.AskAgain);
        _again.Enqueue(chunkIndex);
    }

    /// <summary>A chunk was picked, but its answer is old: the tracker is to be asked before the chunk is fetched.
    /// </summary>
    public void Refresh(int chunkIndex)
    {
        _stages.Move(chunkIndex, ChunkStage.Stale);
        _again.Enqueue(chunkIndex);
    }

    /// <summary>Makes the chunks ready that were to be refreshed: the tracker can't be asked.</summary>
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
    public void AskForMore(int chunkIndex)
    {
        if (_stages[chunkIndex] == ChunkStage.InFlightToAsk) return;
        _stages.Move(chunkIndex, ChunkStage.InFlightToAsk);
        _inFlight.Add(chunkIndex);
    }

    /// <summary>A chunk in flight is being asked about, or is no longer in flight.</summary>
    public void DropAskForMore(int chunkIndex)
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

    /// <summary>A peer has a chunk that was unknown. The caller moves it to another stage.</summary>
    public void RemoveUnknown(int chunkIndex)
    {
        Debug.Assert(_stages[chunkIndex] == ChunkStage.Unknown, "the chunk is not unknown");
        _unknown.Remove(chunkIndex);
    }

    /// <summary>Something has changed: unknown chunks are worth a question soon.</summary>
    public void OnChange(TimeSpan now) => _unknown.OnChange(now);

    /// <summary>Asserts that each chunk of these stages is in its queue, and no other.</summary>
    [Conditional("DEBUG")]
    public void Check()
    {
        int again = _stages.CountOf(ChunkStage.AskAgain) + _stages.CountOf(ChunkStage.Stale);
        Debug.Assert(_neverAsked.Count == _stages.CountOf(ChunkStage.NeverAsked), "the list lacks a new chunk");
        Debug.Assert(_again.Count == again, "the queue lacks a chunk to ask for again");
        Debug.Assert(_unknownDue.Count == _stages.CountOf(ChunkStage.UnknownDue), "the queue lacks an unknown chunk");
        Debug.Assert(_unknown.Count == _stages.CountOf(ChunkStage.Unknown), "the list lacks an unknown chunk");
        Debug.Assert(_inFlight.Count == _stages.CountOf(ChunkStage.InFlightToAsk), "the list lacks a chunk in flight");
    }

    // Chunks that no peer had and chunks never asked for have turns: where a tracker is slow, neither keep the others
    // waiting.
    private bool TryTakeTurn(out int chunkIndex)
    {
        bool mayTakeNew = _neverAsked.Count > 0 && _ready.Count < ClientLimits.AskedAheadMax;
        _isTurnOfNew = !_isTurnOfNew && mayTakeNew;
        if (!_isTurnOfNew && _unknownDue.TryDequeue(out chunkIndex)) return true;
        chunkIndex = 0;
        if (!mayTakeNew) return false;
        chunkIndex = _neverAsked[^1];
        Debug.Assert(_stages[chunkIndex] == ChunkStage.NeverAsked, $"chunk {chunkIndex} was asked for before");
        _neverAsked.RemoveAt(_neverAsked.Count - 1);
        return true;
    }
}
