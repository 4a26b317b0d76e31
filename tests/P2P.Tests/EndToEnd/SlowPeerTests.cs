using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Tests.Faults;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// The native client with peers whose slowness takes longer than the 15 s after which a silent one is given up
/// (PROTOCOL 2.8, asking a peer): in classes of their own, since the tests of one class run one after the other.
/// </summary>
[Waits(24)]
public sealed class CrawlingPeerTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void APeerThatSendsAKibibyteASecond_IsNeverGivenUp()
    {
        var chunks = new ChunkSet(Random, 2, 18 << 10);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer =
            StartPeer(tracker, chunks, [2], new PeerManners { PartBytes = 1 << 10, PartGap = TimeSpan.FromSeconds(1) });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.Single(peer.Requests.All);
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void ATransferThatMoves_IsNotAborted_WhenAnotherPeerWasQuicker()
    {
        var chunks = new ChunkSet(Random, 2, 7 << 10);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer slow =
            StartPeer(tracker, chunks, [2], new PeerManners { PartBytes = 1 << 10, PartGap = TimeSpan.FromSeconds(1) });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        slow.Requests.WaitForCount(1, "the request to the slow peer");
        FakePeer quick = StartPeer(tracker, chunks, [2]);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        slow.LeftByFetcher.WaitForCount(1, "the slow peer's transfer to come to its own end");
        AssertNoFaults(tracker, slow, quick);
        chunks.AssertComplete(client.ChunkFolder);
    }
}

/// <inheritdoc cref="CrawlingPeerTests"/>
[Waits(19)]
public sealed class LateAcceptingPeerTests(ITestOutputHelper output) : SystemTest(output)
{
    // The 15 s for a connection are over in the middle of the transfer: they must not end it.
    [Fact]
    public void AConnectionThatTookLong_LastsAsLongAsAnyOther()
    {
        var chunks = new ChunkSet(Random, 2, 17 << 10);
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        // All that the queue holds: the kernel drops the next one's SYN.
        using var filler = new RawConnection(port);
        NaiveTracker tracker = StartNaiveTracker();
        tracker.Offer(2, port);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        foreach (int _ in Patience.Attempts("the client to be connecting"))
        {
            if (IsConnecting(port)) break;
            Patience.Pause(TimeSpan.FromMilliseconds(10));
        }

        using (listener.Accept())
        using (Socket peer = listener.Accept())
        {
            byte[] request = new byte[100];
            Assert.Equal("REQUEST_CHUNK,2", Encoding.ASCII.GetString(request, 0, peer.Receive(request)));
            for (int sent = 0; sent < chunks[2].Length; sent += 1 << 10)
            {
                peer.Send(chunks[2], sent, 1 << 10, SocketFlags.None);
                Patience.Pause(TimeSpan.FromSeconds(1));
            }
            peer.Shutdown(SocketShutdown.Send);
            client.WaitUntilComplete();
        }
        chunks.AssertComplete(client.ChunkFolder);
    }

    // A socket in the state SYN_SENT (2), by its remote port in hexadecimal.
    private static bool IsConnecting(int port) =>
        File.ReadLines("/proc/net/tcp").Any(line => line.Contains($":{port:X4} 02 "));
}

/// <inheritdoc cref="CrawlingPeerTests"/>
[Waits(15)]
public sealed class SilentPeerTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void APeerThatStaysSilent_IsGivenUpAfterFifteenSeconds()
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer silent = StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 0, End = PeerEnd.Silence });
        var watch = Stopwatch.StartNew();
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        silent.Ended.WaitForCount(1, "the client to give the silent peer up");

        // It is waited for that long, since a stranger that serves one at a time keeps others waiting.
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(15));
        FakePeer good = StartPeer(tracker, chunks, [2]);
        client.WaitUntilComplete();
        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, silent, good);
    }

    [Fact]
    public void OneSilentPeer_DoesNotHoldUpTheOtherChunks()
    {
        var chunks = new ChunkSet(Random, 8, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer silent = StartPeer(tracker, chunks, [8], new PeerManners { BytesAtMost = 0, End = PeerEnd.Silence });
        FakePeer good = StartPeer(tracker, chunks, chunks.AllBut(8));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks);

        good.LeftByFetcher.WaitForCount(7, "the seven other chunks");
        Assert.Empty(silent.Ended.All);                  // it is still being waited for
        AssertNoFaults(tracker, good);
    }
}
