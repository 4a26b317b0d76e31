using System;

namespace P2P.Tracker;

/// <summary>
/// When which chunk was last answered with "unknown" on one connection. Some clients ask again at once, thousands of
/// times a second, and are slowed down by it (PROTOCOL 6.3).
/// </summary>
internal sealed class UnknownAnswers
{
    private const int RememberedFirst = 4;
    private int[] _chunkIndexes = [];       // a ring; empty until first needed, since most connections never do
    private long[] _times = [];
    private int _next;

    /// <summary>Tells how long the next "unknown" for a chunk is to be held back; zero or less: not at all.</summary>
    public TimeSpan Wait(int chunkIndex, TimeSpan now)
    {
        int found = Array.IndexOf(_chunkIndexes, chunkIndex);
        return found < 0 ? TimeSpan.Zero : TimeSpan.FromTicks(_times[found]) + TrackerLimits.UnknownPause - now;
    }

    /// <summary>Notes that "unknown" is answered for a chunk now.</summary>
    public void OnAnswered(int chunkIndex, TimeSpan now)
    {
        int found = Array.IndexOf(_chunkIndexes, chunkIndex);
        if (found < 0)
        {
            if (_chunkIndexes.Length == 0 || now.Ticks - _times[_next] < TrackerLimits.UnknownPause.Ticks) Grow();
            found = _next;
            _next = (_next + 1) % _chunkIndexes.Length;
        }
        _chunkIndexes[found] = chunkIndex;
        _times[found] = now.Ticks;
    }

    // The oldest is still to be remembered.
    private void Grow()
    {
        int length = Math.Clamp(2 * _chunkIndexes.Length, RememberedFirst, TrackerLimits.UnknownRemembered);
        if (length == _chunkIndexes.Length) return;
        if (_next == 0) _next = _chunkIndexes.Length;
        Array.Resize(ref _chunkIndexes, length);
        Array.Resize(ref _times, length);
    }
}
