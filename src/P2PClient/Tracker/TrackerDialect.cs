using System.Diagnostics;
using System;
using P2P.Cli;

namespace P2P.Client;

/// <summary>What a question without an answer says about the dialect (PROTOCOL 2.4 and 2.6).</summary>
internal enum DialectTurn
{
    /// <summary>Nothing: it is asked again as it was.</summary>
    Stay,

    /// <summary>The tracker may be waiting for the end of a line: from now on in lines, on the same
    /// connection.</summary>
    ToLines,

    /// <summary>Lines get no answer either: unframed again, on a new connection.</summary>
    ToNewConnection,
}

/// <summary>
/// How the tracker is spoken to, and how long its answers are waited for. A tracker on this machine may be a
/// stranger's, of which some want lines and most break over them: it is tried unframed, then in lines, and so on in
/// turns until it has answered, so that a client is never stuck in the wrong dialect. Lines that get no answer, or none
/// any more, end with their connection. Pure: no socket, no clock but the times it is given.
/// </summary>
internal sealed class TrackerDialect(Framing framing, bool isTrackerLocal)
{
    private bool _wantsLines = framing == Framing.Line || (framing == Framing.Auto && !isTrackerLocal);
    private bool _isOurs;           // the tracker at the other end of this connection
    private int _unanswered;        // unframed questions on this connection
    private TimeSpan _linesSince;   // or since the last answer
    private TimeSpan _slowestAnswer;

    /// <summary>Each message is a line.</summary>
    public bool UsesLines { get; private set; }

    /// <summary>A question was answered on this connection.</summary>
    public bool IsAnswered { get; private set; }

    /// <summary>Any question was ever answered.</summary>
    public bool WasEverAnswered { get; private set; }

    /// <summary>How long an answer is waited for before its question is asked again.</summary>
    public TimeSpan AnswerTimeout =>
        !WasEverAnswered ? ClientLimits.FirstAnswerTimeout
        : 4 * _slowestAnswer > ClientLimits.AnswerPatienceMin ? 4 * _slowestAnswer : ClientLimits.AnswerPatienceMin;

    /// <summary>The rule by which it was chosen, for the diagnosis.</summary>
    public string Rule =>
        framing != Framing.Auto ? "so -framing says"
        : !isTrackerLocal ? "it is not on this machine, so it is one of ours"
        : _isOurs ? "it is on this machine, and its receive buffer is that of ours"
        : UsesLines ? "it answered nothing that was unframed"
        : "it is on this machine, and may be a stranger's";

    /// <summary>A new connection begins.</summary>
    /// <param name="isOurs">The tracker has shown to be one of ours.</param>
    public void OnConnected(bool isOurs, TimeSpan now)
    {
        (_isOurs, IsAnswered, _unanswered, _linesSince) = (isOurs, false, 0, now);
        UsesLines = _wantsLines || (framing == Framing.Auto && isOurs);
    }

    /// <summary>A question has been answered.</summary>
    /// <param name="time">How long that took.</param>
    public void OnAnswered(TimeSpan time, TimeSpan now)
    {
        Debug.Assert(time >= TimeSpan.Zero, "the answer came before its question");
        WasEverAnswered = IsAnswered = true;
        if (UsesLines && !_isOurs) _wantsLines = true;
        _linesSince = now;
        if (time > _slowestAnswer) _slowestAnswer = time;
    }

    /// <summary>The tracker has read a question, and has not answered it for <see cref="AnswerTimeout"/>.</summary>
    public DialectTurn OnUnanswered(TimeSpan now)
    {
        // The answer that lines seem to have got may have been a late one, to a question from before them.
        if (IsAnswered && !UsesLines) return DialectTurn.Stay;
        if (_isOurs || framing != Framing.Auto || !isTrackerLocal) return DialectTurn.Stay;
        if (!UsesLines)
        {
            Debug.Assert(_unanswered < ClientLimits.UnframedAttempts, "the change to lines is overdue");
            _unanswered++;
            if (_unanswered < ClientLimits.UnframedAttempts) return DialectTurn.Stay;
            UsesLines = true;
            _linesSince = now;
            return DialectTurn.ToLines;
        }
        Debug.Assert(now >= _linesSince, "lines have been in use since a time to come");
        if (now - _linesSince < ClientLimits.LinesTimeout) return DialectTurn.Stay;
        _wantsLines = false;
        return DialectTurn.ToNewConnection;
    }
}
