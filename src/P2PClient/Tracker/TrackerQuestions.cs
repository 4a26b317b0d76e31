using System;
using System.Collections.Generic;
using System.Diagnostics;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// The questions that the tracker has been asked and has not answered, oldest first; how long an answer takes decides
/// how long it is acted upon. On the loop's thread.
/// </summary>
internal sealed class TrackerQuestions(ChunkPicker picker, TrackerDialect dialect)
{
    private readonly List<(int ChunkIndex, TimeSpan SentAt)> _inFlight = [];
    private TimeSpan _answerTime;       // smoothed
    private bool _wasCounted;           // the answer that may go on has ended its question already

    /// <summary>One more may be asked now.</summary>
    public bool HasRoom => _inFlight.Count < (dialect.UsesLines ? ClientLimits.QuestionsInFlightMax : 1);

    /// <summary>The oldest has waited for longer than is patient.</summary>
    public bool IsOldestOld => _inFlight.Count > 0 && IsOld(_inFlight[0].SentAt);

    /// <summary>A connection begins.</summary>
    public void OnConnected() => _wasCounted = false;

    /// <summary>Takes the next question to ask, if there is one.</summary>
    public bool TryAsk(out int chunkIndex)
    {
        TimeSpan now = EventLoop.Now;
        if (!picker.TryPickQuestion(now, out chunkIndex)) return false;
        Debug.Assert(HasRoom, "more questions are in flight than may be");
        Debug.Assert(_inFlight.Count == 0 || _inFlight[^1].SentAt <= now, "the oldest question is not the first one");
        _inFlight.Add((chunkIndex, now));
        return true;
    }

    /// <summary>An answer has come, or one that has been counted goes on.</summary>
    public void OnAnswer(int chunkIndex)
    {
        if (!_wasCounted) End(chunkIndex);
        _wasCounted = false;
    }

    /// <summary>An answer has come that may go on. It shows that the tracker is ready for the next question all the
    /// same. The same chunk may be asked about meanwhile: what follows of this answer is none to that
    /// question.</summary>
    public void OnOpenAnswer(int chunkIndex)
    {
        if (!_wasCounted) End(chunkIndex);
        _wasCounted = true;
    }

    /// <summary>Gives back to the picker what has waited for too long.</summary>
    /// <returns>False if nothing has.</returns>
    public bool TryGiveUpOld()
    {
        int count = 0;
        for (; count < _inFlight.Count && IsOld(_inFlight[count].SentAt); count++)
            picker.OnNoAnswer(_inFlight[count].ChunkIndex);
        _inFlight.RemoveRange(0, count);
        return count > 0;
    }

    /// <summary>Gives all back: their connection is over.</summary>
    public void GiveUpAll()
    {
        foreach ((int chunkIndex, _) in _inFlight) picker.OnNoAnswer(chunkIndex);
        _inFlight.Clear();
    }

    private bool IsOld(TimeSpan sentAt) => EventLoop.Now - sentAt >= dialect.AnswerTimeout;

    private void End(int chunkIndex)
    {
        int place = _inFlight.FindIndex(question => question.ChunkIndex == chunkIndex);
        if (place < 0) return;
        TimeSpan time = EventLoop.Now - _inFlight[place].SentAt;
        dialect.OnAnswered(time, EventLoop.Now);
        _answerTime = _answerTime == TimeSpan.Zero ? time : (7 * _answerTime + time) / 8;
        TimeSpan life = ClientLimits.AnswerLifeFactor * _answerTime;
        picker.AnswerLife = life < ClientLimits.AnswerLifeMin ? ClientLimits.AnswerLifeMin
            : life > ClientLimits.AnswerLifeMax ? ClientLimits.AnswerLifeMax : life;
        _inFlight.RemoveAt(place);
    }
}
