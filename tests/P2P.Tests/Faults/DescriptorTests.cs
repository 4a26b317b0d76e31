using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// More connections than a program may have descriptors: accepting pauses and goes on, nothing crashes, nothing that is
/// had counts as lost, and transfers finish.
/// </summary>
[Waits(28)]
public sealed class DescriptorTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int Descriptors = 64;

    [Fact]
    public void ATrackerWith64Descriptors_ServesTheNext_AsSoonAsOthersGo()
    {
        LimitedProcess tracker =
            Own(new LimitedProcess(Descriptors, NativePrograms.Tracker, Folder.Path, "-port", "0"));
        NaiveClient[] clients = Enumerable.Range(0, 100).Select(_ => Connect(tracker.Port)).ToArray();
        for (int i = 0; i < 40; i++)
            clients[i].Announce(1, 4001 + i);
        // The last one's question lies in a connection that isn't accepted yet, until others end theirs.
        clients[99].Send("WHERE_CHUNK,1");
        for (int i = 0; i < 60; i++)
            clients[i].Dispose();
        Assert.StartsWith("GET_CHUNK_FROM,1,localhost,4001,", clients[99].Receive());
        for (int i = 60; i < 99; i++)
            Assert.StartsWith("GET_CHUNK_FROM,1,", clients[i].Ask(1));
        Assert.Empty(tracker.Errors.All);
        tracker.Terminate();
        Assert.Equal(0, tracker.WaitForExit());
    }

    [Fact]
    public void AClientWith64Descriptors_ServesEveryPeer_WhenMoreAskThanItHasDescriptorsFor()
    {
        var chunks = new ChunkSet(Random, 4, 600_000);
        NaiveTracker tracker = StartNaiveTracker();
        LimitedProcess client = StartLimited("client_1", tracker.Port, chunks, [1, 2, 3, 4]);
        // Each wants to be sent a file, and reads nothing: as many files would be open as connections.
        FakeFetcher[] fetchers = Enumerable.Range(0, 100)
            .Select(_ => Own(new FakeFetcher(client.Port, receiveBytes: 4096))).ToArray();
        for (int i = 0; i < fetchers.Length; i++)
            fetchers[i].Ask($"REQUEST_CHUNK,{1 + i % 4}");
        for (int i = 0; i < fetchers.Length; i++)
        {
            Assert.Equal(StreamEnd.Clean, fetchers[i].ReadToEnd());
            chunks.AssertChunk(1 + i % 4, fetchers[i].Bytes, "what a client with few descriptors serves");
        }

        Assert.Empty(client.Errors.All);
        client.Terminate();
        Assert.Equal(0, client.WaitForExit());
        Assert.Contains("1,chunk_1", File.ReadLines(Path.Combine(Folder["client_1"], "local_chunks.txt")));
    }

    [Fact]
    public void AClientWithoutADescriptorLeft_ServesAPeerThatAsksJustThen_WhileManyDownloadsWait()
    {
        var chunks = new ChunkSet(Random, 100, index => index == 1 ? 600_000 : 3000);
        NaiveTracker tracker = StartNaiveTracker();
        LimitedProcess client = StartLimited("client_1", tracker.Port, chunks, [1]);
        using var asker = new FakeFetcher(client.Port, receiveBytes: 4096);
        // The other half comes when there is no descriptor left.
        asker.Ask("REQUEST_");
        for (int i = 0; i < 100; i++)
            Own(new RawConnection(client.Port));
        foreach (int _ in Patience.Attempts("a client that has no descriptor left"))
        {
            if (client.HasNoDescriptorLeft)
                break;
            Patience.Pause(TimeSpan.FromMilliseconds(50));
        }
        for (int i = 0; i < 12; i++)
            StartPeer(tracker, chunks, Enumerable.Range(2, 99));
        asker.Ask("CHUNK,1\n");
        Assert.Equal(StreamEnd.Clean, asker.ReadToEnd());
        chunks.AssertChunk(1, asker.Bytes, "what a client without a descriptor left serves");
        // That its own downloads ran short may be told.
        Assert.DoesNotContain(client.Errors.All, line => line.Contains("has gone or changed"));
    }

    [Fact]
    public void ASwarmWith64DescriptorsEach_Finishes_AmongIdleConnections()
    {
        var chunks = new ChunkSet(Random, 120, 20_000);
        LimitedProcess tracker =
            Own(new LimitedProcess(Descriptors, NativePrograms.Tracker, Folder.Path, "-port", "0"));
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 6);
        LimitedProcess[] clients =
            hands.Select((hand, i) => StartLimited($"client_{i}", tracker.Port, chunks, hand)).ToArray();
        RawConnection[] idle = clients.SelectMany(
            client => Enumerable.Range(0, 30).Select(_ => Own(new RawConnection(client.Port)))).ToArray();
        foreach (LimitedProcess client in clients)
            client.Output.WaitForFirst(line => line.Contains(": complete, all 120 chunks"),
                "a client with few descriptors to be complete");
        for (int i = 0; i < clients.Length; i++)
            chunks.AssertComplete(Folder[$"client_{i}"]);
        // That it ran short may be told; a chunk that is there is never said to have gone.
        Assert.All(clients,
            client => Assert.DoesNotContain(client.Errors.All, line => line.Contains("has gone or changed")));
        Assert.All(idle, connection => Assert.True(connection.IsQuiet));
    }

    private LimitedProcess StartLimited(
        string name, int trackerPort, ChunkSet chunks, System.Collections.Generic.IEnumerable<int> held)
    {
        chunks.DealTo(Folder.MakeFolder(name), held);
        LimitedProcess client = Own(new LimitedProcess(Descriptors, NativePrograms.Client, Folder.Path,
            "-folder", Folder[name], "-name", name, "-tracker", $"localhost:{trackerPort}"));
        _ = client.Port;
        return client;
    }
}

/// <summary>Connections that say nothing, in numbers. They take a minute by the protocol:
/// classes of their own.</summary>
[Waits(60)]
public sealed class IdleFetchersTests(ITestOutputHelper output) : SystemTest(output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void IdleAndHalfConnections_ToAClient_CostLittle_AndAreClosedAfterAMinute()
    {
        var chunks = new ChunkSet(Random, 1, 1000);
        NaiveTracker tracker = StartNaiveTracker();
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        LimitedProcess client = Own(new LimitedProcess(8000, NativePrograms.Client, Folder.Path,
            "-folder", Folder["client_1"], "-name", "client_1", "-tracker", $"localhost:{tracker.Port}"));
        _ = client.Port;
        using (FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,1"))
        {
        }
        long before = client.ResidentBytes();
        var start = System.Diagnostics.Stopwatch.StartNew();
        var idle = Enumerable.Range(0, 2000).Select(_ => Own(new RawConnection(client.Port))).ToList();
        for (int i = 0; i < 200; i++)
        {
            idle.Add(Own(new RawConnection(client.Port)));
            idle[^1].TrySend("REQUEST_CHU");
        }
        using (var honest = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,1"))
            chunks.AssertChunk(1, honest.Bytes, "what an honest peer gets beside idle ones");
        long grown = client.ResidentBytes() - before;
        _output.WriteLine($"{grown / 2200.0 / 1024:F1} KB for each of 2,200 connections");
        Assert.InRange(grown, 0, 2200 * 6 * 1024L);

        foreach (RawConnection connection in idle)
            Assert.Equal((0, StreamEnd.Reset), connection.ReadToEnd());
        Assert.True(start.Elapsed >= TimeSpan.FromSeconds(60));
        Assert.Empty(client.Errors.All);
    }
}

/// <inheritdoc cref="IdleFetchersTests"/>
[Waits(60)]
public sealed class DribblingFetcherTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void AConnectionThatOnlyDribbles_IsClosedAfterAMinute_Too()
    {
        var chunks = new ChunkSet(Random, 1, 1000);
        ClientProcess client = StartClient("client_1", StartNaiveTracker().Port, chunks, 1);
        _ = client.Port;
        var start = System.Diagnostics.Stopwatch.StartNew();
        using var dribbler = new RawConnection(client.Port);
        while (dribbler.TrySend(" ") && dribbler.IsQuiet && start.Elapsed < TimeSpan.FromSeconds(60) + Patience.Limit)
            Patience.Pause(TimeSpan.FromSeconds(1));
        Assert.True(start.Elapsed >= TimeSpan.FromSeconds(60));
        Assert.False(dribbler.IsQuiet);
    }
}

/// <inheritdoc cref="IdleFetchersTests"/>
[Waits(60)]
public sealed class SilentTrackerClientsTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ATrackerShortOfDescriptors_ClosesThoseThatNeverSpoke_AfterAMinute()
    {
        LimitedProcess tracker = Own(new LimitedProcess(64, NativePrograms.Tracker, Folder.Path, "-port", "0"));
        NaiveClient witness = Connect(tracker.Port);
        witness.Announce(1, 4001);
        RawConnection[] silent = Enumerable.Range(0, 80).Select(_ => Own(new RawConnection(tracker.Port))).ToArray();
        Assert.StartsWith("GET_CHUNK_FROM,1,", witness.Ask(1));
        // It isn't accepted before the silent ones have gone.
        using var late = new RawConnection(tracker.Port);
        late.TrySend("WHERE_CHUNK,1\n");
        // As many are closed as others wait for a descriptor, more than 30; on a busy machine, which accepts them in
        // the course of seconds, no more than that.
        foreach (RawConnection connection in silent.Take(25))
            connection.ReadToEnd();
        while (late.IsQuiet)
            Assert.StartsWith("GET_CHUNK_FROM,1,", witness.Ask(1));
        Assert.Empty(tracker.Errors.All);
    }
}
