using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 3.2, serving: what strangers' fetchers get from the native client. Only an end of stream means
/// that the chunk was whole; everything else must reach them as a reset.
/// </summary>
[Waits(12)]
public sealed class ServingTests(ITestOutputHelper output) : SystemTest(output)
{
    /// <summary>More than the socket buffers of both sides can hold:
    /// the client is still sending while nobody reads.</summary>
    private const int LargeBytes = 64 << 20;

    /// <summary>Of a fetcher that wants to be in the middle of a chunk.</summary>
    private const int SmallReceiveBuffer = 64 << 10;

    [Theory]
    [InlineData("REQUEST_CHUNK,1")]
    [InlineData("REQUEST_CHUNK,1\n")]
    [InlineData("REQUEST_CHUNK,1\r\n")]
    [InlineData(" REQUEST_CHUNK,1 \n")]
    [InlineData("REQUEST_CHUNK,1,localhost,7001")]
    [InlineData("REQUEST_CHUNK,1,localhost,7001\n")]
    [InlineData("REQUEST_CHUNK,1\0")]
    [InlineData("REQUEST_CHUNK,1\n\0")]
    [InlineData("\0REQUEST_CHUNK,1 \0\n")]
    public void ARequestInAnyDialect_GetsTheWholeChunk_ThenACleanEnd(string request)
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(300_000);

        using var fetcher = FakeFetcher.Fetch(client.Port, request);

        Assert.Equal(StreamEnd.Clean, fetcher.End);
        chunks.AssertChunk(1, fetcher.Bytes, "what was served");
    }

    [Theory]
    [InlineData("REQUEST_CHUNK,1\n")]
    [InlineData("REQUEST_CHUNK,1")]
    public void ARequestThatDribbles_IsUnderstood(string request)
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(300_000);
        using var fetcher = new FakeFetcher(client.Port);
        fetcher.Dribble(request, TimeSpan.FromMilliseconds(5));

        Assert.Equal(StreamEnd.Clean, fetcher.ReadToEnd());
        chunks.AssertChunk(1, fetcher.Bytes, "what was served");
    }

    [Theory]
    [InlineData("REQUEST_CHUNK,1")]
    [InlineData("REQUEST_CHUNK,1\n")]
    public void AFetcherThatHalfClosesAfterItsRequest_GetsTheWholeChunk(string request)
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(4 << 20);
        using var fetcher = new FakeFetcher(client.Port);
        fetcher.Ask(request);
        fetcher.HalfClose();

        Assert.Equal(StreamEnd.Clean, fetcher.ReadToEnd());
        chunks.AssertChunk(1, fetcher.Bytes, "what was served");
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("REQUEST_CHUNK,2")]
    [InlineData("stray bytes, a lot of them: ................................................................")]
    public void StrayBytesAfterTheRequest_DestroyNothing(string stray)
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(8 << 20);
        using var fetcher = new FakeFetcher(client.Port, SmallReceiveBuffer);
        fetcher.Ask("REQUEST_CHUNK,1");
        for (int i = 0; i < 14; i++)
        {
            // At first it is being answered; at the end the server has sent all, and would close over unread bytes.
            fetcher.ReadSome(512 << 10);
            fetcher.Ask(stray);
        }

        Assert.Equal(StreamEnd.Clean, fetcher.ReadToEnd());
        chunks.AssertChunk(1, fetcher.Bytes, "what was served");
    }

    [Theory]
    [InlineData("REQUEST_CHUNK,2")]
    [InlineData("REQUEST_CHUNK,2\n")]
    [InlineData("REQUEST_CHUNK,1000000")]
    [InlineData("REQUEST_CHUNK,2147483647\r\n")]
    public void ARequestForAChunkThatIsNotHeld_EndsInAReset_NeverInAnEmptyChunk(string request)
    {
        (ClientProcess client, _) = StartHolder(1000);

        using var fetcher = FakeFetcher.Fetch(client.Port, request);

        Assert.Equal(StreamEnd.Reset, fetcher.End);
        Assert.Equal(0, fetcher.Bytes.Length);
        Assert.False(client.HasExited);
    }

    [Theory]
    [InlineData("REQUEST_CHUNK,0\n")]
    [InlineData("REQUEST_CHUNK,99999999999\n")]
    [InlineData("REQUEST_CHUNK,x\n")]
    [InlineData("REQUEST_CHUNK,")]
    [InlineData("WHERE_CHUNK,1")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("")]
    public void AStreamThatHoldsNoRequest_EndsInAReset_NeverInAnEmptyChunk(string stream)
    {
        (ClientProcess client, _) = StartHolder(1000);
        using var fetcher = new FakeFetcher(client.Port);
        fetcher.Ask(stream);
        fetcher.HalfClose();

        Assert.Equal(StreamEnd.Reset, fetcher.ReadToEnd());
        Assert.Equal(0, fetcher.Bytes.Length);
    }

    [Theory]
    [InlineData("REQUEST_CHUNK,x")]
    [InlineData("REQUEST_CHUNK,-1\n")]
    [InlineData("REQUEST_CHUNK,99999999999")]
    [InlineData("REQUEST,1\n")]
    [InlineData("Hello, peer!")]
    [InlineData("WHERE_CHUNK,1")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    public void WhatIsNoRequest_IsResetAtOnce(string noRequest)
    {
        (ClientProcess client, _) = StartHolder(1000);
        using var fetcher = new FakeFetcher(client.Port);

        var watch = Stopwatch.StartNew();
        fetcher.Ask(noRequest);

        // A peer that asks for nothing is waited for until its minute is over.
        Assert.Equal(StreamEnd.Reset, fetcher.ReadToEnd());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(50));
        Assert.Equal(0, fetcher.Bytes.Length);
        Assert.False(client.HasExited);
    }

    [Fact]
    public void AFileThatLiesInTheFolderUnlisted_IsNotServed()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        chunks.DealTo(Folder.MakeFolder("holder"), 1);
        File.WriteAllBytes(Path.Combine(Folder["holder"], "chunk_2"), chunks[2]);
        ClientProcess client = StartClient("holder", StartNaiveTracker().Port);

        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2");

        Assert.Equal(StreamEnd.Reset, fetcher.End);
    }

    [Fact]
    public void AClientKilledInMidTransfer_LeavesAReset()
    {
        (ClientProcess client, _) = StartHolder(LargeBytes);
        using var fetcher = new FakeFetcher(client.Port, SmallReceiveBuffer);
        fetcher.Ask("REQUEST_CHUNK,1");
        fetcher.ReadSome(1 << 20);

        client.Kill();
        client.WaitForExit();

        Assert.Equal(StreamEnd.Reset, fetcher.ReadToEnd());
        Assert.True(fetcher.Bytes.Length < LargeBytes);
    }

    [Fact]
    public void AClientTerminatedInMidTransfer_LeavesAReset()
    {
        (ClientProcess client, _) = StartHolder(LargeBytes);
        using var fetcher = new FakeFetcher(client.Port, SmallReceiveBuffer);
        fetcher.Ask("REQUEST_CHUNK,1");
        fetcher.ReadSome(1 << 20);

        FolderTests.AssertStops(client, client.Terminate);

        Assert.Equal(StreamEnd.Reset, fetcher.ReadToEnd());
    }

    [Fact]
    public void AFileThatShrinksWhileItIsSent_EndsInAReset()
    {
        (ClientProcess client, _) = StartHolder(LargeBytes);
        using var fetcher = new FakeFetcher(client.Port, SmallReceiveBuffer);
        fetcher.Ask("REQUEST_CHUNK,1");
        fetcher.ReadSome(1 << 20);

        using (var file = new FileStream(Path.Combine(client.ChunkFolder, "chunk_1"), FileMode.Open,
            FileAccess.Write, FileShare.ReadWrite))
            file.SetLength(LargeBytes / 2);

        Assert.Equal(StreamEnd.Reset, fetcher.ReadToEnd());
    }

    [Fact]
    public void AFileThatHasGoneSinceTheStart_EndsInAReset_AndTheClientLives()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        ClientProcess client = StartClient("holder", StartNaiveTracker().Port, chunks, 1, 2);
        _ = client.Port;
        File.Delete(Path.Combine(client.ChunkFolder, "chunk_1"));

        using var refused = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,1");
        using var served = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2");

        Assert.Equal(StreamEnd.Reset, refused.End);
        Assert.Equal(StreamEnd.Clean, served.End);
    }

    [Fact]
    public void ManyFetchersAtOnce_SomeSlowSomeIdle_AreAllServed()
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(8 << 20);
        FakeFetcher[] idle = Enumerable.Range(0, 20).Select(_ => Own(new FakeFetcher(client.Port))).ToArray();
        FakeFetcher[] slow = Enumerable.Range(0, 20)
            .Select(_ => Own(new FakeFetcher(client.Port, SmallReceiveBuffer))).ToArray();
        foreach (FakeFetcher fetcher in slow)
        {
            fetcher.Ask("REQUEST_CHUNK,1");
            fetcher.ReadSome(1);
        }
        FakeFetcher[] quick = Enumerable.Range(0, 20).Select(_ => Own(new FakeFetcher(client.Port))).ToArray();
        foreach (FakeFetcher fetcher in quick)
            fetcher.Ask("REQUEST_CHUNK,1");

        // While 20 say nothing and 20 don't read, the others get theirs; then those, too.
        foreach (FakeFetcher fetcher in quick.Concat(slow))
        {
            Assert.Equal(StreamEnd.Clean, fetcher.ReadToEnd());
            chunks.AssertChunk(1, fetcher.Bytes, "what was served");
            fetcher.Dispose();
        }
        Assert.Equal(20, idle.Length);
    }

    [Fact]
    public void FetchersThatGoAwayInTheMiddle_HarmNobody()
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(LargeBytes);
        for (int i = 0; i < 20; i++)
        {
            using var fetcher = new FakeFetcher(client.Port, SmallReceiveBuffer);
            fetcher.Ask("REQUEST_CHUNK,1");
            fetcher.ReadSome(100_000);
            if (i % 2 == 0)
                fetcher.GoAway();
        }

        using var last = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,1");
        Assert.Equal(StreamEnd.Clean, last.End);
        chunks.AssertChunk(1, last.Bytes, "what was served afterwards");
        Assert.False(client.HasExited);
        Assert.Empty(client.Errors.All);
    }

    [Fact]
    public void AChunkJustFetched_IsServedAsSoonAsItIsAnnounced()
    {
        var chunks = new ChunkSet(Random, 3, 200_000);   // chunk 3 is nobody's: the client is not complete
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        tracker.Received.WaitForFirst(
            each => each.Text == $"LOCAL_CHUNKS,2,localhost,{client.Port}", "chunk 2 announced");

        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2");

        Assert.Equal(StreamEnd.Clean, fetcher.End);
        chunks.AssertChunk(2, fetcher.Bytes, "what was served");
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void AClientServes_WhileItWaitsForItsTracker()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        using Socket refusing = FreePort.Refusing(out int trackerPort);
        ClientProcess client = StartClient("holder", trackerPort, chunks, 1, 2);

        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2");

        chunks.AssertChunk(2, fetcher.Bytes, "what was served");
    }

    [Fact]
    public void ASlowReader_IsNotGivenUp_BecauseTheWholeTakesLong()
    {
        (ClientProcess client, ChunkSet chunks) = StartHolder(3 << 20);
        using var fetcher = new FakeFetcher(client.Port, SmallReceiveBuffer);
        fetcher.Ask("REQUEST_CHUNK,1");
        for (int i = 0; i < 6; i++)
        {
            // All is in the socket's buffers soon; the last of it is read later than the 5 s that the server drains.
            fetcher.ReadSome(400 << 10);
            Patience.Pause(TimeSpan.FromMilliseconds(1100));
        }

        Assert.Equal(StreamEnd.Clean, fetcher.ReadToEnd());
        chunks.AssertChunk(1, fetcher.Bytes, "what was served");
    }

    /// <summary>A native client whose chunk 1 of 2 is that long;
    /// its tracker is a naive one that knows nobody else.</summary>
    private (ClientProcess Client, ChunkSet Chunks) StartHolder(int bytes)
    {
        var chunks = new ChunkSet(Random, 2, index => index == 1 ? bytes : 10);
        ClientProcess client = StartClient("holder", StartNaiveTracker().Port, chunks, 1);
        _ = client.Port;
        return (client, chunks);
    }
}
