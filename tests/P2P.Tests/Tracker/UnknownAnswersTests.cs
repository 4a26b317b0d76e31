using System;
using P2P.Tracker;
using Xunit;

namespace P2P.Tests.Tracker;

/// <summary>PROTOCOL 6.3: a repeated "unknown" for the same chunk is held back until 10 ms after the last.</summary>
public sealed class UnknownAnswersTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(5);
    private UnknownAnswers _answers;

    [Fact]
    public void TheFirstAnswerForAChunk_IsNotHeldBack()
    {
        AssertNotHeldBack(1, Start);
        _answers.OnAnswered(1, Start);
        AssertNotHeldBack(2, Start);
    }

    [Fact]
    public void TheNextAnswerForTheSameChunk_IsHeldBackUntil10MsAfterTheLast()
    {
        _answers.OnAnswered(1, Start);
        Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.HoldTime(1, Start));
        Assert.Equal(TimeSpan.FromMilliseconds(1), _answers.HoldTime(1, Start + TimeSpan.FromMilliseconds(9)));
        AssertNotHeldBack(1, Start + TimeSpan.FromMilliseconds(10));
        AssertNotHeldBack(1, Start + TimeSpan.FromHours(1));
    }

    [Fact]
    public void EachAnswer_CountsAnew()
    {
        _answers.OnAnswered(1, Start);
        _answers.OnAnswered(1, Start + TimeSpan.FromMilliseconds(15));
        Assert.Equal(TimeSpan.FromMilliseconds(5), _answers.HoldTime(1, Start + TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void ChunksAskedForInTurn_AreHeldBackEachForItself()
    {
        for (int chunkIndex = 1; chunkIndex <= TrackerLimits.UnknownRemembered; chunkIndex++)
            _answers.OnAnswered(chunkIndex, Start + TimeSpan.FromMicroseconds(chunkIndex));
        for (int chunkIndex = 1; chunkIndex <= TrackerLimits.UnknownRemembered; chunkIndex++)
        {
            TimeSpan expected = TimeSpan.FromMilliseconds(10) + TimeSpan.FromMicroseconds(chunkIndex);
            Assert.Equal(expected, _answers.HoldTime(chunkIndex, Start));
        }
    }

    [Fact]
    public void BeyondWhatIsRemembered_TheOldestIsForgotten()
    {
        for (int chunkIndex = 1; chunkIndex <= TrackerLimits.UnknownRemembered + 1; chunkIndex++)
            _answers.OnAnswered(chunkIndex, Start);
        AssertNotHeldBack(1, Start);
        Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.HoldTime(2, Start));
        Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.HoldTime(TrackerLimits.UnknownRemembered + 1, Start));
    }

    [Fact]
    public void WhileManyChunksAreAskedFor_NoneIsForgottenBeforeItsTime()
    {
        TimeSpan later = Start + TimeSpan.FromMilliseconds(8), last = Start + TimeSpan.FromMilliseconds(11);
        _answers.OnAnswered(1, Start);
        _answers.OnAnswered(2, Start);
        _answers.OnAnswered(3, later);
        _answers.OnAnswered(4, later);
        for (int chunkIndex = 5; chunkIndex <= 20; chunkIndex++) _answers.OnAnswered(chunkIndex, last);
        Assert.Equal(TimeSpan.FromMilliseconds(7), _answers.HoldTime(3, last));
        Assert.Equal(TimeSpan.FromMilliseconds(7), _answers.HoldTime(4, last));
        for (int chunkIndex = 5; chunkIndex <= 20; chunkIndex++)
            Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.HoldTime(chunkIndex, last));
    }

    private void AssertNotHeldBack(int chunkIndex, TimeSpan now) =>
        Assert.True(_answers.HoldTime(chunkIndex, now) <= TimeSpan.Zero);
}
