using System;
using System.Linq;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>What a tracker tells of its swarm, and what of it is shown.</summary>
public sealed class SwarmStatusTests
{
    private const string Head = "{\"tracker\":\"P2PTracker\",";

    [Fact]
    public void APeer_IsARow()
    {
        SwarmStatus status = Parse("\"uptime_ms\":125000,\"peers\":2,\"connected\":1,\"complete\":1,"
            + "\"listed_chunks\":4,\"chunks\":4,\"rows\":[\n"
            + "{\"host\":\"localhost\",\"port\":5001,\"connections\":1,\"chunks\":4},\n"
            + "{\"host\":\"10.0.0.7\",\"port\":5002,\"connections\":0,\"gone_ms\":9,\"chunks\":1}]}\n");
        Assert.Equal(["localhost:5001 4 False", "10.0.0.7:5002 1 True"],
            status.Rows.Select(row => $"{row.Address} {row.Chunks} {row.IsGone}"));
        Assert.Equal(TimeSpan.FromSeconds(125), status.Uptime);
        Assert.Equal((4, 4, 2, 1, 1),
            (status.Chunks, status.ListedChunks, status.Peers, status.Connected, status.Complete));
    }

    // By themselves these would end the program: it asks on a thread of the pool (-until_peers).
    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("922337203685478")]
    [InlineData("99999999999999999999")]
    public void NumbersThatNothingCanBeComputedWith_AreNone(string number)
    {
        SwarmStatus status = Parse($"\"uptime_ms\":{number},\"chunks\":{number},\"rows\":[\n"
            + $"{{\"host\":\"a\",\"port\":1,\"chunks\":{number}}}]}}");
        Assert.Equal((TimeSpan.Zero, 0L), (status.Uptime, status.Chunks));
        Assert.Equal(0, Assert.Single(status.Rows).Chunks);
        status = Parse("\"chunks\":1,\"rows\":[\n{\"host\":\"a\",\"port\":1,\"chunks\":900000000000000}]}");
        Assert.Contains(" 90000000000000000 % ", StatusCommand.Describe(status, "hub:5100"));
    }

    [Theory]
    [InlineData("\u001b[2J")]
    [InlineData("\r")]
    [InlineData("\0")]
    [InlineData("\u009b2J")]
    [InlineData("\u202e")]
    public void WhatATerminalMightObey_IsNotShown(string text)
    {
        SwarmStatus status = Parse($"\"rows\":[\n{{\"host\":\"a{text}\",\"port\":1,\"name\":\"b{text}\"}}]}}");
        string shown = text.Length == 1 ? "?" : $"?{text[1..]}";
        SwarmRow row = Assert.Single(status.Rows);
        Assert.Equal(($"a{shown}:1", $"b{shown}"), (row.Address, row.Name));
        Assert.DoesNotContain(text, status.Json);
        Assert.DoesNotContain(text, StatusCommand.Describe(status, "hub:5100"));
    }

    [Fact]
    public void Names_AreAColumn_IfThereAreAny()
    {
        SwarmStatus status = Parse("\"chunks\":4,\"rows\":[\n"
            + "{\"host\":\"localhost\",\"port\":5001,\"name\":\"zo\u00eb\\\"\\\\\",\"chunks\":4},\n"
            + "{\"host\":\"10.0.0.7\",\"port\":5002,\"connections\":1,\"chunks\":1}]}\n");
        Assert.Equal(
            [
                "peer            name      chunks  share  state",
                "localhost:5001  zo\u00eb\"\\          4  100 %  complete",
                "10.0.0.7:5002                  1   25 %  fetching",
            ],
            StatusCommand.Describe(status, "hub:5100").Split('\n')[1..]);
        status = Parse($"\"rows\":[\n{{\"host\":\"a\",\"port\":1,\"name\":\"{new string('n', 1000)}\"}}]}}");
        Assert.Equal(64, Assert.Single(status.Rows).Name.Length);
    }

    [Theory]
    [InlineData("[[3,1]]", "[[1,1],[2,9]]", "rarest: chunk 3, at 1 peer")]
    [InlineData("[[3,2],[7,2],[1,5]]", "[[2,2],[5,8]]", "rarest: chunks 3, 7, at 2 peers")]
    [InlineData("[[3,2],[7,2]]", "[[2,250],[3,6]]", "rarest: chunks 3, 7 and 248 more, at 2 peers")]
    [InlineData("[[3,2],[7,x],[8,2]]", "[]", "rarest: chunk 3, at 2 peers")]
    [InlineData("[]", "[]", null)]
    [InlineData("[[3]]", "[[1,1]]", null)]
    [InlineData("[[3,2", "[[1,1]]", null)]
    public void TheRarestChunks_AreTheLastLine_UntilAllPeersHaveAll(string rarest, string holders, string? line)
    {
        string rows = "\"rows\":[\n{\"host\":\"a\",\"port\":1,\"chunks\":9}";
        string head = $"\"chunks\":10,\"rarest\":{rarest},\"holders\":{holders},";
        string[] lines = StatusCommand.Describe(Parse($"{head}{rows}]}}"), "hub:5100").Split('\n');
        Assert.Equal(line ?? "a:1           9   90 %  fetching", lines[^1]);
        rows = rows.Replace(":9", ":10");
        lines = StatusCommand.Describe(Parse($"{head}{rows}]}}"), "hub:5100").Split('\n');
        Assert.Equal("a:1          10  100 %  complete", lines[^1]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(255, 1)]
    [InlineData(256, 0)]
    [InlineData(100_000, 0)]       // the name of each peer takes the width of the longest
    public void AHost_IsAsLongAsAnyCanBe(int length, int rows) => Assert.Equal(rows,
        Parse($"\"rows\":[\n{{\"host\":\"{new string('h', length)}\",\"port\":1}}]}}").Rows.Count);

    [Theory]
    [InlineData("")]
    [InlineData("{\"tracker\":\"another\"}")]
    [InlineData("<html>")]
    public void AnotherProgramsText_IsNone(string text) => Assert.Null(SwarmStatus.TryParse(text));

    private static SwarmStatus Parse(string rest) => SwarmStatus.TryParse(Head + rest)!;
}
