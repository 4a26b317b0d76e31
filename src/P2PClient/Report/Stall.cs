using System;

namespace P2P.Client;

/// <summary>What a client that makes no progress knows of why.</summary>
/// <param name="WasReached">The tracker has accepted a connection.</param>
/// <param name="IsGone">Nobody accepts a connection there now.</param>
/// <param name="WasAnswered">It has answered a question, ever.</param>
/// <param name="IsSilent">It owes every answer for as long as nothing has come.</param>
/// <param name="HasSpoken">It has sent anything at all.</param>
/// <param name="IsDiskFailing">The disk has refused what came last.</param>
/// <param name="TooLarge">A chunk that was larger than is taken, since the last that was not; 0: none.</param>
/// <param name="Unheld">Missing chunks that nobody has.</param>
/// <param name="Refused">Missing chunks all of whose sources pause.</param>
internal readonly record struct StallFacts(
    bool WasReached, bool IsGone, bool WasAnswered, bool IsSilent, bool HasSpoken, bool IsDiskFailing, int TooLarge,
    int Unheld, int Refused);

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
