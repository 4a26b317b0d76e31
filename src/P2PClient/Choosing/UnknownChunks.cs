using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// The chunks that no peer had which could be asked, and when the tracker is asked for them again (PROTOCOL 7.3): for
/// all of them after a pause that grows while nothing changes. Many chunks that stay unknown for long are asked for one
/// by one, in random order: a peer that has many is found at once, and the logs don't grow without end. Pure: no clock
/// but the times it is given.
/// </summary>
internal sealed class UnknownChunks(Random random)
{
    private readonly List<int> _chunks = [];
    private readonly BackOff _backOff = new(ClientLimits.UnknownPauseMin, ClientLimits.UnknownPauseMax);
    private TimeSpan _due;
    private TimeSpan? _changedAt;       // when there was news; null before the first question

    /// <summary>The number of unknown chunks.</summary>
    public int Count => _chunks.Count;

    /// <summary>Adds a chunk that is not here.</summary>
    public void Add(int chunkIndex, TimeSpan now)
    {
        if (_chunks.Count == 0) _due = now + _backOff.Pause;
        _chunks.Add(chunkIndex);
    }

    /// <summary>A chunk is no longer unknown.</summary>
    public void Remove(int chunkIndex)
    {
        bool isRemoved = _chunks.Remove(chunkIndex);
        Debug.Assert(isRemoved, $"chunk {chunkIndex} is not among the unknown ones");
    }

    /// <summary>Something has changed: the unknown chunks are worth a question soon.</summary>
    public void OnChange(TimeSpan now)
    {
        _changedAt = now;
        _backOff.Reset();
        if (now + _backOff.Pause < _due) _due = now + _backOff.Pause;
    }

    /// <summary>Gives back the chunks whose time has come.</summary>
    /// <param name="askAgain">Called with each.</param>
    public void TakeDue(TimeSpan now, Action<int> askAgain)
    {
        _changedAt ??= now;
        if (_chunks.Count == 0 || now < _due) return;
        if (_chunks.Count > ClientLimits.CalmUnknownMax && now - _changedAt >= ClientLimits.CalmAfter)
        {
            int place = random.Next(_chunks.Count);
            askAgain(_chunks[place]);
            _chunks[place] = _chunks[^1];
            _chunks.RemoveAt(_chunks.Count - 1);
            _due = now + ClientLimits.CalmPause;
            return;
        }
        foreach (int chunkIndex in _chunks) askAgain(chunkIndex);
        _chunks.Clear();
        _backOff.Grow();
    }
}
