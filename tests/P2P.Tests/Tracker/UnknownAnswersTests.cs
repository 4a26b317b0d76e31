using System;
using P2P.Tracker;
using Xunit;

namespace P2P.Tests.Tracker;

/// <summary>PROTOCOL 6.3: a repeated "unknown" for the same chunk is held back until 10 ms after the last.</summary>
public sealed class UnknownAnswersTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(5);
    private readonly UnknownAnswers _answers = new();

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
        Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.Wait(1, Start));
        Assert.Equal(TimeSpan.FromMilliseconds(1), _answers.Wait(1, Start + TimeSpan.FromMilliseconds(9)));
        AssertNotHeldBack(1, Start + TimeSpan.FromMilliseconds(10));
        AssertNotHeldBack(1, Start + TimeSpan.FromHours(1));
    }

    [Fact]
    public void EachAnswer_CountsAnew()
    {
        _answers.OnAnswered(1, Start);
        _answers.OnAnswered(1, Start + TimeSpan.FromMilliseconds(15));
        Assert.Equal(TimeSpan.FromMilliseconds(5), _answers.Wait(1, Start + TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void ChunksAskedForInTurn_AreHeldBackEachForItself()
    {
        for (int chunkIndex = 1; chunkIndex <= TrackerLimits.UnknownRemembered; chunkIndex++)
            _answers.OnAnswered(chunkIndex, Start + TimeSpan.FromMicroseconds(chunkIndex));
        for (int chunkIndex = 1; chunkIndex <= TrackerLimits.UnknownRemembered; chunkIndex++)
        {
            TimeSpan expected = TimeSpan.FromMilliseconds(10) + TimeSpan.FromMicroseconds(chunkIndex);
            Assert.Equal(expected, _answers.Wait(chunkIndex, Start));
        }
    }

    [Fact]
    public void BeyondWhatIsRemembered_TheOldestIsForgotten()
    {
        for (int chunkIndex = 1; chunkIndex <= TrackerLimits.UnknownRemembered + 1; chunkIndex++) _answers.OnAnswered(chunkIndex, Start);
        AssertNotHeldBack(1, Start);
        Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.Wait(2, Start));
        Assert.Equal(TimeSpan.FromMilliseconds(10), _answers.Wait(TrackerLimits.UnknownRemembered + 1, Start));
    }

    private void AssertNotHeldBack(int chunkIndex, TimeSpan now) =>
        Assert.True(_answers.Wait(chunkIndex, now) <= TimeSpan.Zero);
}
