using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>The chunks whose sources are known and that are not being fetched: the ready ones to pick from, in random
/// order, and the refreshed ones, which were picked and about which the tracker has just answered again.</summary>
internal sealed class ReadyChunks(ChunkStages stages, Random random)
{
    private readonly List<int> _ready = [];
    private readonly List<int> _refreshed = [];

    /// <summary>The number of chunks to pick from.</summary>
    public int Count => _ready.Count;

    /// <summary>The chunk to pick from at a place from 0 to <see cref="Count"/> - 1.</summary>
    public int this[int place] => _ready[place];

    /// <summary>Adds a chunk to those to pick from.</summary>
    public void Add(int chunkIndex)
    {
        stages.Move(chunkIndex, ChunkStage.Ready);
        int place = random.Next(_ready.Count + 1);
        _ready.Add(chunkIndex);
        (_ready[place], _ready[^1]) = (_ready[^1], _ready[place]);
    }

    /// <summary>Takes the chunk at a place out; the last one moves to that place. The caller then moves the chunk that
    /// was taken out to another stage.</summary>
    public void RemoveAt(int place)
    {
        Debug.Assert(stages[_ready[place]] == ChunkStage.Ready, "the list has a chunk that is not ready");
        _ready[place] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
    }

    /// <summary>Adds a chunk that was picked, and whose new answer has come: it is fetched next.</summary>
    public void AddRefreshed(int chunkIndex)
    {
        stages.Move(chunkIndex, ChunkStage.Refreshed);
        _refreshed.Add(chunkIndex);
    }

    /// <summary>Takes out the chunk that was refreshed last. The caller then moves it to another stage.</summary>
    public bool TryTakeRefreshed(out int chunkIndex)
    {
        chunkIndex = _refreshed.Count > 0 ? _refreshed[^1] : 0;
        if (chunkIndex == 0) return false;
        Debug.Assert(stages[chunkIndex] == ChunkStage.Refreshed, "the list has a chunk that is not refreshed");
        _refreshed.RemoveAt(_refreshed.Count - 1);
        return true;
    }

    /// <summary>Asserts that each chunk of these stages is on its list, and no other chunk.</summary>
    [Conditional("DEBUG")]
    public void Check()
    {
        Debug.Assert(_ready.Count == stages.CountOf(ChunkStage.Ready), "the list lacks a ready chunk");
        Debug.Assert(_refreshed.Count == stages.CountOf(ChunkStage.Refreshed), "the list lacks a refreshed chunk");
    }
}
