using System;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// Keeps those who send as fast as they can from slowing the others down. A connection may send much in bulk, as a
/// client does that announces what it holds. One that goes on is served in turns that all such connections share, a
/// small part of the time, as long as others are being served, and at full speed while nobody else is. What it sends
/// meanwhile waits with its sender. Costs a counter where little is read at a time.
/// </summary>
internal sealed class FairShare
{
    private long _otherReads;
    private TimeSpan _nextTurn;

    /// <summary>A connection was served that has sent little. If it has had more than its share before, it does not
    /// count as another until it has sent little for long.</summary>
    public void OnSmallRead(ref Share share)
    {
        if (share.Used > TrackerLimits.BulkBytes) share.Used -= TrackerLimits.BulkReadBytes / 8;
        else _otherReads++;
    }

    /// <summary>Tells how long a connection has to wait after a read in bulk.</summary>
    /// <param name="share">Of that connection.</param>
    /// <param name="bytes">Read.</param>
    /// <returns>Zero: not at all.</returns>
    public TimeSpan PauseAfter(ref Share share, int bytes, TimeSpan now)
    {
        double refilled = Math.Max(0, (now - share.At).TotalSeconds) * TrackerLimits.BulkBytesPerSecond;
        share.Used = Math.Max(0, share.Used - refilled) + bytes;
        share.At = now;
        bool othersAreServed = share.OtherReadsSeen != _otherReads;
        share.OtherReadsSeen = _otherReads;
        if (share.Used <= TrackerLimits.BulkBytes || !othersAreServed) return TimeSpan.Zero;

        TimeSpan turn = _nextTurn > now ? _nextTurn : now;
        _nextTurn = turn + TrackerLimits.BulkTurn;
        return _nextTurn - now;
    }

    /// <summary>What one connection has had.</summary>
    public struct Share
    {
        internal double Used;           // bytes, less what time has given back
        internal TimeSpan At;
        internal long OtherReadsSeen;
    }
}
