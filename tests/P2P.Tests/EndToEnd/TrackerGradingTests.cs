using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// What graders look at (PROTOCOL 8.2), four points: the native tracker with naive unframed clients, whose
/// `recv(1024)` must return exactly the text of the answer, and with our own native clients.
/// </summary>
public sealed class TrackerGradingTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void Tracker1_AcceptsSimultaneousConnectionsFromMoreThanTwoClients()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient[] clients = Enumerable.Range(1, 8).Select(_ => Connect(tracker.Port)).ToArray();

        for (int i = 0; i < clients.Length; i++)
            clients[i].Announce(i + 1, 5001 + i);
        foreach (NaiveClient client in clients)
            for (int i = 0; i < clients.Length; i++)
                Assert.Equal($"GET_CHUNK_FROM,{i + 1},localhost,{5001 + i}", client.Ask(i + 1));
    }

    [Fact]
    public void Tracker1_AcceptsAThousandConnectionsAtTheSameTime()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient[] clients = Enumerable.Range(1, 1000).Select(_ => Connect(tracker.Port)).ToArray();

        clients[0].Announce(1, 5001);
        foreach (NaiveClient client in clients)
            client.Send("WHERE_CHUNK,1");
        foreach (NaiveClient client in clients)
            Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", client.Receive());
    }

    [Fact]
    public void Tracker1_AcceptsSimultaneousConnectionsFromMoreThanTwoClients_OurOwn()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 6, 1000);
        ClientProcess[] clients = Enumerable.Range(1, 5)
            .Select(i => StartClient($"client_{i}", tracker.Port, chunks, i)).ToArray();

        // Chunk 6 is nobody's, so that all of them stay and ask.
        foreach (ClientProcess client in clients)
            Log.WaitFor($"{client.Name},WHERE_CHUNK,6");
        NaiveClient naive = Connect(tracker.Port);
        for (int i = 1; i <= clients.Length; i++)
            Assert.StartsWith($"GET_CHUNK_FROM,{i},localhost,", naive.Ask(i));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,6", naive.Ask(6));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public void Tracker2_AChunkThatOneClientHas_IsListedWithThatClient(string spelling)
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient holder = Connect(tracker.Port);
        NaiveClient asker = Connect(tracker.Port);

        holder.Send($"LOCAL_CHUNKS,3,{spelling},5001");
        Log.WaitFor("P2PTracker,LOCAL_CHUNKS,3,localhost,5001");

        Assert.Equal("GET_CHUNK_FROM,3,localhost,5001", asker.Ask(3));
        Assert.Equal(
            [
                "P2PTracker,LOCAL_CHUNKS,3,localhost,5001",
                "P2PTracker,WHERE_CHUNK,3", "P2PTracker,GET_CHUNK_FROM,3,localhost,5001",
            ],
            Log.Lines);
    }

    [Fact]
    public void Tracker2_AChunkThatOneClientHas_IsListedWithThatClient_OurOwn()
    {
        TrackerProcess tracker = StartTracker();
        ClientProcess holder = StartClient("holder", tracker.Port, new ChunkSet(Random, 2, 1000), 1, 2);

        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,2,localhost,{holder.Port}");

        Assert.Equal($"GET_CHUNK_FROM,2,localhost,{holder.Port}", Connect(tracker.Port).Ask(2));
    }

    [Fact]
    public void Tracker3_AChunkThatTwoClientsHave_IsListedWithBoth()
    {
        TrackerProcess tracker = StartTracker();
        Connect(tracker.Port).Announce(1, 5001);
        Connect(tracker.Port).Announce(1, 5002);
        Connect(tracker.Port).Announce(2, 5003);

        Assert.Equal("GET_CHUNK_FROM,1,localhost,5001,localhost,5002", Connect(tracker.Port).Ask(1));
        Log.WaitFor("P2PTracker,GET_CHUNK_FROM,1,localhost,5001,localhost,5002");
    }

    [Fact]
    public void Tracker3_AChunkThatTwoClientsHave_IsListedWithBoth_OurOwn()
    {
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 1, 1000);
        ClientProcess first = StartClient("first", tracker.Port, chunks, 1);
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,1,localhost,{first.Port}");
        ClientProcess second = StartClient("second", tracker.Port, chunks, 1);
        Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,1,localhost,{second.Port}");

        Assert.Equal($"GET_CHUNK_FROM,1,localhost,{first.Port},localhost,{second.Port}", Connect(tracker.Port).Ask(1));
    }

    [Fact]
    public void Tracker4_AChunkThatNobodyRegistered_IsUnknown_UntilSomebodyDoes()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient holder = Connect(tracker.Port);
        NaiveClient asker = Connect(tracker.Port);
        holder.Announce(1, 5001);

        Assert.Equal("CHUNK_LOCATION_UNKNOWN,2", asker.Ask(2));
        Log.WaitFor("P2PTracker,CHUNK_LOCATION_UNKNOWN,2");
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,11", asker.Ask(11));
        holder.Announce(2, 5001);
        Assert.Equal("GET_CHUNK_FROM,2,localhost,5001", asker.Ask(2));
    }

    [Fact]
    public void Tracker4_AChunkThatNobodyRegistered_IsUnknown_OurOwn()
    {
        TrackerProcess tracker = StartTracker();
        StartClient("asker", tracker.Port, new ChunkSet(Random, 2, 1000), 1);

        IReadOnlyList<string> lines = Log.WaitUntil(each => each.Contains("P2PTracker,CHUNK_LOCATION_UNKNOWN,2"),
            "the answer that chunk 2 is unknown");

        Assert.True(IndexOf(lines, "asker,WHERE_CHUNK,2") < IndexOf(lines, "P2PTracker,CHUNK_LOCATION_UNKNOWN,2"));
        Assert.DoesNotContain("asker,WHERE_CHUNK,1", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("P2PTracker,GET_CHUNK_FROM", StringComparison.Ordinal));
    }

    private static int IndexOf(IReadOnlyList<string> lines, string line) =>
        lines.TakeWhile(each => each != line).Count();
}
