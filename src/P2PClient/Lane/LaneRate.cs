using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>How fast the client sends over all its long lanes together. In memory only.</summary>
internal sealed class UplinkRate
{
    private TimeSpan _since;
    private long _bytes;        // sent since then

    /// <summary>The bytes a second that were reached lately; 0 in the first second.</summary>
    public double BytesPerSecond { get; private set; }

    /// <summary>A lane is about to send bytes of a chunk.</summary>
    public void OnSent(int bytes, TimeSpan now)
    {
        Debug.Assert(bytes >= 0 && now >= _since, "bytes don't come back, nor does time");
        double seconds = (now - _since).TotalSeconds;
        if (seconds >= 1)
        {
            // A second in which little was asked for says nothing about the uplink.
            BytesPerSecond = Math.Max(_bytes / seconds, BytesPerSecond * 15 / 16);
            (_since, _bytes) = (now, 0);
        }
        _bytes += bytes;
    }
}

/// <summary>
/// Finds out when one long lane is slow without need. The kernel can take the losses of a lane that shares a full
/// uplink with others for a slow line of its own, and looks for more only by a quarter every eight round trips (BBR):
/// seen to take eight seconds for two chunks, while others took half a second for one. In memory only: no socket, no
/// clock but the times it is given.
/// </summary>
/// <param name="slots">Uploads at a time; over long lanes twice as many.</param>
internal sealed class LaneRate(UplinkRate uplink, int slots)
{
    private readonly BackOff _pause = new(ClientLimits.StuckPauseMin, ClientLimits.StuckPauseMax);
    private TimeSpan _checkedFrom;

    /// <summary>The lane is about to send bytes of a chunk.</summary>
    /// <param name="pacingRate">Bytes a second that the kernel sends over it at most.</param>
    /// <returns>True if the kernel is to find out anew how fast the lane is. Where the peer itself is slow, it finds
    /// the same, and is let alone for longer each time.</returns>
    public bool IsStuck(int bytes, long pacingRate, TimeSpan now)
    {
        uplink.OnSent(bytes, now);
        if (now < _checkedFrom) return false;
        bool isStuck = pacingRate < uplink.BytesPerSecond / (ClientLimits.StuckPart * slots);
        if (isStuck) _checkedFrom = now + _pause.Next();
        else _pause.Reset();
        return isStuck;
    }
}
