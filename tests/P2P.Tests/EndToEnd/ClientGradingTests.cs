using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// What graders look at (PROTOCOL 8.3), eight points: a native client that holds chunks 1 and 3 of 6, with a naive
/// unframed tracker and naive peers (one at a time, of which one has 2 and 4, the other 5 and 6), and once more in a
/// swarm of our own.
/// </summary>
public sealed class ClientGradingTests : SystemTest
{
    private static readonly int[] Held = [1, 3];
    private static readonly int[] Missing = [2, 4, 5, 6];
    private readonly ChunkSet _chunks;

    public ClientGradingTests(ITestOutputHelper output) : base(output) =>
        _chunks = new ChunkSet(Random, 6, index => 20_000 + 777 * index);

    [Fact]
    public void Client1_SendsItsOwnChunksToTheTracker()
    {
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, Held);

        // It lacks some, so its first question shows that it has said all it had to say.
        IReadOnlyList<TrackerMessage> received =
            tracker.Received.WaitUntil(all => all.Any(each => IsQuestion(each.Text)), "the client's first question");

        Assert.Equal(Held.Select(index => $"LOCAL_CHUNKS,{index},localhost,{client.Port}"),
            received.TakeWhile(each => !IsQuestion(each.Text)).Select(each => each.Text).Order());
        Assert.DoesNotContain(received, each => each.Text.Contains("LASTCHUNK"));
        foreach (int index in Held)
            Assert.Equal(1, Log.CountOf($"client_1,LOCAL_CHUNKS,{index},localhost,{client.Port}"));
        AssertNoFaults(tracker);
    }

    [Fact]
    public void Client2_AsksTheTrackerForAllOtherChunksItNeeds()
    {
        NaiveTracker tracker = StartNaiveTracker();
        StartClient("client_1", tracker.Port, _chunks, Held);

        tracker.Received.WaitUntil(_ => tracker.Questions.Count >= 20, "20 questions");

        Assert.Equal(Missing, tracker.Questions.Distinct().Order());
        foreach (int index in Missing)
            Log.WaitFor($"client_1,WHERE_CHUNK,{index}");
        AssertNoFaults(tracker);
    }

    [Fact]
    public void Client3_ConnectsToPeers_WithoutDisconnectingFromTheTracker()
    {
        NaiveTracker tracker = StartNaiveTracker();
        (FakePeer first, FakePeer second) = StartPeers(tracker, new PeerManners { OneAtATime = true });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, Held);
        client.WaitUntilComplete();

        // What it got it announces on the very same connection, which is still open.
        foreach (int index in Missing)
            tracker.Received.WaitForFirst(each => each.Text == $"LOCAL_CHUNKS,{index},localhost,{client.Port}",
                $"chunk {index} announced");
        Assert.Equal([1], tracker.Accepted.All);
        Assert.Empty(tracker.Ended.All);
        Assert.Equal(4, first.Requests.Count + second.Requests.Count);
        AssertNoFaults(tracker, first, second);
    }

    [Fact]
    public void Client4_TransfersSomeFilesFromOnePeer()
    {
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, _chunks, [2, 4], new PeerManners { OneAtATime = true });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, Held);

        AssertFetches(client, tracker, [2, 4]);
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void Client5_TransfersSomeFilesFromSeveralPeers()
    {
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer first = StartPeer(tracker, _chunks, [2], new PeerManners { OneAtATime = true });
        FakePeer second = StartPeer(tracker, _chunks, [5], new PeerManners { OneAtATime = true });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, Held);

        AssertFetches(client, tracker, [2, 5]);
        Assert.Contains($"client_1,REQUEST_CHUNK,2,localhost,{first.Port}", Log.Lines);
        Assert.Contains($"client_1,REQUEST_CHUNK,5,localhost,{second.Port}", Log.Lines);
        AssertNoFaults(tracker, first, second);
    }

    [Fact]
    public void Client6_TransfersAllFilesFromThePeers()
    {
        NaiveTracker tracker = StartNaiveTracker();
        (FakePeer first, FakePeer second) = StartPeers(tracker, new PeerManners { OneAtATime = true });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, Held);

        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, first, second);
    }

    [Fact]
    public void Client7_AsksThePeersOnlyForTheRightChunks()
    {
        NaiveTracker tracker = StartNaiveTracker();
        (FakePeer first, FakePeer second) = StartPeers(tracker, new PeerManners { OneAtATime = true });
        StartClient("client_1", tracker.Port, _chunks, Held).WaitUntilComplete();

        // Each missing chunk once, of the peer that has it; a question for any other chunk would be a fault.
        Assert.Equal(["REQUEST_CHUNK,2", "REQUEST_CHUNK,4"], first.Requests.All.Select(each => each.Text).Order());
        Assert.Equal(["REQUEST_CHUNK,5", "REQUEST_CHUNK,6"], second.Requests.All.Select(each => each.Text).Order());
        Assert.Equal(new[] { 2, 4 }.Select(index => $"client_1,REQUEST_CHUNK,{index},localhost,{first.Port}")
            .Concat(new[] { 5, 6 }.Select(index => $"client_1,REQUEST_CHUNK,{index},localhost,{second.Port}")).Order(),
            Log.Lines.Where(line => line.Contains(",REQUEST_CHUNK,")).Order());
        AssertNoFaults(tracker, first, second);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Client8_DisconnectsFromPeersAfterTheTransfer(bool oneAtATime)
    {
        NaiveTracker tracker = StartNaiveTracker();
        (FakePeer first, FakePeer second) = StartPeers(tracker, new PeerManners { OneAtATime = oneAtATime });
        StartClient("client_1", tracker.Port, _chunks, Held).WaitUntilComplete();

        foreach (FakePeer peer in new[] { first, second })
        {
            peer.LeftByFetcher.WaitForCount(2, "the client to leave the peer, cleanly");
            peer.Ended.WaitForCount(peer.Accepted.Count, "every connection to the peer to be over");
        }
        AssertNoFaults(tracker, first, second);
    }

    [Fact]
    public void Client1To8_WithOurOwnTrackerAndPeers()
    {
        TrackerProcess tracker = StartTracker();
        ClientProcess first = StartClient("first", tracker.Port, _chunks, 2, 4);
        ClientProcess second = StartClient("second", tracker.Port, _chunks, 5, 6);
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,4,localhost,{first.Port}");
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,6,localhost,{second.Port}");
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, Held);
        ClientProcess[] all = [client, first, second];
        foreach (ClientProcess each in all)
            each.WaitUntilComplete();
        Log.WaitUntil(lines => all.All(each => _chunks.Indexes.All(index =>
            lines.Contains($"P2PTracker,LOCAL_CHUNKS,{index},localhost,{each.Port}"))),
            "each client to announce every chunk");

        foreach (ClientProcess each in all)
            _chunks.AssertComplete(each.ChunkFolder);
        IReadOnlyList<string> lines = Log.Lines;
        Assert.Equal(Missing, lines.Where(line => line.StartsWith("client_1,WHERE_CHUNK,", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(',')[2])).Distinct().Order());
        Assert.Equal(Missing, lines.Where(line => line.StartsWith("client_1,REQUEST_CHUNK,", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(',')[2])).Distinct().Order());
        Assert.Empty(LogOrder.FaultsIn(lines));
    }

    private (FakePeer First, FakePeer Second) StartPeers(NaiveTracker tracker, PeerManners manners) =>
        (StartPeer(tracker, _chunks, [2, 4], manners), StartPeer(tracker, _chunks, [5, 6], manners));

    /// <summary>Waits until the client announces these chunks, and compares them;
    /// it goes on asking for the rest.</summary>
    private void AssertFetches(ClientProcess client, NaiveTracker tracker, IReadOnlyList<int> indexes)
    {
        foreach (int index in indexes)
        {
            tracker.Received.WaitForFirst(each => each.Text == $"LOCAL_CHUNKS,{index},localhost,{client.Port}",
                $"chunk {index} announced");
            _chunks.AssertChunk(index, System.IO.Path.Combine(client.ChunkFolder, $"chunk_{index}"));
        }
    }

    private static bool IsQuestion(string text) => text.StartsWith("WHERE_CHUNK", StringComparison.Ordinal);
}
