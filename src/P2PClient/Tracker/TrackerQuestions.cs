using System;
using System.Collections.Generic;
using System.Diagnostics;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// The questions in flight: sent to the tracker and not answered yet, oldest first. The time that answers take decides
/// how old an answer may be when the picker acts on it. On the loop's thread.
/// </summary>
internal sealed class TrackerQuestions(ChunkPicker picker, TrackerDialect dialect)
{
    private readonly List<(int ChunkIndex, TimeSpan SentAt)> _inFlight = [];
    private TimeSpan _answerTime;       // from question to answer, smoothed
    private bool _isUnfinishedCounted;  // the answer that may go on has ended its question already

    /// <summary>One more question may be sent now.</summary>
    public bool HasRoom => _inFlight.Count < dialect.QuestionsMax;

    /// <summary>The oldest question has waited for longer than <see cref="TrackerDialect.AnswerTimeout"/>.</summary>
    public bool IsOldestOverdue => _inFlight.Count > 0 && IsOverdue(_inFlight[0].SentAt);

    /// <summary>A connection begins.</summary>
    public void OnConnected() => _isUnfinishedCounted = false;

    /// <summary>Takes the picker's next question, if there is one; it is then in flight.</summary>
    public bool TryBegin(out int chunkIndex)
    {
        TimeSpan now = EventLoop.Now;
        if (!picker.TryPickQuestion(now, out chunkIndex)) return false;
        Debug.Assert(HasRoom, "more questions are in flight than may be");
        Debug.Assert(_inFlight.Count == 0 || _inFlight[^1].SentAt <= now, "the oldest question is not the first one");
        _inFlight.Add((chunkIndex, now));
        return true;
    }

    /// <summary>An answer has come, or an answer that <see cref="OnUnfinishedAnswer"/> has counted is over.</summary>
    public void OnAnswer(int chunkIndex)
    {
        if (!_isUnfinishedCounted) End(chunkIndex);
        _isUnfinishedCounted = false;
    }

    /// <summary>An answer has come that may go on. It ends its question at once, because the tracker is ready for the
    /// next one; the rest of the answer must not end a second question about the same chunk.</summary>
    public void OnUnfinishedAnswer(int chunkIndex)
    {
        if (!_isUnfinishedCounted) End(chunkIndex);
        _isUnfinishedCounted = true;
    }

    /// <summary>Gives overdue questions back to the picker, which asks them again.</summary>
    /// <returns>False if no question is overdue.</returns>
    public bool TryGiveUpOverdue()
    {
        int count = 0;
        for (; count < _inFlight.Count && IsOverdue(_inFlight[count].SentAt); count++)
            picker.OnNoAnswer(_inFlight[count].ChunkIndex);
        _inFlight.RemoveRange(0, count);
        return count > 0;
    }

    /// <summary>Gives all questions back to the picker: their connection is over.</summary>
    public void GiveUpAll()
    {
        foreach ((int chunkIndex, _) in _inFlight) picker.OnNoAnswer(chunkIndex);
        _inFlight.Clear();
    }

    private bool IsOverdue(TimeSpan sentAt) => EventLoop.Now - sentAt >= dialect.AnswerTimeout;

    private void End(int chunkIndex)
    {
        int place = _inFlight.FindIndex(question => question.ChunkIndex == chunkIndex);
        if (place < 0) return;      // the question was given up, or the tracker answers without one
        TimeSpan time = EventLoop.Now - _inFlight[place].SentAt;
        dialect.OnAnswered(time, EventLoop.Now);
        _answerTime = _answerTime == TimeSpan.Zero ? time : (7 * _answerTime + time) / 8;
        TimeSpan life = ClientLimits.AnswerLifeFactor * _answerTime;
        picker.AnswerLife = life < ClientLimits.AnswerLifeMin ? ClientLimits.AnswerLifeMin
            : life > ClientLimits.AnswerLifeMax ? ClientLimits.AnswerLifeMax : life;
        _inFlight.RemoveAt(place);
    }
}
