using System;

namespace P2P.Tracker;

/// <summary>
/// When which chunk was last answered with "unknown" on one connection. Some clients ask again at once, thousands of
/// times a second, and are slowed down by it (PROTOCOL 6).
/// </summary>
internal sealed class UnknownAnswers
{
    private int[]? _chunkIndexes;       // a ring; made when first needed, since most connections never are
    private long[]? _times;
    private int _next;

    /// <summary>Tells how long the next "unknown" for a chunk is to be held back; zero or less: not at all.</summary>
    public TimeSpan Wait(int chunkIndex, TimeSpan now)
    {
        int found = _chunkIndexes is null ? -1 : Array.IndexOf(_chunkIndexes, chunkIndex);
        return found < 0 ? TimeSpan.Zero : TimeSpan.FromTicks(_times![found]) + TrackerLimits.UnknownPause - now;
    }

    /// <summary>Notes that "unknown" is answered for a chunk now.</summary>
    public void OnAnswered(int chunkIndex, TimeSpan now)
    {
        _chunkIndexes ??= new int[TrackerLimits.UnknownRemembered];
        _times ??= new long[TrackerLimits.UnknownRemembered];
        int found = Array.IndexOf(_chunkIndexes, chunkIndex);
        if (found < 0)
        {
            found = _next;
            _next = (_next + 1) % _chunkIndexes.Length;
        }
        _chunkIndexes[found] = chunkIndex;
        _times[found] = now.Ticks;
    }
}
