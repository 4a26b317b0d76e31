using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// What graders look at (PROTOCOL 8.4), seven points: our own tracker and clients; then swarms in which
/// half the clients are a stranger's (naive and unframed, one connection at a time), or the tracker is.
/// </summary>
public sealed class SystemGradingTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void System1_MoreThanOneClientCanBeInvoked()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 5, 1000);
        ClientProcess[] clients = Enumerable.Range(1, 4)
            .Select(i => StartClient($"client_{i}", tracker.Port, chunks, i)).ToArray();

        foreach (ClientProcess client in clients)
            Log.WaitFor($"{client.Name},WHERE_CHUNK,5");
        Assert.Equal(clients.Length, clients.Select(client => client.Port).Distinct().Count());
        Assert.DoesNotContain(clients, client => client.HasExited);
    }

    [Fact]
    public void System2_AllClientsMakeProgress_AndEventuallyHaveAllChunks()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 30, _ => Random.Next(1, 100_000));
        ClientProcess[] clients = StartScattered(tracker.Port, chunks, 4);

        AssertAllComplete(chunks, clients);
        Assert.Empty(LogOrder.FaultsIn(Log.Lines));
    }

    [Fact]
    public void System2_AllClientsMakeProgress_AndEventuallyHaveAllChunks_WithStrangersClients()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 20, _ => Random.Next(1, 100_000));
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 4);
        StrangerClient[] strangers =
        [
            Own(new StrangerClient(chunks, hands[0], tracker.Port)),
            Own(new StrangerClient(chunks, hands[1], tracker.Port)),
        ];
        ClientProcess[] clients =
        [
            StartClient("client_1", tracker.Port, chunks, hands[2]),
            StartClient("client_2", tracker.Port, chunks, hands[3]),
        ];

        AssertAllComplete(chunks, clients);
        foreach (StrangerClient stranger in strangers)
        {
            stranger.WaitUntilComplete();
            Assert.Empty(stranger.Faults);
        }
    }

    [Fact]
    public void System2_AllClientsMakeProgress_AndEventuallyHaveAllChunks_WithAStrangersTrackerAndClients()
    {
        NaiveTracker tracker = StartNaiveTracker();
        var chunks = new ChunkSet(Random, 12, _ => Random.Next(1, 100_000));
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 4);
        StrangerClient[] strangers =
        [
            Own(new StrangerClient(chunks, hands[0], tracker.Port, tracker)),
            Own(new StrangerClient(chunks, hands[1], tracker.Port, tracker)),
        ];
        ClientProcess[] clients =
        [
            StartClient("client_1", tracker.Port, chunks, hands[2]),
            StartClient("client_2", tracker.Port, chunks, hands[3]),
        ];

        AssertAllComplete(chunks, clients);
        foreach (StrangerClient stranger in strangers)
        {
            stranger.WaitUntilComplete();
            Assert.Empty(stranger.Faults);
        }
        AssertNoFaults(tracker);
    }

    [Fact]
    public void System3_ClientsFinishInReasonableTime()
    {
        TrackerProcess tracker = StartTracker();
        AssertFinishInReasonableTime(tracker.Port);
    }

    [Fact]
    public void System3_ClientsFinishInReasonableTime_WithAStrangersTracker()
    {
        NaiveTracker tracker = StartNaiveTracker();
        AssertFinishInReasonableTime(tracker.Port);
        AssertNoFaults(tracker);
    }

    [Fact]
    public void System4_ClientsMakeAndReceiveConnections_AtTheSameTime()
    {
        NaiveTracker tracker = StartNaiveTracker();
        var chunks = new ChunkSet(Random, 2, 8 << 20);
        // The client is in the middle of chunk 2 as long as this peer says nothing more.
        FakePeer peer =
            StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 100_000, End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        peer.Sent.WaitForCount(1, "the client to be in the middle of fetching chunk 2");

        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,1");

        Assert.Equal(StreamEnd.Clean, fetcher.End);
        chunks.AssertChunk(1, fetcher.Bytes, "what the client served meanwhile");
        Assert.Empty(peer.Ended.All);                    // it was still fetching
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void System4_ClientsMakeAndReceiveConnections_AtTheSameTime_OurOwn()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 3, 2 << 20);
        // Both clients are in the middle of chunk 3 as long as this peer says nothing more; meanwhile each fetches from
        // the other what only the other has.
        FakePeer peer =
            StartPeer(tracker, chunks, [3], new PeerManners { BytesAtMost = 100_000, End = PeerEnd.Silence });
        ClientProcess one = StartClient("client_1", tracker.Port, chunks, 1);
        peer.Sent.WaitForCount(1, "the first client to be in the middle of fetching chunk 3");
        ClientProcess two = StartClient("client_2", tracker.Port, chunks, 2);

        Log.WaitFor($"client_1,LOCAL_CHUNKS,2,localhost,{one.Port}");
        Log.WaitFor($"client_2,LOCAL_CHUNKS,1,localhost,{two.Port}");
        chunks.AssertChunk(2, System.IO.Path.Combine(one.ChunkFolder, "chunk_2"));
        chunks.AssertChunk(1, System.IO.Path.Combine(two.ChunkFolder, "chunk_1"));
        peer.Sent.WaitForCount(2, "the second client to be in the middle of fetching chunk 3");
        Assert.Empty(peer.Ended.All);                    // both are still fetching
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void System5_SmallChunksSucceed(int bytes)
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 100, bytes);
        AssertAllComplete(chunks, StartScattered(tracker.Port, chunks, 4));
    }

    [Fact]
    public void System5_SmallChunksSucceed_WithStrangers()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 30, _ => Random.Next(1, 10));
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 2);
        StrangerClient stranger = Own(new StrangerClient(chunks, hands[0], tracker.Port));
        AssertAllComplete(chunks, StartClient("client_1", tracker.Port, chunks, hands[1]));
        stranger.WaitUntilComplete();
        Assert.Empty(stranger.Faults);
    }

    [Fact]
    public void System5_AnEmptyChunkSucceeds()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 3, index => index == 2 ? 0 : 1000);
        AssertAllComplete(chunks, StartClient("has", tracker.Port, chunks, 1, 2, 3),
            StartClient("wants", tracker.Port, chunks));
    }

    [Fact]
    public void System6_LargeChunksSucceed()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 4, index => (20 << 20) + index);
        AssertAllComplete(chunks, StartScattered(tracker.Port, chunks, 3));
    }

    [Fact]
    public void System6_LargeChunksSucceed_WithStrangers()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 4, index => (10 << 20) + index);
        StrangerClient stranger = Own(new StrangerClient(chunks, [1, 2], tracker.Port));
        AssertAllComplete(chunks, StartClient("client_1", tracker.Port, chunks, 3, 4));
        stranger.WaitUntilComplete();
        Assert.Empty(stranger.Faults);
    }

    [Fact]
    public void System7_AllFinish_WhenSomeClientsWithAllNecessaryChunksJoin()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 12, 30_000);
        // Chunks 9 to 12 are nobody's at first.
        ClientProcess[] early =
        [
            StartClient("early_1", tracker.Port, chunks, 1, 2, 3, 4),
            StartClient("early_2", tracker.Port, chunks, 5, 6, 7, 8),
        ];
        foreach (ClientProcess client in early)
            Log.WaitUntil(lines => lines.Count(line => line == $"{client.Name},WHERE_CHUNK,12") >= 2,
                $"{client.Name} to ask again");
        Assert.DoesNotContain(early, client => client.Output.All.Any(line => line.Contains("complete")));

        ClientProcess[] late =
            [StartClient("late_1", tracker.Port, chunks, 9, 10), StartClient("late_2", tracker.Port, chunks, 11, 12)];

        AssertAllComplete(chunks, [.. early, .. late]);
        Assert.Empty(LogOrder.FaultsIn(Log.Lines));
    }

    [Fact]
    public void System7_AllFinish_WhenSomeClientsWithAllNecessaryChunksJoin_WithStrangers()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 8, 30_000);
        ClientProcess early = StartClient("early", tracker.Port, chunks, 1, 2);
        StrangerClient earlyStranger = Own(new StrangerClient(chunks, [3, 4], tracker.Port));
        Log.WaitUntil(lines => lines.Count(line => line == "early,WHERE_CHUNK,8") >= 2,
            "the early client to ask again");

        StrangerClient lateStranger = Own(new StrangerClient(chunks, [5, 6], tracker.Port));
        ClientProcess late = StartClient("late", tracker.Port, chunks, 7, 8);

        AssertAllComplete(chunks, early, late);
        earlyStranger.WaitUntilComplete();
        lateStranger.WaitUntilComplete();
        Assert.Empty(earlyStranger.Faults.Concat(lateStranger.Faults));
    }

    private void AssertFinishInReasonableTime(int trackerPort)
    {
        foreach (int attempt in Patience.Attempts("all chunks within 15 s"))
        {
            var chunks = new ChunkSet(Random, 40, 65536);
            var watch = Stopwatch.StartNew();
            ClientProcess[] clients = StartScattered(trackerPort, chunks, 4, $"client_{attempt}.");
            AssertAllComplete(chunks, clients);
            if (watch.Elapsed < TimeSpan.FromSeconds(15))
                return;
            foreach (ClientProcess client in clients)
                client.Dispose();
        }
    }

    private ClientProcess[] StartScattered(int trackerPort, ChunkSet chunks, int clients, string name = "client_") =>
        chunks.Scatter(Random, clients)
            .Select((hand, i) => StartClient($"{name}{i + 1}", trackerPort, chunks, hand)).ToArray();

    private static void AssertAllComplete(ChunkSet chunks, params IReadOnlyList<ClientProcess> clients)
    {
        foreach (ClientProcess client in clients)
            client.WaitUntilComplete();
        foreach (ClientProcess client in clients)
            chunks.AssertComplete(client.ChunkFolder);
    }
}
