using System;
using System.Collections.Generic;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Report;

/// <summary>The text of the live line: from figures and a width, which is one column less than the
/// terminal's.</summary>
public sealed class ProgressLineTests
{
    private static readonly ClientFigures Fetching = new()
    {
        Name = "alice",
        Held = 160,
        ChunkCount = 200,
        TotalBytes = 100_000_000,
        WantedBytes = 100_000_000,
        Received = 82_150_000,
        Sent = 9_000_000,
        DownRate = 18_549_000,
        UpRate = 9_200_000,
        Fetched = 160,
        Peers = 3,
    };

    [Theory]
    [InlineData(200, " 82 % [#########################.....] 18.5 MB/s  0:01 left  160 of 200 chunks  82.2 of 100 MB"
        + "  3 peers  9.20 MB/s up  alice")]
    [InlineData(80, " 82 % [###########..] 18.5 MB/s  0:01 left  160 of 200 chunks  82.2 of 100 MB")]
    [InlineData(40, " 82 % [#####.] 18.5 MB/s  0:01 left")]
    [InlineData(30, " 82 % [#####.] 18.5 MB/s")]
    [InlineData(20, " 82 % [#####.]")]
    [InlineData(10, " 82 %")]
    [InlineData(5, "")]
    public void TheFields_StandInTheOrderOfTheirWorth_AndTheLastOnesGoFirst(int columns, string line) =>
        Assert.Equal(line, ProgressLine.OfClient(Fetching, columns - 1));

    [Fact]
    public void ALine_NeverIsWiderThanItMayBe_AndNoFieldIsCut()
    {
        string whole = ProgressLine.OfClient(Fetching, 1000);
        string[] fields = whole[(whole.IndexOf(']') + 2)..].Split("  ");
        for (int columns = 1; columns <= 200; columns++)
        {
            string line = ProgressLine.OfClient(Fetching, columns);
            Assert.InRange(line.Length, 0, columns);
            string shown = line.Contains(']') ? line[(line.IndexOf(']') + 1)..].Trim() : "";
            Assert.Contains(shown, Beginnings(fields));
        }

        static IEnumerable<string> Beginnings(string[] fields)
        {
            for (int i = 0; i <= fields.Length; i++) yield return string.Join("  ", fields[..i]);
        }
    }

    [Theory]
    [InlineData(200, "  0 % [..............................] 0 of 1 chunk  alice")]
    [InlineData(80, "  0 % [.............] 0 of 1 chunk  alice")]
    [InlineData(40, "  0 % [......] 0 of 1 chunk  alice")]
    public void WhatIsZero_IsLeftOut(int columns, string line) => Assert.Equal(line,
        ProgressLine.OfClient(new ClientFigures { Name = "alice", ChunkCount = 1 }, columns - 1));

    [Theory]
    [InlineData(200, " 82 % [#########################.....] waiting: nobody has 3 chunks  160 of 200 chunks"
        + "  82.2 of 100 MB  3 peers  9.20 MB/s up  alice")]
    [InlineData(80, " 82 % [###########..] waiting: nobody has 3 chunks  160 of 200 chunks")]
    [InlineData(45, " 82 % [######.] waiting: nobody has 3 chunks")]
    [InlineData(40, " 82 % waiting: nobody has 3 chunks")]
    [InlineData(30, " 82 %")]
    public void AReason_StandsInPlaceOfTheSpeed_AndTheBarGivesWayToIt(int columns, string line) => Assert.Equal(line,
        ProgressLine.OfClient(With(waiting: "waiting: nobody has 3 chunks"), columns - 1));

    [Theory]
    [InlineData(200, "seeding  2 peers  58.7 MB served  9.20 MB/s up  200 chunks  alice")]
    [InlineData(80, "seeding  2 peers  58.7 MB served  9.20 MB/s up  200 chunks  alice")]
    [InlineData(40, "seeding  2 peers  58.7 MB served")]
    public void ASeed_ShowsPeersAndBytesServed(int columns, string line)
    {
        var seed = new ClientFigures
        {
            Name = "alice", Held = 200, ChunkCount = 200, Sent = 58_650_000, UpRate = 9_200_000, Peers = 2,
        };
        Assert.Equal(line, ProgressLine.OfClient(seed, columns - 1));
    }

    [Fact]
    public void ASeedWithoutAPeerOrATracker_SaysSo()
    {
        Assert.Equal("seeding  1 chunk  alice", Seed(null));
        Assert.Equal("seeding, no tracker  1 chunk  alice", Seed("no tracker"));

        static string Seed(string? waiting) => ProgressLine.OfClient(
            new ClientFigures { Name = "alice", Held = 1, ChunkCount = 1, Waiting = waiting }, 79);
    }

    // 100 % and a full bar say that all is there.
    [Theory]
    [InlineData(0, "  0 % [......]")]
    [InlineData(4_999, "  0 % [......]")]
    [InlineData(5_000, "  0 % [......]")]
    [InlineData(5_001, "  1 % [......]")]
    [InlineData(250_000, " 25 % [##....]")]
    [InlineData(999_999, " 99 % [#####.]")]
    [InlineData(2_000_000, " 99 % [#####.]")]
    public void TheShare_IsRounded_AndNeverWholeBeforeTheEnd(long received, string head)
    {
        var figures = new ClientFigures
        {
            Name = "a", ChunkCount = 9, TotalBytes = 1_000_000, WantedBytes = 1_000_000, Received = received,
        };
        Assert.Equal(head, ProgressLine.OfClient(figures, 14));
    }

    [Fact]
    public void TheShare_CountsWhatWasHereAtTheStart()
    {
        var figures = new ClientFigures
        {
            Name = "a", Held = 5, ChunkCount = 9, TotalBytes = 1_000_000, WantedBytes = 400_000, Received = 100_000,
        };
        Assert.StartsWith(" 70 % [", ProgressLine.OfClient(figures, 39));
    }

    // Without chunks.crc: by chunks, and the time left by the size that they had so far.
    [Fact]
    public void WithoutSizes_ChunksAreCounted()
    {
        var figures = new ClientFigures
        {
            Name = "a", Held = 2, ChunkCount = 8, Fetched = 2, Received = 2_000_000, DownRate = 100_000, Peers = 1,
        };
        Assert.Equal(" 25 % [###..........] 100 kB/s  1:00 left  2 of 8 chunks  2.00 MB  1 peer  a",
            ProgressLine.OfClient(figures, 79));
    }

    // A character beyond ASCII may take two columns.
    [Fact]
    public void AWideName_GetsTwoColumnsForEachCharacter()
    {
        var figures = new ClientFigures { Name = "\u4e16\u4e16", Held = 1, ChunkCount = 1 };
        Assert.Equal("seeding  1 chunk  \u4e16\u4e16", ProgressLine.OfClient(figures, 22));
        Assert.Equal("seeding  1 chunk", ProgressLine.OfClient(figures, 21));
    }

    [Theory]
    [InlineData(200, " 43 % [#############.................] 3.23 GB/s  0:02 left  5.54 of 12.9 GB  verifying part1")]
    [InlineData(80, " 43 % [######.......] 3.23 GB/s  0:02 left  5.54 of 12.9 GB  verifying part1")]
    [InlineData(40, " 43 % [###...] 3.23 GB/s  0:02 left")]
    public void ACommand_ShowsItsProgress(int columns, string line) => Assert.Equal(line,
        ProgressLine.OfCommand("verifying part1", 5_540_000_000, 12_900_000_000, 3_230_000_000, columns - 1));

    [Fact]
    public void ARate_StandsWhileNothingComes_AndThenGoes()
    {
        var rate = new Rate();
        TimeSpan tenth = TimeSpan.FromMilliseconds(100), now = TimeSpan.FromSeconds(5);
        for (int i = 0; i <= 50; i++) rate.Update(i * 100_000, now + i * tenth);
        Assert.Equal(1_000_000, rate.BytesPerSecond);
        for (int i = 51; i < 70; i++)
        {
            rate.Update(5_000_000, now + i * tenth);
            Assert.Equal(1_000_000, rate.BytesPerSecond);
        }
        rate.Update(5_000_000, now + 70 * tenth);
        Assert.Equal(0, rate.BytesPerSecond);
        rate.Update(5_100_000, now + 71 * tenth);
        Assert.Equal(1_000_000, rate.BytesPerSecond);
    }

    // A second at half the speed, and the rate has gone most of the way.
    [Fact]
    public void ARate_IsSmoothedOverASecond()
    {
        var rate = new Rate();
        TimeSpan tenth = TimeSpan.FromMilliseconds(100), now = TimeSpan.FromSeconds(5);
        for (int i = 0; i <= 20; i++) rate.Update(i * 100_000, now + i * tenth);
        rate.Update(2_050_000, now + 21 * tenth);
        Assert.Equal(950_000, rate.BytesPerSecond);
        for (int i = 22; i <= 30; i++) rate.Update(2_000_000 + (i - 20) * 50_000, now + i * tenth);
        Assert.InRange(rate.BytesPerSecond, 650_000, 700_000);
    }

    private static ClientFigures With(string waiting) => new()
    {
        Name = Fetching.Name,
        Held = Fetching.Held,
        ChunkCount = Fetching.ChunkCount,
        TotalBytes = Fetching.TotalBytes,
        WantedBytes = Fetching.WantedBytes,
        Received = Fetching.Received,
        UpRate = Fetching.UpRate,
        DownRate = Fetching.DownRate,
        Peers = Fetching.Peers,
        Waiting = waiting,
    };
}
