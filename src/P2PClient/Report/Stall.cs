using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>What a client knows of the reason why it makes no progress.</summary>
internal readonly struct StallFacts
{
    /// <summary>The tracker has accepted a connection.</summary>
    public required bool WasReached { get; init; }

    /// <summary>No program accepts a connection at the tracker's address now.</summary>
    public required bool IsGone { get; init; }

    /// <summary>The tracker has answered a question, ever.</summary>
    public required bool WasAnswered { get; init; }

    /// <summary>The tracker has answered nothing since the stall began.</summary>
    public required bool IsSilent { get; init; }

    /// <summary>The tracker has sent anything at all.</summary>
    public required bool HasSpoken { get; init; }

    /// <summary>The disk has refused the last chunk or list.</summary>
    public required bool IsDiskFailing { get; init; }

    /// <summary>The last chunk that was larger than the limit, if none has been stored since; 0: none.</summary>
    public required int TooLarge { get; init; }

    /// <summary>The number of missing chunks that no peer has.</summary>
    public required int Unheld { get; init; }

    /// <summary>The number of missing chunks whose sources all pause.</summary>
    public required int Refused { get; init; }
}

/// <summary>Why a client makes no progress. The JSON event has a name for each.</summary>
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
/// Notices that a client has made no progress for a while, and finds the reason, which is reported once, and again when
/// it has changed.
/// </summary>
internal sealed class Stall(ChunkPicker picker, Traffic traffic)
{
    private long _received = -1;
    private int _held;
    private TimeSpan _since, _lookDue;
    private StallReason _reported;
    private string _reportedText = "";
    private bool _hasMoved;         // there was progress since the last report

    /// <summary>Compares the client's progress with the last look.</summary>
    /// <returns>True if there was none for <see cref="ClientLimits.StallAfter"/>.</returns>
    public bool IsStalled(TimeSpan now) => Pause(now) >= ClientLimits.StallAfter;

    /// <summary>Compares the client's progress with the last look.</summary>
    /// <returns>The time since there was some.</returns>
    public TimeSpan Pause(TimeSpan now)
    {
        Debug.Assert(traffic.Received >= _received, "traffic only grows");
        if (traffic.Received != _received || picker.HaveCount != _held)
            (_received, _held, _since, _hasMoved) = (traffic.Received, picker.HaveCount, now, true);
        return now - _since;
    }

    /// <summary>True once a second during a pause: the reason is to be looked for.</summary>
    public bool IsDue(TimeSpan now)
    {
        if (now < _lookDue) return false;
        _lookDue = now + ClientLimits.StallLookPause;
        return true;
    }

    /// <summary>Decides whether the reason is to be reported; if so, it counts as reported.</summary>
    /// <param name="text">The reason in words. A change of its numbers alone is no news while nothing moves.</param>
    public bool IsNews(StallReason reason, string text)
    {
        if (reason == StallReason.None || (reason == _reported && (!_hasMoved || text == _reportedText))) return false;
        (_reported, _reportedText, _hasMoved) = (reason, text, false);
        return true;
    }

    /// <summary>Returns the first reason that holds: while an earlier one holds, the facts of the later ones mean
    /// nothing.</summary>
    public static StallReason Find(in StallFacts facts) =>
        facts.IsDiskFailing ? StallReason.Disk
        : !facts.WasReached ? StallReason.NoTracker
        : facts.IsGone ? StallReason.TrackerGone
        : !facts.WasAnswered ? facts.HasSpoken ? StallReason.NotATracker : StallReason.NoAnswer
        : facts.IsSilent ? StallReason.NoAnswer
        : facts.TooLarge > 0 ? StallReason.TooLarge
        : facts.Unheld > 0 ? StallReason.NobodyHas
        : facts.Refused > 0 ? StallReason.SourcesFail
        : StallReason.None;
}
