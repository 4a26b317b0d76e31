using System.Net;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>Who may connect to the native programs (-allow).</summary>
public sealed class AllowTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ATracker_ClosesConnectionsFromElsewhere_AndSaysSoOnce()
    {
        TrackerProcess tracker = StartTracker("-allow", "10.0.0.0/8,127.0.0.1");
        for (int count = 0; count < 3; count++) Assert.True(IsClosed(tracker.Port));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", Connect(tracker.Port).Ask(1));

        tracker.Terminate();
        Assert.Equal(0, tracker.WaitForExit());
        Assert.Matches("^P2PTracker: .*127\\.0\\.0\\.2.*-allow", Assert.Single(tracker.Errors.All));
        Assert.Contains(": 1 connection, 0 announcements, 1 question, 3 connections not allowed, ",
            tracker.Output.All[^1]);
    }

    [Fact]
    public void ATracker_TellsHowManyConnectionsItHasClosed()
    {
        TrackerProcess tracker = StartTracker("-allow", "127.0.0.1");
        Assert.Contains(",\"not_allowed\":0,", Get(tracker, "/stats.json"));
        for (int count = 0; count < 3; count++) Assert.True(IsClosed(tracker.Port));
        Assert.Contains(",\"not_allowed\":3,", Get(tracker, "/stats.json"));
        Assert.Contains("\np2p_tracker_not_allowed_connections_total 3\n", Get(tracker, "/metrics"));
    }

    [Fact]
    public void AClientsLastLine_TellsHowManyConnectionsItHasClosed()
    {
        new ChunkSet(Random, 3, 1000).DealTo(Folder.MakeFolder("seed"), 1, 2, 3);
        ClientProcess seed = StartClient("seed", StartTracker().Port, "-allow", "127.0.0.1");
        Assert.True(IsClosed(seed.Port));
        seed.Terminate();
        Assert.Equal(0, seed.WaitForExit());
        Assert.Matches(@"^seed: stopped after \S+ s: all 3 chunks, 1 connection not allowed$", seed.Output.All[^1]);
    }

    [Fact]
    public void AClient_ClosesConnectionsFromElsewhere_AndSaysSoOnce()
    {
        var chunks = new ChunkSet(Random, 1, 1000);
        chunks.DealTo(Folder.MakeFolder("seed"), chunks.Indexes);
        int port = FreePort.Next();
        ClientProcess seed = StartClient(
            "seed", StartTracker().Port, "-allow", "127.0.0.1", "-json", "-transfer_port", $"{port}");
        seed.Output.WaitForFirst(line => line.Contains("\"start\""), "the start");
        for (int count = 0; count < 3; count++) Assert.True(IsClosed(port));
        using var fetcher = FakeFetcher.Fetch(port, "REQUEST_CHUNK,1");
        chunks.AssertChunk(1, fetcher.Bytes, "what was served");

        seed.Terminate();
        Assert.Equal(0, seed.WaitForExit());
        Assert.Matches("^seed: .*127\\.0\\.0\\.2.*-allow", Assert.Single(seed.Errors.All));
        string stopped = seed.Output.All[^1];
        Assert.StartsWith("""{"event":"stopped","name":"seed","exit_code":0,""", stopped);
        Assert.EndsWith(""","not_allowed":3}""", stopped);
    }

    private static string Get(TrackerProcess tracker, string path)
    {
        using var browser = new NaiveClient(tracker.Port);
        browser.Send($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return browser.ReceiveToEnd(out _);
    }

    // Asks as a client or peer would, and tells whether the other end closes the connection instead of an answer.
    private static bool IsClosed(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = Patience.SocketMilliseconds,
        };
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            socket.Send("REQUEST_CHUNK,1\n"u8);
            return socket.Receive(new byte[100]) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return true;
        }
    }
}
