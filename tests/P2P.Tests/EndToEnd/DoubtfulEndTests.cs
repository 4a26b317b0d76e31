using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 3.4, doubtful ends: a stream that ends after 0 bytes, or that stops without an end, proves nothing
/// by itself; only two attempts that agree byte for byte make it a chunk.
/// </summary>
public sealed class EmptyAnswerTests(ITestOutputHelper output) : SystemTest(output)
{
    private static readonly PeerManners Empty = new() { BytesAtMost = 0 };

    [Fact]
    public void ACleanEndAfterNoByte_IsNotBelieved_WhenAnotherPeerHasTheChunk()
    {
        var chunks = new ChunkSet(Random, 3, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer empty = StartPeer(tracker, chunks, [2, 3], Empty);
        FakePeer good = StartPeer(tracker, chunks, [2, 3]);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, empty, good);
    }

    [Fact]
    public void ACleanEndAfterNoByte_IsAskedForOnceMore_AndBelievedWhenItAgrees()
    {
        var chunks = new ChunkSet(Random, 2, index => index == 2 ? 0 : 1000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.InRange(peer.Requests.Count, 2, 4);
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void AnEmptyChunkOfTwoPeers_IsAskedOfBoth()
    {
        var chunks = new ChunkSet(Random, 2, index => index == 2 ? 0 : 1000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer first = StartPeer(tracker, chunks, [2]);
        FakePeer second = StartPeer(tracker, chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        // Each was asked; that the first agrees with itself would prove less.
        Assert.True(first.Requests.Count >= 1 && second.Requests.Count >= 1);
        AssertNoFaults(tracker, first, second);
    }
}

/// <inheritdoc cref="EmptyAnswerTests"/>
[Waits(17)]
public sealed class NeverClosingPeersTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void TwoPeersThatSendAllAndNeverClose_AreBelievedWhenTheyAgree()
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer first = StartPeer(tracker, chunks, [2], new PeerManners { End = PeerEnd.Silence });
        FakePeer second = StartPeer(tracker, chunks, [2], new PeerManners { End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        // Each was asked; that the first agrees with itself would prove less.
        Assert.True(first.Requests.Count >= 1 && second.Requests.Count >= 1);
        AssertNoFaults(tracker, first, second);
    }
}

/// <inheritdoc cref="EmptyAnswerTests"/>
[Waits(33)]
public sealed class StallingPeerTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void APeerThatStopsHalfWayAndNeverCloses_IsNotBelieved_WhenAnotherHasTheWhole()
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer half = StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 2500, End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        half.Sent.WaitForCount(1, "the half chunk");
        FakePeer whole = StartPeer(tracker, chunks, [2]);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, half, whole);
    }

    [Fact]
    public void AnAnswerFromOnePeerOfWhichHalfNeverCame_CountsOnlyWhenTwoAttemptsAgree()
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, [2], new PeerManners { End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.InRange(peer.Requests.Count, 2, 4);
        AssertNoFaults(tracker, peer);
    }
}
