using System;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>PROTOCOL 2.4 and 2.6: which dialect comes after which, and when.</summary>
public sealed class TrackerDialectTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1), Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void ATrackerThatAnswersNothing_IsTriedInBothDialects_InTurns()
    {
        var dialect = new TrackerDialect(Framing.Auto, isTrackerLocal: true);
        for (TimeSpan now = Start; now < Start + 100 * Second; now += 20 * Second)
        {
            dialect.OnConnected(isOurs: false, now);
            Assert.False(dialect.UsesLines);
            Assert.Equal(5 * Second, dialect.AnswerTimeout);
            Assert.Equal(DialectChange.None, dialect.OnUnanswered(now + 5 * Second));
            Assert.Equal(DialectChange.ToLines, dialect.OnUnanswered(now + 10 * Second));
            Assert.True(dialect.UsesLines);
            Assert.Equal(DialectChange.None, dialect.OnUnanswered(now + 15 * Second));
            Assert.Equal(DialectChange.ToNewConnection, dialect.OnUnanswered(now + 20 * Second));
        }
    }

    [Fact]
    public void OnceLinesAreAnswered_TheyStay_OnTheNextConnectionToo()
    {
        var dialect = new TrackerDialect(Framing.Auto, isTrackerLocal: true);
        dialect.OnConnected(isOurs: false, Start);
        dialect.OnUnanswered(Start + 5 * Second);
        dialect.OnUnanswered(Start + 10 * Second);
        dialect.OnAnswered(Second, Start + 11 * Second);
        Assert.Equal(DialectChange.None, dialect.OnUnanswered(Start + 20 * Second));
        dialect.OnConnected(isOurs: false, Start + 61 * Second);
        Assert.True(dialect.UsesLines);
        // Another tracker is there now.
        Assert.Equal(DialectChange.ToNewConnection, dialect.OnUnanswered(Start + 71 * Second));
        dialect.OnConnected(isOurs: false, Start + 72 * Second);
        Assert.False(dialect.UsesLines);
    }

    // Who takes lines for nonsense may close the connection over them.
    [Fact]
    public void LinesThatWereNotAnswered_EndWithTheirConnection()
    {
        var dialect = new TrackerDialect(Framing.Auto, isTrackerLocal: true);
        dialect.OnConnected(isOurs: false, Start);
        dialect.OnUnanswered(Start + 5 * Second);
        Assert.Equal(DialectChange.ToLines, dialect.OnUnanswered(Start + 10 * Second));
        dialect.OnConnected(isOurs: false, Start + 11 * Second);
        Assert.False(dialect.UsesLines);
    }

    // It was the answer to a question from before the lines, of a tracker that does not understand them.
    [Fact]
    public void LinesThatSeemAnswered_AndNeverAgain_EndWithTheirConnection()
    {
        var dialect = new TrackerDialect(Framing.Auto, isTrackerLocal: true);
        dialect.OnConnected(isOurs: false, Start);
        dialect.OnUnanswered(Start + 5 * Second);
        Assert.Equal(DialectChange.ToLines, dialect.OnUnanswered(Start + 10 * Second));
        dialect.OnAnswered(Second, Start + 11 * Second);
        Assert.Equal(DialectChange.None, dialect.OnUnanswered(Start + 15 * Second));
        Assert.Equal(DialectChange.ToNewConnection, dialect.OnUnanswered(Start + 21 * Second));
        dialect.OnConnected(isOurs: false, Start + 22 * Second);
        Assert.False(dialect.UsesLines);
    }

    [Fact]
    public void ATrackerThatHasAnswered_StaysUnframed()
    {
        var dialect = new TrackerDialect(Framing.Auto, isTrackerLocal: true);
        dialect.OnConnected(isOurs: false, Start);
        dialect.OnAnswered(Second, Start + 11 * Second);
        for (int i = 1; i <= 10; i++) Assert.Equal(DialectChange.None, dialect.OnUnanswered(Start + 10 * i * Second));
        Assert.False(dialect.UsesLines);
    }

    [Theory]
    [InlineData("Line", true, false, true)]
    [InlineData("Unframed", true, false, false)]
    [InlineData("Auto", false, false, true)]
    [InlineData("Auto", true, true, true)]
    public void WhereTheDialectIsCertain_NothingChangesIt(string framing, bool isLocal, bool isOurs, bool usesLines)
    {
        var dialect = new TrackerDialect(Enum.Parse<Framing>(framing), isLocal);
        dialect.OnConnected(isOurs, Start);
        for (int i = 1; i <= 10; i++) Assert.Equal(DialectChange.None, dialect.OnUnanswered(Start + 10 * i * Second));
        Assert.Equal(usesLines, dialect.UsesLines);
    }

    [Theory]
    [InlineData(1, 2000)]
    [InlineData(499, 2000)]
    [InlineData(700, 2800)]
    [InlineData(8000, 32_000)]
    public void AnAnswerIsWaitedFor_FourTimesAsLongAsTheSlowestTook(int milliseconds, int patience)
    {
        var dialect = new TrackerDialect(Framing.Auto, isTrackerLocal: true);
        dialect.OnConnected(isOurs: false, Start);
        dialect.OnAnswered(TimeSpan.FromMilliseconds(milliseconds), Start);
        dialect.OnAnswered(TimeSpan.Zero, Start);
        Assert.Equal(TimeSpan.FromMilliseconds(patience), dialect.AnswerTimeout);
    }
}
