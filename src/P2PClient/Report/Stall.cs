using System;

namespace P2P.Client;

/// <summary>What a client that makes no progress knows of why.</summary>
/// <param name="WasReached">The tracker has accepted a connection.</param>
/// <param name="IsConnected">There is a connection to it now.</param>
/// <param name="WasAnswered">It has answered a question, ever.</param>
/// <param name="IsSilent">It owes every answer for as long as nothing has come.</param>
/// <param name="HasSpoken">It has sent anything at all.</param>
/// <param name="IsDiskFailing">The disk has refused what came last.</param>
/// <param name="TooLarge">A chunk that was larger than is taken, since the last that was not; 0: none.</param>
/// <param name="Unheld">Missing chunks that nobody has.</param>
/// <param name="Refused">Missing chunks all of whose sources pause.</param>
internal readonly record struct StallFacts(
    bool WasReached, bool IsConnected, bool WasAnswered, bool IsSilent, bool HasSpoken, bool IsDiskFailing, int TooLarge, int Unheld, int Refused);

/// <summary>Why nothing comes. The event has a name for each.</summary>
internal enum StallReason
{
    None,
    NoTracker,
    TrackerGone,
    NoAnswer,
    NotATracker,
    Disk,
    TooLarge,
    NobodyHas,
    SourcesFail,
}

/// <summary>
/// Notices that nothing has come for a while, and finds the reason, which the user is told once, and again when it has
/// become another.
/// </summary>
internal sealed class Stall(ChunkPicker picker, Traffic traffic)
{
    private long _received = -1;
    private int _held;
    private TimeSpan _since;

    /// <summary>Looks whether anything has come since the last look.</summary>
    /// <returns>True if nothing has for <see cref="ClientLimits.StallAfter"/>.</returns>
    public bool IsStalled(TimeSpan now)
    {
        if (traffic.Received != _received || picker.HaveCount != _held)
            (_received, _held, _since) = (traffic.Received, picker.HaveCount, now);
        return now - _since >= ClientLimits.StallAfter;
    }

    /// <summary>The first reason of those that hold: without the earlier ones nothing can be said of the later.</summary>
    public static StallReason Find(in StallFacts facts) =>
        facts.IsDiskFailing ? StallReason.Disk
        : !facts.WasReached ? StallReason.NoTracker
        : !facts.WasAnswered ? facts.HasSpoken ? StallReason.NotATracker : StallReason.NoAnswer
        : !facts.IsConnected ? StallReason.TrackerGone
        : facts.IsSilent ? StallReason.NoAnswer
        : facts.TooLarge > 0 ? StallReason.TooLarge
        : facts.Unheld > 0 ? StallReason.NobodyHas
        : facts.Refused > 0 ? StallReason.SourcesFail
        : StallReason.None;
}
