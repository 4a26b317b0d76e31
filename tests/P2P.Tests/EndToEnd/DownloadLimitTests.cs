using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>How fast a client receives at most (-download_limit).</summary>
[Waits(18)]
public sealed class DownloadLimitTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int Bytes = RateCheck.Bytes;
    private readonly ITestOutputHelper _output = output;

    [Theory]
    [InlineData(1, Bytes)]
    [InlineData(12, Bytes / 12)]
    [InlineData(4, 16_000)]
    public void OverConnections_NoMoreIsReceivedThanTheLimit(int peers, int chunkBytes)
    {
        var chunks = new ChunkSet(Random, Bytes / chunkBytes, chunkBytes);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer[] sources = [.. Enumerable.Range(0, peers).Select(peer =>
            StartPeer(tracker, chunks, chunks.Indexes.Where(index => index % peers == peer % chunks.Count)))];
        ClientProcess client = Fetch(chunks, tracker.Port);
        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(sources);
    }

    [Theory]
    [InlineData(1, Bytes / 2)]
    [InlineData(3, Bytes / 12)]
    [InlineData(3, 5000)]
    public void OverLanes_NoMoreIsReceivedThanTheLimit(int peers, int chunkBytes)
    {
        var chunks = new ChunkSet(Random, Bytes / chunkBytes, chunkBytes);
        TrackerProcess tracker = StartTracker();
        for (int peer = 1; peer <= peers; peer++)
            StartClient($"seed{peer}", tracker.Port, chunks, chunks.Indexes).WaitUntilComplete();
        ClientProcess client = Fetch(chunks, tracker.Port);
        chunks.AssertComplete(client.ChunkFolder);
    }

    // A description as long as the other tests' chunks; it says that each chunk is one byte.
    [Fact]
    public void TheDescriptionOfASet_CountsAsWell()
    {
        const int count = 170_000;
        var sums = new StringBuilder();
        for (int index = 1; index <= count; index++) sums.Append($"{index},1,00000000\n");
        Folder.MakeFolder("seed");
        File.WriteAllText(Folder["seed/chunks.crc"], $"{sums}{count},CRC32C\n");
        File.WriteAllText(Folder["seed/local_chunks.txt"], $"1,chunk_1\n{count},LASTCHUNK\n");
        File.WriteAllText(Folder["seed/chunk_1"], "x");
        TrackerProcess tracker = StartTracker();
        StartClient("seed", tracker.Port);
        Log.WaitUntil(lines => lines.Any(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,1,")), "the seed");

        var clock = Stopwatch.StartNew();
        ClientProcess client = Own(new ClientProcess(Folder.Path, "client", Folder["client"], "fetch", "-folder",
            Folder["client"], "-tracker", $"localhost:{tracker.Port}", "-download_limit", "1M"));
        Assert.StartsWith($"client: 0 of {count} chunks, ", client.ReadyLine);
        RateCheck.AssertWithinLimit(new FileInfo(Folder["client/chunks.crc"]).Length, clock.Elapsed, _output);
    }

    // The client's own figures: bytes, and the time from its start to the last of them.
    private ClientProcess Fetch(ChunkSet chunks, int trackerPort)
    {
        chunks.DealTo(Folder.MakeFolder("client"));
        ClientProcess client = StartClient("client", trackerPort, "-download_limit", "1M", "-json");
        string line = client.Output.WaitForFirst(each => each.Contains("\"complete\""), "the client to be complete");
        Match figures = Regex.Match(line, """
            "bytes":(\d+),"milliseconds":(\d+)
            """);
        var time = TimeSpan.FromMilliseconds(long.Parse(figures.Groups[2].Value));
        RateCheck.AssertWithinLimit(long.Parse(figures.Groups[1].Value), time, _output);
        return client;
    }
}
