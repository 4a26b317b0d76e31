using System;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Report;

public sealed class StallTests
{
    // reached, gone, answered, silent, spoken, disk, too large, unheld, refused
    [Theory]
    [InlineData("-------00", "NoTracker")]
    [InlineData("r------00", "NoAnswer")]           // also one that accepts and closes
    [InlineData("r---s--00", "NotATracker")]
    [InlineData("rg-----00", "TrackerGone")]
    [InlineData("rg--s--00", "TrackerGone")]
    [InlineData("rga-s--30", "TrackerGone")]
    [InlineData("r-aqs--30", "NoAnswer")]
    [InlineData("r-a-s--30", "NobodyHas")]
    [InlineData("r-a-s--31", "NobodyHas")]
    [InlineData("r-a-s--02", "SourcesFail")]
    [InlineData("r-a-s-l02", "TooLarge")]
    [InlineData("r-a-sd-30", "Disk")]
    [InlineData("-----d-00", "Disk")]
    [InlineData("r-a-s--00", "None")]
    public void TheReason_IsTheFirstThatHolds(string facts, string reason) =>
        Assert.Equal(reason, Stall.Find(new StallFacts
        {
            WasReached = facts[0] == 'r',
            IsGone = facts[1] == 'g',
            WasAnswered = facts[2] == 'a',
            IsSilent = facts[3] == 'q',
            HasSpoken = facts[4] == 's',
            IsDiskFailing = facts[5] == 'd',
            TooLarge = facts[6] == 'l' ? 7 : 0,
            Unheld = facts[7] - '0',
            Refused = facts[8] - '0',
        }).ToString());

    [Fact]
    public void ItIsAStall_WhenNothingHasComeForTenSeconds()
    {
        var picker = new ChunkPicker(3, [1], new Random(1));
        var traffic = new Traffic();
        var stall = new Stall(picker, traffic);
        TimeSpan second = TimeSpan.FromSeconds(1), now = 100 * second;
        Assert.False(stall.IsStalled(now));
        Assert.False(stall.IsStalled(now + 9 * second));
        Assert.True(stall.IsStalled(now + 10 * second));
        traffic.OnReceived(1);
        Assert.False(stall.IsStalled(now + 11 * second));
        Assert.False(stall.IsStalled(now + 20 * second));
        Assert.True(stall.IsStalled(now + 21 * second));
    }

    [Fact]
    public void AReasonIsNews_WhenItIsAnother_OrSomethingHasComeMeanwhile()
    {
        var traffic = new Traffic();
        var stall = new Stall(new ChunkPicker(3, [1], new Random(1)), traffic);
        stall.IsStalled(TimeSpan.FromSeconds(100));
        Assert.False(stall.IsNews(StallReason.None, ""));
        Assert.True(stall.IsNews(StallReason.NobodyHas, "1 chunk"));
        Assert.False(stall.IsNews(StallReason.NobodyHas, "2 chunks"));
        Assert.False(stall.IsNews(StallReason.None, ""));
        Assert.False(stall.IsNews(StallReason.NobodyHas, "3 chunks"));
        Assert.True(stall.IsNews(StallReason.TrackerGone, "gone"));
        Assert.True(stall.IsNews(StallReason.NobodyHas, "3 chunks"));
        traffic.OnReceived(1);
        stall.IsStalled(TimeSpan.FromSeconds(101));
        Assert.False(stall.IsNews(StallReason.NobodyHas, "3 chunks"));
        Assert.True(stall.IsNews(StallReason.NobodyHas, "2 chunks"));
        Assert.False(stall.IsNews(StallReason.NobodyHas, "1 chunk"));
    }
}
