using System;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>Peers that claim to be ours and are not, or are broken: they cost a pause, and never a byte.</summary>
public sealed class LaneFaultTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int ChunkBytes = 20_000;

    [Fact]
    public void OneThatEndsAtOnce_IsPassedOver() => AssertIsPassedOver((_, _, _) => false);

    [Fact]
    public void OneThatSendsGarbage_IsPassedOver() => AssertIsPassedOver((socket, _, _) =>
    {
        socket.Send(new byte[50_000]);
        return true;
    });

    [Fact]
    public void OneThatSendsAnotherChunk_IsPassedOver() => AssertIsPassedOver((socket, index, chunks) =>
    {
        FakeLanePeer.SendChunk(socket, index + 1000, chunks[1]);
        return true;
    });

    [Fact]
    public void WrongSums_AreNoticed() => AssertIsPassedOver((socket, index, chunks) =>
    {
        byte[] wrong = (byte[])chunks[index].Clone();
        wrong[Random.Shared.Next(wrong.Length)] ^= 1;
        FakeLanePeer.SendPiece(socket, 'L', index, wrong, FakeLanePeer.SumOf(chunks[index]));
        return true;
    });

    [Fact]
    public void PiecesWithoutAnEnd_AreNotTakenForLong() => AssertIsPassedOver((socket, index, chunks) =>
    {
        try
        {
            while (true) FakeLanePeer.SendPiece(socket, 'P', index, chunks[1], 0);
        }
        catch (SocketException)
        {
            return false;
        }
    });

    [Fact]
    public void HalfAPiece_IsNoChunk() => AssertIsPassedOver((socket, index, chunks) =>
    {
        byte[] half = chunks[index][..(ChunkBytes / 2)];
        FakeLanePeer.SendPiece(socket, 'P', index, half, 0);
        return false;
    });

    [Fact]
    public void WhatIsGone_ComesFromAnotherSource() => AssertIsPassedOver((socket, index, chunks) =>
    {
        FakeLanePeer.SendPiece(socket, 'P', index, chunks[index], 0);
        FakeLanePeer.SendPiece(socket, 'G', index, default, 0);
        return true;
    });

    [Fact]
    public void OneThatSpeaksTheLaneWell_IsASource()
    {
        var chunks = new ChunkSet(Random, 20, ChunkBytes);
        TrackerProcess tracker = StartTracker();
        FakeLanePeer peer = Own(new FakeLanePeer((socket, index) =>
        {
            FakeLanePeer.SendPiece(socket, 'P', index, chunks[index].AsSpan(0, 7000), 0);
            uint sum = FakeLanePeer.SumOf(chunks[index]);
            FakeLanePeer.SendPiece(socket, 'L', index, chunks[index].AsSpan(7000), sum);
            return true;
        }));
        Announce(tracker, peer.Port, chunks);
        ClientProcess client = StartClient("client", tracker.Port, chunks);
        client.WaitUntilComplete();
        chunks.AssertComplete(client.ChunkFolder);
        Assert.Equal(1, peer.Accepted.Count);
        Assert.Equal("LANE,1", peer.Lines.All[0]);
    }

    // The bad peer is the only source until it has been asked; then a good one appears.
    private void AssertIsPassedOver(Func<Socket, int, ChunkSet, bool> answer)
    {
        var chunks = new ChunkSet(Random, 12, ChunkBytes);
        TrackerProcess tracker = StartTracker();
        FakeLanePeer bad = Own(new FakeLanePeer((socket, index) => answer(socket, index, chunks)));
        Announce(tracker, bad.Port, chunks);
        chunks.DealTo(Folder.MakeFolder("client"));
        ClientProcess client = StartClient("client", tracker.Port, "-max_chunk_bytes", "1000000");
        bad.Lines.WaitForFirst(line => line.StartsWith("REQUEST_CHUNK", StringComparison.Ordinal), "a request");
        StartClient("seed", tracker.Port, chunks, chunks.Indexes).WaitUntilComplete();
        client.WaitUntilComplete();
        chunks.AssertComplete(client.ChunkFolder);
    }

    private void Announce(TrackerProcess tracker, int port, ChunkSet chunks)
    {
        NaiveClient connection = Connect(tracker.Port);
        connection.Send("LANE,1\n");
        foreach (int index in chunks.Indexes) connection.Send($"LOCAL_CHUNKS,{index},localhost,{port}\n");
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,{chunks.Count},localhost,{port}");
    }
}
