using System.IO;
using System.Linq;
using P2P.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>The lane between our own programs (PROTOCOL 9), with one end by hand.</summary>
public sealed class LaneTests(ITestOutputHelper output) : SystemTest(output)
{
    private static readonly int[] Sizes = [0, 1, 4096, 16_351, 16_352, 16_353, 16_384, 70_000, 1 << 20, (9 << 20) + 5];

    [Fact]
    public void ClientsOfOurs_FetchEverything_WithOneRequestLineForEachChunk()
    {
        var chunks = new ChunkSet(Random, 10 * Sizes.Length, index => Sizes[index % Sizes.Length]);
        TrackerProcess tracker = StartTracker();
        ClientProcess seed = StartClient("seed", tracker.Port, chunks, chunks.Indexes);
        seed.WaitUntilComplete();
        ClientProcess client = StartClient("client", tracker.Port, chunks);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        string[] requests = [.. Log.Lines.Where(line => line.Contains("REQUEST_CHUNK"))];
        Assert.Equal(
            chunks.Indexes.Select(index => $"client,REQUEST_CHUNK,{index},localhost,{seed.Port}").Order(),
            requests.Order());
        Assert.DoesNotContain(Log.Lines, line => line.Contains("LANE") || line.Contains("lane"));
    }

    [Fact]
    public void ALane_AnswersManyRequests_EachWithItsChunk()
    {
        var chunks = new ChunkSet(Random, Sizes.Length, index => Sizes[index - 1]);
        ClientProcess seed = StartSeed(chunks);
        using var lane = new RawLane(seed.Port);
        lane.Send(string.Concat(chunks.Indexes.Concat([99]).Select(index => $"REQUEST_CHUNK,{index}\n")));
        for (int count = 0; count <= chunks.Count; count++)
        {
            (LanePiece last, byte[] chunk) = lane.Receive();
            if (last.ChunkIndex == 99)
            {
                Assert.Equal(LanePieceKind.Gone, last.Kind);
                continue;
            }
            Assert.Equal(LanePieceKind.Last, last.Kind);
            chunks.AssertChunk(last.ChunkIndex, chunk, "the lane");
            if (last.HasSum) Assert.Equal(FakeLanePeer.SumOf(chunk), last.Sum);
            Assert.Equal(chunk.Length <= 16_352, last.HasSum);      // within one machine
        }
    }

    // So the next receiver notices what a disk has done to it.
    [Fact]
    public void AChunk_IsPassedOnWithTheSumThatItHadWhenItCame()
    {
        var chunks = new ChunkSet(Random, 1, 10_000);
        TrackerProcess tracker = StartTracker();
        StartClient("seed", tracker.Port, chunks, chunks.Indexes);
        ClientProcess client = StartClient("client", tracker.Port, chunks);
        client.WaitUntilComplete();
        using (FileStream file = File.OpenWrite(Path.Combine(client.ChunkFolder, "chunk_1")))
            file.WriteByte((byte)(chunks[1][0] ^ 1));
        using var lane = new RawLane(client.Port);
        lane.Send("REQUEST_CHUNK,1\n");
        (LanePiece last, byte[] chunk) = lane.Receive();
        Assert.Equal(chunks[1][0] ^ 1, chunk[0]);
        Assert.Equal(FakeLanePeer.SumOf(chunks[1]), last.Sum);
    }

    [Fact]
    public void AChunkWhoseFileHasGone_IsAnAnswer_AndTheLaneGoesOn()
    {
        var chunks = new ChunkSet(Random, 3, 50_000);
        ClientProcess seed = StartSeed(chunks);
        using var lane = new RawLane(seed.Port);
        File.Delete(Path.Combine(seed.ChunkFolder, "chunk_2"));
        lane.Send("REQUEST_CHUNK,2\nREQUEST_CHUNK,3\n");
        LanePiece[] answers = [lane.Receive().Last, lane.Receive().Last];
        Assert.Equal(LanePieceKind.Gone, answers.Single(piece => piece.ChunkIndex == 2).Kind);
        Assert.Equal(LanePieceKind.Last, answers.Single(piece => piece.ChunkIndex == 3).Kind);
    }

    [Fact]
    public void EveryCancelledRequest_GetsOneAnswer()
    {
        var chunks = new ChunkSet(Random, 40, 300_000);
        ClientProcess seed = StartSeed(chunks);
        using var lane = new RawLane(seed.Port);
        lane.Send(string.Concat(chunks.Indexes.Select(index => $"REQUEST_CHUNK,{index}\n")));
        lane.Send(string.Concat(chunks.Indexes.Where(index => index > 20).Select(index => $"CANCEL_CHUNK,{index}\n")));
        LanePiece[] answers = [.. chunks.Indexes.Select(_ => lane.Receive().Last)];
        Assert.Equal(chunks.Indexes, answers.Select(piece => piece.ChunkIndex).Order());
        Assert.All(answers.Where(piece => piece.ChunkIndex <= 20),
            piece => Assert.Equal(LanePieceKind.Last, piece.Kind));
        Assert.Contains(answers, piece => piece.Kind == LanePieceKind.Cancelled);
    }

    [Theory]
    [InlineData("LANE,2\n")]
    [InlineData("LANE,1\nWHERE_CHUNK,1\n")]
    [InlineData("LANE,1\nREQUEST_CHUNK,x\n")]
    [InlineData("LANE,1\nnonsense\n")]
    public void WhatIsNoLane_Ends_AndOthersAreServed(string text)
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        ClientProcess seed = StartSeed(chunks);
        using (var lane = new RawLane(seed.Port, text)) lane.WaitForEnd();
        using var other = new RawLane(seed.Port);
        other.Send("REQUEST_CHUNK,1\n");
        chunks.AssertChunk(1, other.Receive().Chunk, "another lane");
    }

    [Fact]
    public void MoreRequestsThanAClientMayHave_EndTheLane()
    {
        var chunks = new ChunkSet(Random, 1, 4 << 20);
        ClientProcess seed = StartSeed(chunks);
        using var lane = new RawLane(seed.Port);
        lane.Send(string.Concat(Enumerable.Repeat("REQUEST_CHUNK,1\n", 1000)));
        lane.WaitForEnd();
    }

    [Fact]
    public void WithoutLanes_AClientNeitherOpensNorAcceptsThem()
    {
        var chunks = new ChunkSet(Random, 4, 5000);
        TrackerProcess tracker = StartTracker();
        chunks.DealTo(Folder.MakeFolder("seed"), chunks.Indexes);
        ClientProcess seed = StartClient("seed", tracker.Port, "-lane", "off");
        seed.WaitUntilComplete();
        using (var lane = new RawLane(seed.Port)) lane.WaitForEnd();
        FakeLanePeer fake = Own(new FakeLanePeer((_, _) => false));
        Announce(tracker, fake, chunks);
        chunks.DealTo(Folder.MakeFolder("client"));
        StartClient("client", tracker.Port, "-lane", "off").WaitUntilComplete();
        Assert.DoesNotContain(fake.Lines.All, line => line.Contains("LANE"));
    }

    [Fact]
    public void AStrangerAtThePortOfOneOfOurs_SeesNothingOfALane()
    {
        var chunks = new ChunkSet(Random, 6, 5000);
        TrackerProcess tracker = StartTracker();
        FakePeer stranger = Own(new FakePeer(chunks, chunks.Indexes));
        Announce(tracker, stranger, chunks);
        ClientProcess client = StartClient("client", tracker.Port, chunks);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.All(stranger.Requests.All, request => Assert.Matches(@"^REQUEST_CHUNK,\d\z", request.Text));
        AssertNoFaults(stranger);
    }

    private void Announce(TrackerProcess tracker, LoopbackServer peer, ChunkSet chunks)
    {
        NaiveClient connection = Connect(tracker.Port);
        connection.Send("LANE,1\n");
        foreach (int index in chunks.Indexes) connection.Send($"LOCAL_CHUNKS,{index},localhost,{peer.Port}\n");
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,{chunks.Count},localhost,{peer.Port}");
    }

    private ClientProcess StartSeed(ChunkSet chunks)
    {
        ClientProcess seed = StartClient("seed", StartTracker().Port, chunks, chunks.Indexes);
        seed.WaitUntilComplete();
        return seed;
    }
}
