using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>A pause between attempts that grows with each attempt, from a shortest to a longest one.</summary>
internal sealed class BackOff
{
    private readonly TimeSpan _min, _max;
    private readonly double _factor;

    /// <summary>Makes one whose next pause is the shortest.</summary>
    /// <param name="factor">How many times as long as the last one each pause is.</param>
    public BackOff(TimeSpan min, TimeSpan max, double factor = 2)
    {
        Debug.Assert(min > TimeSpan.Zero && max >= min && factor > 1, "the pause would not grow");
        (_min, _max, _factor, Pause) = (min, max, factor, min);
    }

    /// <summary>The pause before the next attempt.</summary>
    public TimeSpan Pause { get; private set; }

    /// <summary>The next pause is the longest.</summary>
    public bool IsLongest => Pause == _max;

    /// <summary>Returns the pause before the next attempt; the one after that is longer.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = Pause;
        Grow();
        return pause;
    }

    /// <summary>Makes the next pause longer.</summary>
    public void Grow()
    {
        TimeSpan longer = _factor * Pause;
        Pause = longer < _max ? longer : _max;
    }

    /// <summary>An attempt has succeeded: the next pause is the shortest again.</summary>
    public void Reset() => Pause = _min;
}
