using System;
using System.Linq;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>What -verbose tells on stderr, and that nothing of it gets into the log.</summary>
public sealed class DiagnosisTests(ITestOutputHelper output) : SystemTest(output)
{
    private const string Time = @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ";

    [Fact]
    public void TheTracker_TellsWhichDialectAClientSpeaks_AndWhyItsConnectionIsClosed()
    {
        TrackerProcess tracker = StartTracker("-verbose");
        NaiveClient client = Connect(tracker.Port);
        client.Ask(1);
        Await(tracker, "127.0.0.1:", " speaks unframed");
        client.Dispose();
        Await(tracker, "connection from 127.0.0.1:", " closed: the client has ended it");

        Connect(tracker.Port).AnnounceAsLines(1, 5001);
        Await(tracker, "127.0.0.1:", " speaks in lines");

        Connect(tracker.Port).Send(string.Concat(Enumerable.Repeat("Hello\n", Limits.BadMessagesMax)));
        Await(tracker, "connection from 127.0.0.1:", " closed: too much that is no message");

        Assert.All(tracker.Errors.All, line => Assert.Matches(Time + "P2PTracker: ", line));
        Assert.Equal(
            [
                "P2PTracker,WHERE_CHUNK,1", "P2PTracker,CHUNK_LOCATION_UNKNOWN,1",
                "P2PTracker,LOCAL_CHUNKS,1,localhost,5001",
                "P2PTracker,WHERE_CHUNK,1", "P2PTracker,GET_CHUNK_FROM,1,localhost,5001",
            ],
            Log.Lines);
    }

    [Fact]
    public void TheClient_TellsWhyASourceIsPausedOrRefused_HowItSpeaksToTheTracker_AndWhyConnectionsAreClosed()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        NaiveTracker tracker = StartNaiveTracker();
        using Socket refusing = FreePort.Refusing(out int refusingPort);
        tracker.Offer(1, refusingPort);
        chunks.DealTo(Folder.MakeFolder("client_1"), 2);
        ClientProcess client = StartClient("client_1", tracker.Port, "-verbose");
        Await(client, "tracker spoken to unframed: ", "it is on this machine, and may be a stranger's");
        Await(client, $"connection to localhost:{refusingPort} closed: ", "chunk 1: no connection");
        Await(client, $"source localhost:{refusingPort} paused for ", " ms: it has failed");

        tracker.Offer(1, client.Port);
        Await(client, $"source localhost:{client.Port} refused: ", "its port is ours");

        FakePeer peer = StartPeer(tracker, chunks, [1]);
        client.WaitUntilComplete();
        Await(client, $"connection to localhost:{peer.Port} closed: ", "chunk 1: whole");
        tracker.Dispose();
        Await(client, "tracker connection closed: ", "");
        Await(client, "no tracker at ", $"localhost:{tracker.Port}");

        Assert.All(client.Errors.All, line => Assert.Matches(Time + "client_1: ", line));
        Assert.All(Log.Lines, line => Assert.Matches("^client_1,(LOCAL|WHERE|REQUEST)_CHUNKS?,", line));
    }

    [Fact]
    public void TheClient_KnowsOurTracker_AndTellsByWhat()
    {
        ClientProcess client = StartClient("client_1", StartTracker().Port, new ChunkSet(Random, 2, 1000), 1);
        Assert.Empty(client.Errors.All);
        Folder.MakeFolder("client_2");
        ClientProcess told = StartClient("client_2", StartTracker().Port, "-chunks", "2", "-verbose");
        Await(told, "tracker spoken to in lines: ", "its receive buffer is that of ours");
    }

    private static void Await(NativeProcess process, string start, string end) => process.Errors.WaitForFirst(
        line => line.Contains($": {start}", StringComparison.Ordinal) && line.EndsWith(end, StringComparison.Ordinal),
        $"\"{start}...{end}\"");
}
