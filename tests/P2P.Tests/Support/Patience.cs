using System;
using System.Threading;

namespace P2P.Tests.Support;

/// <summary>
/// The only two durations of the system tests that are not the protocol's: how long a test waits for an event
/// before it fails, and the pause by which a fake *is* slow. No test waits by pausing: it waits for a line, for
/// bytes, for the end of a process; <see cref="Pause"/> is for fakes, whose slowness is what is being tested.
/// </summary>
internal static class Patience
{
    /// <summary>Far beyond what any awaited event takes, even on two busy cores.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>A connection over loopback, a receive or a send that takes longer than this never ends.</summary>
    public static readonly int SocketMilliseconds = (int)Limit.TotalMilliseconds;

    /// <summary>Makes a fake slow, deaf or silent for that long.</summary>
    public static void Pause(TimeSpan duration)
    {
        if (duration > TimeSpan.Zero)
            Thread.Sleep(duration);
    }
}
