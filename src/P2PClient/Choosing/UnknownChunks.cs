using System;
using System.Collections.Generic;

namespace P2P.Client;

/// <summary>
/// The chunks that nobody had who could be asked, and when they are asked for again (PROTOCOL 7.3): all of them after a
/// pause that grows while nothing changes. Many that stay unknown for long are asked for one by one, any first: who has
/// many is found at once, and the logs don't grow without end. Pure: no clock but the times it is given.
/// </summary>
internal sealed class UnknownChunks(Random random)
{
    private readonly List<int> _chunks = [];
    private TimeSpan _pause = ClientLimits.UnknownPauseMin;
    private TimeSpan _due;
    private TimeSpan? _changedAt;       // when there was news; null before the first question

    /// <summary>Adds a chunk that is not here.</summary>
    public void Add(int chunkIndex, TimeSpan now)
    {
        if (_chunks.Count == 0) _due = now + _pause;
        _chunks.Add(chunkIndex);
    }

    /// <summary>A chunk is no longer unknown.</summary>
    public void Remove(int chunkIndex) => _chunks.Remove(chunkIndex);

    /// <summary>Something has changed: those that nobody had are worth a question soon.</summary>
    public void OnChange(TimeSpan now)
    {
        _changedAt = now;
        _pause = ClientLimits.UnknownPauseMin;
        if (now + _pause < _due) _due = now + _pause;
    }

    /// <summary>Gives back those whose time has come.</summary>
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
        _pause = 2 * _pause < ClientLimits.UnknownPauseMax ? 2 * _pause : ClientLimits.UnknownPauseMax;
    }
}
