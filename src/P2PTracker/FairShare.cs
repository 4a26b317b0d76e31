using System;
using System.Diagnostics;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// Keeps connections that send as fast as they can from slowing the others down. A connection may send much in bulk, as
/// a client does that announces the chunks it holds. When it goes on beyond its share, and while other connections are
/// served, it has to wait for a turn; all such connections share the turns, which take a small part of the time. While
/// no other connection is served it has full speed. What a waiting connection sends stays in the kernel's buffers.
/// A small read costs a counter.
/// </summary>
internal sealed class FairShare
{
    private long _otherReads;           // small reads of connections within their share
    private TimeSpan _nextTurn;

    /// <summary>A connection was served that has sent little. A connection beyond its share does not count as another
    /// one until it has sent little for long.</summary>
    public void OnSmallRead(ref Share share)
    {
        if (share.UsedBytes > TrackerLimits.BulkBytes) share.UsedBytes -= TrackerLimits.BulkReadBytes / 8;
        else _otherReads++;
        Debug.Assert(share.UsedBytes >= 0, "a connection has used less than nothing");
    }

    /// <summary>Tells how long a connection has to wait after a read in bulk.</summary>
    /// <param name="share">Of that connection.</param>
    /// <param name="bytes">Length of the read, at least <see cref="TrackerLimits.BulkReadBytes"/>.</param>
    /// <returns>Zero: the connection need not wait.</returns>
    public TimeSpan PauseAfter(ref Share share, int bytes, TimeSpan now)
    {
        Debug.Assert(bytes >= TrackerLimits.BulkReadBytes, "a small read counts as bulk");
        double refilled = Math.Max(0, (now - share.UpdatedAt).TotalSeconds) * TrackerLimits.BulkBytesPerSecond;
        share.UsedBytes = Math.Max(0, share.UsedBytes - refilled) + bytes;
        share.UpdatedAt = now;
        bool othersAreServed = share.OtherReadsSeen != _otherReads;
        share.OtherReadsSeen = _otherReads;
        if (share.UsedBytes <= TrackerLimits.BulkBytes || !othersAreServed) return TimeSpan.Zero;

        TimeSpan turn = _nextTurn > now ? _nextTurn : now;
        _nextTurn = turn + TrackerLimits.BulkTurn;
        Debug.Assert(_nextTurn > now, "a turn is over before it begins");
        return _nextTurn - now;
    }

    /// <summary>What one connection has sent in bulk.</summary>
    public struct Share
    {
        internal double UsedBytes;      // less what time has given back
        internal TimeSpan UpdatedAt;
        internal long OtherReadsSeen;
    }
}
