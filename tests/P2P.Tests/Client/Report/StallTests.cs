using System;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Report;

public sealed class StallTests
{
    // reached, connected, answered, silent, spoken, disk, too large, unheld, refused
    [Theory]
    [InlineData("-------00", "NoTracker")]
    [InlineData("rc-----00", "NoAnswer")]
    [InlineData("r------00", "NoAnswer")]           // it accepts and closes
    [InlineData("rc--s--00", "NotATracker")]
    [InlineData("r---s--00", "NotATracker")]
    [InlineData("r-a-s--30", "TrackerGone")]
    [InlineData("rcaqs--30", "NoAnswer")]
    [InlineData("rca-s--30", "NobodyHas")]
    [InlineData("rca-s--31", "NobodyHas")]
    [InlineData("rca-s--02", "SourcesFail")]
    [InlineData("rca-s-l02", "TooLarge")]
    [InlineData("rca-sd-30", "Disk")]
    [InlineData("-----d-00", "Disk")]
    [InlineData("rca-s--00", "None")]
    public void TheReason_IsTheFirstThatHolds(string facts, string reason) => Assert.Equal(reason, Stall.Find(new StallFacts(
        facts[0] == 'r', facts[1] == 'c', facts[2] == 'a', facts[3] == 'q', facts[4] == 's', facts[5] == 'd',
        facts[6] == 'l' ? 7 : 0, facts[7] - '0', facts[8] - '0')).ToString());

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
}
