using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// A rate that all transfers of one direction keep together: a bucket of tokens, kept as the time until which the bytes
/// so far have used the rate up. Transfers take their parts of the time in the order in which they ask, so each has its
/// turn however many they are. Pure: no clock but the times it is given.
/// </summary>
/// <param name="bytesPerSecond">At least <see cref="ClientLimits.RateMin"/>.</param>
internal sealed class RateLimit(long bytesPerSecond)
{
    private TimeSpan _usedUntil = TimeSpan.MinValue;

    /// <summary>Makes a limit.</summary>
    /// <param name="bytesPerSecond">0: none.</param>
    public static RateLimit? Of(long bytesPerSecond) => bytesPerSecond == 0 ? null : new RateLimit(bytesPerSecond);

    /// <summary>The limit.</summary>
    public long BytesPerSecond => bytesPerSecond;

    /// <summary>Bytes that a transfer moves at once, at most: so few that a transfer among a thousand still moves some
    /// before its peer gives up.</summary>
    public int StepBytes { get; } =
        (int)Math.Clamp(bytesPerSecond / ClientLimits.StepsPerSecond, ClientLimits.RateMin, ClientLimits.TurnBytes);

    /// <summary>What the kernel may hold unread of each of some connections, so that their peers send no faster; 0 for
    /// its own measure.</summary>
    public int UnreadMax(int connections)
    {
        Debug.Assert(connections > 0, "the one that is to be made counts");
        long share = bytesPerSecond / ClientLimits.UnreadPartOfSecond / connections;
        return share >= ClientLimits.UnreadMax ? 0 : (int)Math.Max(share, ClientLimits.UnreadMin);
    }

    /// <summary>Takes the time of some bytes.</summary>
    /// <returns>How long the transfer waits before it moves them, or after them before it moves others: either way all
    /// transfers together keep the rate.</returns>
    public TimeSpan Take(int bytes, TimeSpan now)
    {
        Debug.Assert(bytes >= 0 && bytesPerSecond >= ClientLimits.RateMin, "a step of a rate");
        if (_usedUntil < now - ClientLimits.RateSlack) _usedUntil = now - ClientLimits.RateSlack;
        TimeSpan pause = _usedUntil - now;
        _usedUntil += TimeOf(bytes);
        return pause > TimeSpan.Zero ? pause : TimeSpan.Zero;
    }

    /// <summary>Gives back the time of bytes that were not moved after all.</summary>
    public void GiveBack(int bytes)
    {
        Debug.Assert(bytes >= 0, "more was moved than was taken");
        _usedUntil -= TimeOf(bytes);
    }

    private TimeSpan TimeOf(int bytes) => TimeSpan.FromTicks(bytes * TimeSpan.TicksPerSecond / bytesPerSecond);
}
