using System;
using System.Diagnostics;
using P2P.Cli;

namespace P2P.Client;

/// <summary>How the dialect changes when a question gets no answer (PROTOCOL 2.4 and 2.6).</summary>
internal enum DialectChange
{
    /// <summary>The dialect stays: the question is asked again as it was.</summary>
    None,

    /// <summary>The tracker may be waiting for the end of a line: the client goes on in lines, on the same connection.
    /// </summary>
    ToLines,

    /// <summary>Lines get no answer either: the client goes on unframed, on a new connection.</summary>
    ToNewConnection,
}

/// <summary>
/// The dialect in which the client speaks to the tracker, and how long it waits for an answer. A tracker on this
/// machine may be a stranger's: some of these want lines, and most fail on them. So the client speaks unframed first,
/// then in lines, and so on in turns until the tracker has answered, and is never stuck in the wrong dialect. A client
/// whose lines get no answer, or no more answers, goes back to unframed messages on a new connection. Pure: no socket,
/// no clock but the times it is given.
/// </summary>
internal sealed class TrackerDialect(Framing framing, bool isTrackerLocal)
{
    private bool _wantsLines = framing == Framing.Line || (framing == Framing.Auto && !isTrackerLocal);
    private bool _isOurs;           // the tracker at the other end of this connection is one of ours
    private int _unanswered;        // unframed questions on this connection that got no answer
    private TimeSpan _silentSince;  // in lines: when they were first used, or last answered
    private TimeSpan _slowestAnswer;

    /// <summary>Each message to the tracker is a line.</summary>
    public bool UsesLines { get; private set; }

    /// <summary>The number of questions that may be in flight.</summary>
    public int QuestionsMax =>
        !UsesLines ? 1
        : _isOurs || !isTrackerLocal ? ClientLimits.QuestionsToOursMax
        : ClientLimits.QuestionsInFlightMax;

    /// <summary>A question was answered on this connection.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>Any question was ever answered.</summary>
    public bool WasEverAnswered { get; private set; }

    /// <summary>How long to wait for an answer before its question is asked again.</summary>
    public TimeSpan AnswerTimeout =>
        !WasEverAnswered ? ClientLimits.FirstAnswerTimeout
        : 4 * _slowestAnswer > ClientLimits.AnswerTimeoutMin ? 4 * _slowestAnswer : ClientLimits.AnswerTimeoutMin;

    /// <summary>The reason for the dialect, for the diagnosis.</summary>
    public string Rule =>
        framing != Framing.Auto ? "so -framing says"
        : !isTrackerLocal ? "it is not on this machine, so it is one of ours"
        : _isOurs ? "it is on this machine, and its receive buffer is that of ours"
        : UsesLines ? "it answered nothing that was unframed"
        : "it is on this machine, and may be a stranger's";

    /// <summary>A new connection begins.</summary>
    /// <param name="isOurs">The tracker is certainly one of ours.</param>
    public void OnConnected(bool isOurs, TimeSpan now)
    {
        (_isOurs, IsAnswered, _unanswered, _silentSince) = (isOurs, false, 0, now);
        UsesLines = _wantsLines || (framing == Framing.Auto && isOurs);
    }

    /// <summary>A question has been answered.</summary>
    /// <param name="time">The time from the question to the answer.</param>
    public void OnAnswered(TimeSpan time, TimeSpan now)
    {
        Debug.Assert(time >= TimeSpan.Zero, "the answer came before its question");
        WasEverAnswered = IsAnswered = true;
        if (UsesLines && !_isOurs) _wantsLines = true;
        _silentSince = now;
        if (time > _slowestAnswer) _slowestAnswer = time;
    }

    /// <summary>The tracker has read a question, and has not answered it within <see cref="AnswerTimeout"/>.</summary>
    public DialectChange OnUnanswered(TimeSpan now)
    {
        // In lines an answer proves nothing yet: it may be a late one, to an unframed question from before them.
        if (IsAnswered && !UsesLines) return DialectChange.None;
        if (_isOurs || framing != Framing.Auto || !isTrackerLocal) return DialectChange.None;
        if (!UsesLines)
        {
            Debug.Assert(_unanswered < ClientLimits.UnframedAttempts, "the change to lines is overdue");
            _unanswered++;
            if (_unanswered < ClientLimits.UnframedAttempts) return DialectChange.None;
            UsesLines = true;
            _silentSince = now;
            return DialectChange.ToLines;
        }
        Debug.Assert(now >= _silentSince, "time runs backwards");
        if (now - _silentSince < ClientLimits.LinesTimeout) return DialectChange.None;
        _wantsLines = false;
        return DialectChange.ToNewConnection;
    }
}
