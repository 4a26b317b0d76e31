using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// The tracker isn't there, goes, and comes back knowing nothing: clients wait for it, announce everything again and
/// finish, and what they fetch meanwhile goes on.
/// </summary>
public sealed class TrackerFaultTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ATrackerThatIsAbsentAtTheStart_IsWaitedFor()
    {
        var chunks = new ChunkSet(Random, 10, 20_000);
        int port = FreePort.Next();
        ClientProcess[] clients = Enumerable.Range(0, 3)
            .Select(i => StartClient($"client_{i}", port, chunks, chunks.Indexes.Where(index => index % 3 == i)))
            .ToArray();
        foreach (ClientProcess client in clients)
        {
            client.Errors.WaitForFirst(line => line.Contains($"no tracker at localhost:{port}"),
                "word that there is no tracker");
            using var fetcher = FakeFetcher.Fetch(client.Port,
                $"REQUEST_CHUNK,{(client.Name == "client_0" ? 3 : client.Name[^1] - '0')}");
            Assert.Equal(StreamEnd.Clean, fetcher.End);
        }
        StartTrackerOn(port);

        Assert.All(clients, client =>
        {
            client.WaitUntilComplete();
            chunks.AssertComplete(client.ChunkFolder);
            Assert.Single(client.Errors.All);
        });
    }

    [Fact]
    public void ATrackerKilledTwice_ComesBackEmpty_AndEverybodyFinishes()
    {
        var chunks = new ChunkSet(Random, 300, 30_000);
        int port = FreePort.Next();
        TrackerProcess tracker = StartTrackerOn(port);
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 5);
        ClientProcess[] clients = hands.Select((hand, i) => StartClient($"client_{i}", port, chunks, hand)).ToArray();
        foreach (int kill in new[] { 1, 2 })
        {
            int fetched = Random.Next(50, 500);
            Log.WaitUntil(lines => lines.Count(line => line.Contains(",REQUEST_CHUNK,")) >= kill * fetched,
                $"{kill * fetched} requests");
            tracker.Kill();
            tracker.WaitForExit();
            tracker = StartTrackerOn(port);
        }

        Assert.All(clients, client =>
        {
            client.WaitUntilComplete();
            chunks.AssertComplete(client.ChunkFolder);
        });
    }

    [Fact]
    public void WhileTheTrackerIsGone_ATransferGoesOn_AndAfterwardsEverythingIsAnnouncedAgain()
    {
        var chunks = new ChunkSet(Random, 4, 40_000);
        int port = FreePort.Next();
        TrackerProcess tracker = StartTrackerOn(port);
        FakePeer slow = StartPeer(tracker, chunks, [3],
            new PeerManners { PartBytes = 10_000, PartGap = TimeSpan.FromMilliseconds(300) });
        ClientProcess client = StartClient("client_1", port, chunks, 1, 2);
        slow.Requests.WaitForCount(1, "the transfer");
        tracker.Kill();
        tracker.WaitForExit();
        FolderWatch.WaitForFile(client.ChunkFolder, name => name == "chunk_3", "the chunk, without a tracker");
        int before = Log.Lines.Count;
        tracker = StartTrackerOn(port);

        foreach (int index in new[] { 1, 2, 3 })
            Log.WaitUntil(lines => lines.Skip(before).Contains(
                $"P2PTracker,LOCAL_CHUNKS,{index},localhost,{client.Port}"), $"chunk {index}, announced again");
        StartPeer(tracker, chunks, [4]);
        client.WaitUntilComplete();
        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(slow);
    }

    private TrackerProcess StartTrackerOn(int port)
    {
        TrackerProcess tracker = Own(new TrackerProcess(Folder.Path, "-port", $"{port}"));
        _ = tracker.ReadyLine;
        return tracker;
    }
}
