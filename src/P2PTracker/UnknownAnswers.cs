using System;
using System.Diagnostics;

namespace P2P.Tracker;

/// <summary>
/// When the tracker last answered CHUNK_LOCATION_UNKNOWN on one connection, for each chunk. Some clients ask again at
/// once, thousands of times a second; holding the next answer back slows them down (PROTOCOL 6.3). The latest answer
/// stands here, since an idle connection has rarely had more; earlier ones in an object of their own, for as long as
/// they may be needed.
/// </summary>
internal struct UnknownAnswers
{
    private int _latest;                // its chunk
    private TimeSpan _latestTime;       // long ago, if there has been none
    private Ring? _earlier;

    /// <summary>Tells how long the next answer for a chunk is to be held back; zero or less: not at all.</summary>
    public readonly TimeSpan HoldTime(int chunkIndex, TimeSpan now) =>
        _latest == chunkIndex ? _latestTime + TrackerLimits.UnknownPause - now
        : _earlier?.HoldTime(chunkIndex, now) ?? TimeSpan.Zero;

    /// <summary>Notes that CHUNK_LOCATION_UNKNOWN is answered for a chunk now.</summary>
    public void OnAnswered(int chunkIndex, TimeSpan now)
    {
        if (_latest != chunkIndex && now - _latestTime < TrackerLimits.UnknownPause)
        {
            _earlier ??= new Ring();
            _earlier.OnAnswered(_latest, _latestTime, now);
        }
        (_latest, _latestTime) = (chunkIndex, now);
    }

    private sealed class Ring
    {
        private const int FirstLength = 4, LengthMax = TrackerLimits.UnknownRemembered - 1;
        private int[] _chunkIndexes = [];
        private long[] _times = [];
        private int _next;

        public TimeSpan HoldTime(int chunkIndex, TimeSpan now)
        {
            int found = Array.IndexOf(_chunkIndexes, chunkIndex);
            return found < 0 ? TimeSpan.Zero : TimeSpan.FromTicks(_times[found]) + TrackerLimits.UnknownPause - now;
        }

        public void OnAnswered(int chunkIndex, TimeSpan time, TimeSpan now)
        {
            int found = Array.IndexOf(_chunkIndexes, chunkIndex);
            if (found < 0)
            {
                if (_chunkIndexes.Length == 0 || IsStillNeeded(_next, now)) Grow();
                Debug.Assert(
                    !IsStillNeeded(_next, now) || _chunkIndexes.Length == LengthMax, "an answer is forgotten too soon");
                found = _next;
                _next = (_next + 1) % _chunkIndexes.Length;
            }
            _chunkIndexes[found] = chunkIndex;
            _times[found] = time.Ticks;
        }

        private bool IsStillNeeded(int place, TimeSpan now) =>
            now.Ticks - _times[place] < TrackerLimits.UnknownPause.Ticks;

        // The next answer goes behind all those remembered. A ring of the greatest length stays as it is.
        private void Grow()
        {
            int length = Math.Clamp(2 * _chunkIndexes.Length, FirstLength, LengthMax);
            if (length == _chunkIndexes.Length) return;
            _next = _chunkIndexes.Length;
            Array.Resize(ref _chunkIndexes, length);
            Array.Resize(ref _times, length);
        }
    }
}
