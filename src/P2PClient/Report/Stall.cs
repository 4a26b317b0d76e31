using System;

namespace P2P.Client;

/// <summary>What a client that makes no progress knows of why.</summary>
internal readonly struct StallFacts
{
    /// <summary>The tracker has accepted a connection.</summary>
    public required bool WasReached { get; init; }

    /// <summary>Nobody accepts a connection at the tracker's address now.</summary>
    public required bool IsGone { get; init; }

    /// <summary>The tracker has answered a question, ever.</summary>
    public required bool WasAnswered { get; init; }

    /// <summary>The tracker owes every answer for as long as nothing has come.</summary>
    public required bool IsSilent { get; init; }

    /// <summary>The tracker has sent anything at all.</summary>
    public required bool HasSpoken { get; init; }

    /// <summary>The disk has refused what came last.</summary>
    public required bool IsDiskFailing { get; init; }

    /// <summary>A chunk that was larger than is taken, since the last that was not; 0: none.</summary>
    public required int TooLarge { get; init; }

    /// <summary>How many missing chunks no peer has.</summary>
    public required int Unheld { get; init; }

    /// <summary>How many missing chunks have only sources that pause.</summary>
    public required int Refused { get; init; }
}

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
    private TimeSpan _since, _lookDue;
    private StallReason _told;
    private string _toldText = "";
    private bool _hasMoved;         // something has come since it was told

    /// <summary>Looks whether anything has come since the last look.</summary>
    /// <returns>True if nothing has for <see cref="ClientLimits.StallAfter"/>.</returns>
    public bool IsStalled(TimeSpan now)
    {
        if (traffic.Received != _received || picker.HaveCount != _held)
            (_received, _held, _since, _hasMoved) = (traffic.Received, picker.HaveCount, now, true);
        return now - _since >= ClientLimits.StallAfter;
    }

    /// <summary>Tells, once a second while it is a stall, that the reason is to be looked for.</summary>
    public bool IsDue(TimeSpan now)
    {
        if (!IsStalled(now) || now < _lookDue) return false;
        _lookDue = now + ClientLimits.StallLookPause;
        return true;
    }

    /// <summary>Decides whether the user is to be told; if so, the reason counts as told.</summary>
    /// <param name="text">The reason in words, with numbers that may change all the time: they alone are no
    /// news.</param>
    public bool IsNews(StallReason reason, string text)
    {
        if (reason == StallReason.None || (reason == _told && (!_hasMoved || text == _toldText))) return false;
        (_told, _toldText, _hasMoved) = (reason, text, false);
        return true;
    }

    /// <summary>The first reason of those that hold: without the earlier ones nothing can be said of the
    /// later.</summary>
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
