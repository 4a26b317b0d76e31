using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// How the tests deal with time. No test waits by pausing: it waits for a line, for bytes, for the end of a process, as
/// long as <see cref="Limit"/>, which no event takes even on a cold and busy machine. <see cref="Pause"/> is for fakes,
/// whose slowness is what is being tested.
///
/// A machine may hold any thread up for any time. So a test may rely on it that something took *at least* as long as
/// the protocol says, measured from before its cause to after its effect; never on it that something took *at most* a
/// time, or that a pause of the test's own was as short as it was meant. What needs one of these is tried again until
/// the machine has let it happen once: <see cref="Attempts"/>.
/// </summary>
internal static class Patience
{
    private const string LimitVariable = "P2P_TEST_PATIENCE";

    /// <summary>Far beyond what any awaited event takes, even on one busy core. It can be set, in seconds, for those
    /// who make tests fail on purpose and don't want to wait; the slowest event by the protocol takes 32.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable(LimitVariable), out int given) ? given : 90);

    /// <summary>A connection over loopback, a receive or a send that takes longer than this never ends.</summary>
    public static readonly int SocketMilliseconds = (int)Limit.TotalMilliseconds;

    /// <summary>Makes a fake slow, deaf or silent for that long.</summary>
    public static void Pause(TimeSpan duration)
    {
        if (duration > TimeSpan.Zero)
            Thread.Sleep(duration);
    }

    /// <summary>
    /// Numbers, from 1, for a loop that is left as soon as one turn was not disturbed. It fails when, after
    /// <see cref="Limit"/> and five turns, none was.
    /// </summary>
    /// <param name="what">What has not happened in time, for the message of a failed test.</param>
    public static IEnumerable<int> Attempts(string what)
    {
        var watch = Stopwatch.StartNew();
        int attempt = 0;
        while (attempt < 5 || watch.Elapsed < Limit)
            yield return ++attempt;
        throw new XunitException($"{what}: not once in {attempt} attempts over {watch.Elapsed.TotalSeconds:F0} s.");
    }
}
