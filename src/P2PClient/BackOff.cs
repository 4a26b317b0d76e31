using System;

namespace P2P.Client;

/// <summary>A pause between attempts that doubles with each, from a shortest to a longest one.</summary>
internal sealed class BackOff
{
    private readonly TimeSpan _min, _max;
    private TimeSpan _pause;

    /// <summary>Makes one whose next pause is the shortest.</summary>
    public BackOff(TimeSpan min, TimeSpan max) => (_min, _max, _pause) = (min, max, min);

    /// <summary>The next pause is the longest.</summary>
    public bool IsLongest => _pause == _max;

    /// <summary>Returns the pause before the next attempt; the one after that is twice as long.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _pause;
        _pause = 2 * pause < _max ? 2 * pause : _max;
        return pause;
    }

    /// <summary>An attempt has succeeded: the next pause is the shortest again.</summary>
    public void Reset() => _pause = _min;
}
