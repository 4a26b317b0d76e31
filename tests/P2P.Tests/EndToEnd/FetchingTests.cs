using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 3.3, fetching, and PROTOCOL 2.8, asking a peer: the native client with strangers' serving sides, of
/// which one breaks off, one refuses, one serves one at a time. Whatever they do, what lies in the folder in the end is
/// right, and no temporary file is left.
/// </summary>
public sealed class FetchingTests : SystemTest
{
    private readonly ChunkSet _chunks;

    public FetchingTests(ITestOutputHelper output) : base(output) =>
        _chunks = new ChunkSet(Random, 3, index => 400_000 + index);

    [Fact]
    public void AResetInTheMiddle_MakesNoChunk_AndAnotherPeerIsAsked()
    {
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer breaking =
            StartPeer(tracker, _chunks, [2, 3], new PeerManners { BytesAtMost = 150_000, End = PeerEnd.Reset });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        breaking.Requests.WaitForCount(2, "both chunks to be tried with the peer that breaks off");
        Assert.DoesNotContain(tracker.Received.All,
            each => each.Text.StartsWith("LOCAL_CHUNKS,2", StringComparison.Ordinal));

        FakePeer good = StartPeer(tracker, _chunks, [2, 3]);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        Assert.All([2, 3],
            index => Assert.Contains($"client_1,REQUEST_CHUNK,{index},localhost,{good.Port}", Log.Lines));
        AssertNoFaults(tracker, breaking, good);
    }

    [RootFact]
    public void WithoutProc_WhereAFileCannotBeNamedLater_SmallChunksArriveAllTheSame() => OtherMachine.WithoutProc(() =>
    {
        var chunks = new ChunkSet(Random, 40, 1000);
        TrackerProcess tracker = StartTracker();
        ClientProcess[] clients = chunks.Scatter(Random, 3)
            .Select((hand, i) => StartClient($"client_{i + 1}", tracker.Port, chunks, hand)).ToArray();
        foreach (ClientProcess client in clients)
            client.WaitUntilComplete();
        foreach (ClientProcess client in clients)
        {
            chunks.AssertComplete(client.ChunkFolder);
            Assert.Empty(client.Errors.All);
        }
    });

    [Fact]
    public void WhileAChunkIsFetched_ItsBytesLieUnderATemporaryName()
    {
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, _chunks, [2], new PeerManners { BytesAtMost = 150_000, End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);

        string path = FolderWatch.WaitForFile(client.ChunkFolder, name => name == $".chunk_2.{client.Id}.part",
            "the temporary file of chunk 2");
        FolderWatch.WaitUntil(client.ChunkFolder, () => new FileInfo(path).Length == 150_000,
            "all that came to be in it", () => $"{new FileInfo(path).Length} bytes");

        Assert.False(File.Exists(Path.Combine(client.ChunkFolder, "chunk_2")));
        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2");
        Assert.Equal(StreamEnd.Reset, fetcher.End);      // what isn't whole isn't served
    }

    [Fact]
    public void APeerThatRefusesTheConnection_IsPassedOver_AndGetsNoLogLine()
    {
        NaiveTracker tracker = StartNaiveTracker();
        using Socket refusing = FreePort.Refusing(out int refusedPort);
        tracker.Offer([2, 3], refusedPort);
        FakePeer good = StartPeer(tracker, _chunks, [2, 3]);
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        Assert.DoesNotContain(Log.Lines,
            line => line.Contains(",REQUEST_CHUNK,") && line.EndsWith($",{refusedPort}", StringComparison.Ordinal));
        AssertNoFaults(tracker, good);
    }

    [Fact]
    public void APeerThatServesOneAtATime_ServesManyClients()
    {
        TrackerProcess tracker = StartTracker();
        FakePeer peer = StartPeer(tracker, _chunks, [1, 2, 3],
            new PeerManners { OneAtATime = true, PartBytes = 100_000, PartGap = TimeSpan.FromMilliseconds(50) });
        ClientProcess[] clients = Enumerable.Range(1, 3)
            .Select(i => StartClient($"client_{i}", tracker.Port, _chunks)).ToArray();
        foreach (ClientProcess client in clients)
            client.WaitUntilComplete();

        foreach (ClientProcess client in clients)
            _chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(peer);                            // no connection without a question, none for later
    }

    [Fact]
    public void APeerThatStartsAfterTwoSeconds_IsWaitedFor()
    {
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, _chunks, [2, 3], new PeerManners { StartsAfter = TimeSpan.FromSeconds(2) });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        Assert.Equal(2, peer.Requests.Count);
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void ChunksThatTwoPeersHave_AreTakenFromBoth()
    {
        var chunks = new ChunkSet(Random, 20, 10_000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer first = StartPeer(tracker, chunks, chunks.Indexes);
        FakePeer second = StartPeer(tracker, chunks, chunks.Indexes);
        // Neither answers before the other is asked as well: how fast each is decides nothing.
        first.OnRequest = _ => second.Accepted.WaitForCount(1, "a fetcher at the second peer");
        second.OnRequest = _ => first.Accepted.WaitForCount(1, "a fetcher at the first peer");
        ClientProcess client = StartClient("client_1", tracker.Port, chunks);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.Equal(chunks.Indexes,
            first.Requests.All.Concat(second.Requests.All).Select(each => each.Index).Distinct().Order());
        AssertNoFaults(tracker, first, second);
    }

    [Fact]
    public void SeveralChunks_AreFetchedAtTheSameTime()
    {
        NaiveTracker tracker = StartNaiveTracker();
        // Neither says its last byte before the client goes: only a client that fetches from both gets to both.
        FakePeer first =
            StartPeer(tracker, _chunks, [2], new PeerManners { BytesAtMost = 1000, End = PeerEnd.Silence });
        FakePeer second =
            StartPeer(tracker, _chunks, [3], new PeerManners { BytesAtMost = 1000, End = PeerEnd.Silence });
        StartClient("client_1", tracker.Port, _chunks, 1);

        first.Sent.WaitForCount(1, "a request at the first peer");
        second.Sent.WaitForCount(1, "a request at the second peer");
        Assert.Empty(first.Ended.All.Concat(second.Ended.All));
    }

    [Fact]
    public void ANameGivenInTheList_IsKept()
    {
        string folder = Folder.MakeFolder("client_1");
        File.WriteAllBytes(Path.Combine(folder, "first.bin"), _chunks[1]);
        File.WriteAllText(Path.Combine(folder, "local_chunks.txt"), "1,first.bin\n2,second.bin\n3,LASTCHUNK\n");
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, _chunks, [2, 3]);
        ClientProcess client = StartClient("client_1", tracker.Port);
        client.WaitUntilComplete();
        client.Terminate();
        Assert.Equal(0, client.WaitForExit());

        _chunks.AssertChunk(1, Path.Combine(folder, "first.bin"));
        _chunks.AssertChunk(2, Path.Combine(folder, "second.bin"));
        _chunks.AssertChunk(3, Path.Combine(folder, "chunk_3"));
        FolderTests.AssertList(folder, "1,first.bin", "2,second.bin", "3,chunk_3", "3,LASTCHUNK");
        Assert.Equal(["chunk_3", "first.bin", "local_chunks.txt", "second.bin"], FolderTests.FilesIn(folder));
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void AnUnlistedFile_IsReplacedByTheChunkThatArrives()
    {
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        File.WriteAllText(Path.Combine(Folder["client_1"], "chunk_2"), "not the chunk");
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, _chunks, [2, 3]);
        ClientProcess client = StartClient("client_1", tracker.Port);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, peer);
    }
}
