using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Client;
using P2P.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// Everything that strangers' programs get from a client of ours, and everything that it logs, whatever the client
/// knows about its set: with a tracker, a peer and a fetcher of theirs, these are the assignment's messages and nothing
/// else, each in one piece, each with its line in the log.
/// </summary>
public sealed class StrangersTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int Count = 5;
    private static readonly int[] Held = [1, 2, 4], Lacking = [3, 5];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]      // with chunks.crc: the client has a description
    public void AFolder_IsServedAndCompleted_ByTheAssignmentsMessagesAlone(bool hasSums)
    {
        var chunks = new ChunkSet(Random, Count, 3000);
        chunks.DealTo(Folder.MakeFolder("client"), Held);
        if (hasSums) SumsOf(chunks).Save(Folder["client"]);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { ClosesOnFault = true });
        FakePeer peer = StartPeer(tracker, chunks, Lacking);
        ClientProcess client = StartClient("client", tracker.Port);
        client.WaitUntilComplete();
        tracker.Received.WaitForFirst(
            message => message.Text == $"LOCAL_CHUNKS,5,localhost,{client.Port}", "the announcement of chunk 5");
        tracker.Received.WaitForFirst(
            message => message.Text == $"LOCAL_CHUNKS,3,localhost,{client.Port}", "the announcement of chunk 3");
        AssertServed(client.Port, chunks);
        client.Terminate();
        client.WaitForExit();

        string[] received = [.. tracker.Received.All.Select(message => message.Text)];
        Assert.Equal(Held.Select(index => Announcement(index, client.Port)), received.Take(Held.Length));
        Assert.Equal(
            chunks.Indexes.Select(index => Announcement(index, client.Port))
                .Concat(Lacking.Select(index => $"WHERE_CHUNK,{index}")).Order(),
            received.Distinct().Order());
        // A question may be asked again when a busy machine is slow; an announcement is made once.
        Assert.Equal(Count, received.Count(text => text.StartsWith("LOCAL_CHUNKS,", StringComparison.Ordinal)));
        Assert.Equal(
            Lacking.Select(index => $"REQUEST_CHUNK,{index}"), peer.Requests.All.Select(each => each.Text).Order());
        AssertNoFaults(tracker, peer);
        AssertLogged("client", received, Lacking.Select(index => $"REQUEST_CHUNK,{index},localhost,{peer.Port}"));
    }

    [Fact]
    public void AFileInPlace_IsAnnouncedAndServed_AsAnyChunks()
    {
        var chunks = new ChunkSet(Random, Count, 4096);
        File.WriteAllBytes(Folder["movie"], [.. chunks.Indexes.SelectMany(index => chunks[index])]);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { ClosesOnFault = true });
        NativeProcess seed = Run(tracker.Port, "-seed", "movie", "-chunk_size", "4K", "-name", "seed");
        string[] announced = [.. tracker.Received.WaitForCount(Count, "the announcements").Select(each => each.Text)];
        int port = int.Parse(announced[0].Split(',')[3]);
        AssertServed(port, chunks);
        seed.Terminate();
        Assert.Equal(0, seed.WaitForExit());
        string[] received = [.. tracker.Received.All.Select(message => message.Text)];
        Assert.Equal(chunks.Indexes.Select(index => Announcement(index, port)), received);
        AssertNoFaults(tracker);
        AssertLogged("seed", received, []);
    }

    [Fact]
    public void WhoWantsADescription_SendsAStrangersTrackerNothing()
    {
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { ClosesOnFault = true });
        NativeProcess fetch = Run(tracker.Port, "fetch", "-out", "copy", "-name", "fetch");
        Assert.Equal(2, fetch.WaitForExit());
        Assert.Contains("is no P2PTracker", Assert.Single(fetch.Errors.All));
        tracker.Ended.WaitForCount(1, "the end of the connection");
        Assert.Empty(tracker.Received.All);
        Assert.Empty(Log.Lines);
        Assert.False(File.Exists(Folder["copy"]));
    }

    // One connection after the other, as a stranger asks: the bytes of the chunk, and the end.
    private static void AssertServed(int port, ChunkSet chunks)
    {
        foreach (int index in chunks.Indexes)
        {
            using var fetcher = FakeFetcher.Fetch(port, $"REQUEST_CHUNK,{index}");
            Assert.Equal(StreamEnd.Clean, fetcher.End);
            chunks.AssertChunk(index, fetcher.Bytes, "what a stranger fetched");
        }
        using var other = FakeFetcher.Fetch(port, $"REQUEST_CHUNK,{chunks.Count + 1}");
        Assert.Equal(StreamEnd.Reset, other.End);
        Assert.Equal(0, other.Bytes.Length);
    }

    private void AssertLogged(string name, IEnumerable<string> toTracker, IEnumerable<string> toPeers)
    {
        Assert.Equal(toTracker.Concat(toPeers).Select(text => $"{name},{text}").Order(), Log.Lines.Order());
        Assert.DoesNotContain($"{SetSyntax.DescriptionIndex}", Log.Text);
    }

    private static string Announcement(int index, int port) => $"LOCAL_CHUNKS,{index},localhost,{port}";

    private static ChunkSums SumsOf(ChunkSet chunks) => new(
        [.. chunks.Indexes.Select(index => (long)chunks[index].Length)],
        [.. chunks.Indexes.Select(index => Crc32C.Finish(Crc32C.Add(Crc32C.Start, chunks[index])))]);

    private NativeProcess Run(int trackerPort, params string[] arguments) =>
        Own(new NativeProcess(NativePrograms.Client, Folder.Path,
            [.. arguments, "-tracker", $"localhost:{trackerPort}"]));
}
