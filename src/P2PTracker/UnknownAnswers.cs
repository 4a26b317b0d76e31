using System;
using System.Diagnostics;

namespace P2P.Tracker;

/// <summary>
/// When the tracker last answered CHUNK_LOCATION_UNKNOWN on one connection, for each chunk. Some clients ask again at
/// once, thousands of times a second; holding the next answer back slows them down (PROTOCOL 6.3).
/// </summary>
internal sealed class UnknownAnswers
{
    private const int FirstLength = 4;
    private int[] _chunkIndexes = [];       // a ring; empty until the first answer, since most connections get none
    private long[] _times = [];
    private int _next;

    /// <summary>Tells how long the next answer for a chunk is to be held back; zero or less: not at all.</summary>
    public TimeSpan HoldTime(int chunkIndex, TimeSpan now)
    {
        int found = Array.IndexOf(_chunkIndexes, chunkIndex);
        return found < 0 ? TimeSpan.Zero : TimeSpan.FromTicks(_times[found]) + TrackerLimits.UnknownPause - now;
    }

    /// <summary>Notes that CHUNK_LOCATION_UNKNOWN is answered for a chunk now.</summary>
    public void OnAnswered(int chunkIndex, TimeSpan now)
    {
        int found = Array.IndexOf(_chunkIndexes, chunkIndex);
        if (found < 0)
        {
            if (_chunkIndexes.Length == 0 || IsStillNeeded(_next, now)) Grow();
            Debug.Assert(
                !IsStillNeeded(_next, now) || _chunkIndexes.Length == TrackerLimits.UnknownRemembered,
                "an answer is forgotten too soon");
            found = _next;
            _next = (_next + 1) % _chunkIndexes.Length;
        }
        _chunkIndexes[found] = chunkIndex;
        _times[found] = now.Ticks;
    }

    private bool IsStillNeeded(int place, TimeSpan now) => now.Ticks - _times[place] < TrackerLimits.UnknownPause.Ticks;

    // The next answer goes behind all those remembered. A ring of the greatest length stays as it is.
    private void Grow()
    {
        int length = Math.Clamp(2 * _chunkIndexes.Length, FirstLength, TrackerLimits.UnknownRemembered);
        if (length == _chunkIndexes.Length) return;
        _next = _chunkIndexes.Length;
        Array.Resize(ref _chunkIndexes, length);
        Array.Resize(ref _times, length);
    }
}
