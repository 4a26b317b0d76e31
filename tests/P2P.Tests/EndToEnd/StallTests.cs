using System;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>A client that waits says why: in one line, after ten seconds, once.</summary>
[Waits(14)]
public sealed class StallTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void EachReason_IsTold_Once()
    {
        var chunks = new ChunkSet(Random, 9, 3000);
        TrackerProcess tracker = StartTracker();
        ClientProcess nobody = StartClient("nobody", tracker.Port, chunks, 1, 2, 5);

        NaiveTracker refusing = StartNaiveTracker();
        StartPeer(refusing, chunks, chunks.AllBut(1), new PeerManners { BytesAtMost = 0, End = PeerEnd.Reset });
        ClientProcess refused = StartClient("refused", refusing.Port, chunks, 1);

        NaiveTracker large = StartNaiveTracker();
        StartPeer(large, chunks, [9]);
        chunks.DealTo(Folder.MakeFolder("small"), chunks.AllBut(9));
        ClientProcess small = StartClient("small", large.Port, "-max_chunk_bytes", "2999", "-json");

        NaiveTracker web = StartNaiveTracker(
            new TrackerManners { Greeting = "HTTP/1.1 400 Bad Request\r\n\r\n", IsDumbAtFirst = true });
        ClientProcess lost = StartClient("lost", web.Port, chunks, 1);

        // A port that nobody else gets when the tracker has gone.
        TrackerProcess leaving = Own(new TrackerProcess(Folder.Path, "-port", $"{FreePort.Next()}"));
        ClientProcess left = StartClient("left", leaving.Port, chunks, 1);
        Log.WaitUntil(lines => lines.Any(
            line => line.StartsWith("left,WHERE_CHUNK", StringComparison.Ordinal)), "left's question");
        leaving.Kill();

        // A slow tracker: of more chunks every second it is known that nobody has them.
        NaiveTracker crawling = StartNaiveTracker(new TrackerManners { AnswersAfter = TimeSpan.FromMilliseconds(150) });
        Folder.MakeFolder("crawler");
        ClientProcess crawler = StartClient("crawler", crawling.Port, "-chunks", "300");

        AssertTold(nobody, "nobody has 6 chunks (3-4, 6-9)");
        AssertTold(refused, "every source of 8 chunks refuses or fails");
        AssertTold(small, "chunk 9 is larger than the 2999 bytes that are taken");
        AssertTold(lost, $"what listens at localhost:{web.Port} is no tracker");
        AssertTold(left, $"the tracker at localhost:{leaving.Port} has gone");
        small.Output.WaitForFirst(
            line => line.StartsWith("{\"event\":\"stalled\",\"name\":\"small\",\"reason\":\"too_large\"",
                StringComparison.Ordinal), "the event");
        Assert.Single(nobody.Waiting.All);
        AssertTold(crawler, "nobody has");
        int questions = crawling.Questions.Count;
        crawling.Received.WaitUntil(_ => crawling.Questions.Count >= questions + 20, "three seconds of answers");
        Assert.Single(crawler.Waiting.All);
    }

    private static void AssertTold(ClientProcess client, string reason) =>
        client.Waiting.WaitForFirst(line =>
            line.StartsWith($"{client.Name}: waiting: {reason}", StringComparison.Ordinal), $"{client.Name}'s reason");
}
