using System;
using System.Linq;
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
