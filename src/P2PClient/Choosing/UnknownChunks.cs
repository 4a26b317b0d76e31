using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// The chunks for which the last answer listed no peer that can be asked, and when the tracker is asked about them
/// again (PROTOCOL 7.3): about all of them after a pause, which grows while nothing changes. When many chunks have been
/// unknown for long, the tracker is asked about one at a time, in random order: that finds a peer with many chunks soon
/// enough, and fills no disk with log lines. Pure: no clock but the times it is given.
/// </summary>
internal sealed class UnknownChunks(Random random)
{
    private readonly List<int> _chunks = [];
    private readonly BackOff _backOff = new(ClientLimits.UnknownPauseMin, ClientLimits.UnknownPauseMax);
    private TimeSpan _due;              // when to ask next
    private TimeSpan? _changedAt;       // when something last changed; null before the first question

    /// <summary>The number of unknown chunks.</summary>
    public int Count => _chunks.Count;

    /// <summary>Adds a chunk, which must not be unknown already.</summary>
    public void Add(int chunkIndex, TimeSpan now)
    {
        if (_chunks.Count == 0) _due = now + _backOff.Pause;
        _chunks.Add(chunkIndex);
    }

    /// <summary>Removes a chunk that is unknown.</summary>
    public void Remove(int chunkIndex)
    {
        bool isRemoved = _chunks.Remove(chunkIndex);
        Debug.Assert(isRemoved, $"chunk {chunkIndex} is not among the unknown ones");
    }

    /// <summary>Something has changed: the unknown chunks are due soon.</summary>
    public void OnChange(TimeSpan now)
    {
        _changedAt = now;
        _backOff.Reset();
        if (now + _backOff.Pause < _due) _due = now + _backOff.Pause;
    }

    /// <summary>Removes the chunks that are due.</summary>
    /// <param name="onDue">Called with each of them.</param>
    public void TakeDue(TimeSpan now, Action<int> onDue)
    {
        _changedAt ??= now;
        if (_chunks.Count == 0 || now < _due) return;
        if (_chunks.Count > ClientLimits.UnknownAtOnceMax && now - _changedAt >= ClientLimits.UnknownOneByOneAfter)
        {
            int place = random.Next(_chunks.Count);
            onDue(_chunks[place]);
            _chunks[place] = _chunks[^1];
            _chunks.RemoveAt(_chunks.Count - 1);
            _due = now + ClientLimits.UnknownOneByOnePause;
            return;
        }
        foreach (int chunkIndex in _chunks) onDue(chunkIndex);
        _chunks.Clear();
        _backOff.Grow();
    }
}
