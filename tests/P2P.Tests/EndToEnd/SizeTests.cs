using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>Swarms of a size.</summary>
public sealed class SizeTests(ITestOutputHelper output) : SystemTest(output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void EightClients_OneOfWhichHasAChunkOf100Mebibytes_AllGetIt()
    {
        var chunks = new ChunkSet(Random, 2, index => index == 1 ? 100 << 20 : 1000);
        TrackerProcess tracker = StartTracker();
        ClientProcess[] clients = Enumerable.Range(1, 8)
            .Select(i => StartClient($"client_{i}", tracker.Port, chunks, i == 1 ? [1] : i == 2 ? [2] : [])).ToArray();

        AssertAllComplete(chunks, clients);
    }

    [Fact]
    public void ThreeClients_With4096ChunksOfAKibibyteScattered_AllGetThem()
    {
        var chunks = new ChunkSet(Random, 4096, 1024);
        AssertScatteredComplete(chunks, 3);
    }

    [Fact]
    public void FourClients_WithAThousandChunksOfOneByte_AllGetThem()
    {
        var chunks = new ChunkSet(Random, 1000, 1);
        AssertScatteredComplete(chunks, 4);
    }

    private void AssertScatteredComplete(ChunkSet chunks, int count)
    {
        TrackerProcess tracker = StartTracker();
        var watch = Stopwatch.StartNew();
        ClientProcess[] clients = chunks.Scatter(Random, count)
            .Select((hand, i) => StartClient($"client_{i + 1}", tracker.Port, chunks, hand)).ToArray();
        AssertAllComplete(chunks, clients);
        _output.WriteLine($"complete after {watch.Elapsed.TotalSeconds:F2} s");
        Assert.Empty(LogOrder.FaultsIn(Log.Lines));
    }

    internal static void AssertAllComplete(ChunkSet chunks, IReadOnlyList<ClientProcess> clients)
    {
        foreach (ClientProcess client in clients)
            client.WaitUntilComplete();
        foreach (ClientProcess client in clients)
            chunks.AssertComplete(client.ChunkFolder);
    }
}

/// <summary>
/// What must hold of the time of a swarm. Times are measured, so nothing runs beside these; a machine that has not the
/// speed to keep to them is asked for the same work in its plainest form, and the swarm may take so many times as long.
/// </summary>
[Collection(Alone.Name)]
public sealed class TimeTests(ITestOutputHelper output) : SystemTest(output)
{
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void SixteenClients_With64ChunksOfAMebibyteScattered_AreCompleteWithinTenSeconds()
    {
        var chunks = new ChunkSet(Random, 64, 1 << 20);
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 16);
        foreach (int attempt in Patience.Attempts("a swarm of 16 complete within 10 s"))
        {
            for (int i = 0; i < hands.Length; i++)
                chunks.DealTo(Folder.MakeFolder($"client_{attempt}.{i + 1}"), hands[i]);
            TrackerProcess tracker = StartTracker();
            var watch = Stopwatch.StartNew();
            ClientProcess[] clients =
                hands.Select((_, i) => StartClient($"client_{attempt}.{i + 1}", tracker.Port)).ToArray();
            foreach (ClientProcess client in clients)
                client.WaitUntilComplete();
            TimeSpan time = watch.Elapsed;

            SizeTests.AssertAllComplete(chunks, clients);
            Assert.Empty(LogOrder.FaultsIn(Log.Lines));
            foreach (ClientProcess client in clients)
            {
                client.Dispose();
                Directory.Delete(client.ChunkFolder, recursive: true);
            }
            if (IsFast(time, TimeSpan.FromSeconds(10), factor: 10, () =>
            {
                for (int i = 0; i < hands.Length; i++)
                    chunks.DealTo(Folder.MakeFolder($"plain_{attempt}.{i + 1}"), chunks.Indexes);
            }))
                return;
        }
    }

    [Fact]
    public void AThousandAnnouncements_ToANaiveTracker_ArriveOneByOne_InLessThanTwoSeconds()
    {
        var chunks = new ChunkSet(Random, 1000, 1);
        foreach (int attempt in Patience.Attempts("1000 announcements within 2 s"))
        {
            NaiveTracker tracker = StartNaiveTracker();
            ClientProcess client = StartClient($"client_{attempt}", tracker.Port, chunks, chunks.Indexes);
            IReadOnlyList<TrackerMessage> received = tracker.Received.WaitForCount(1000, "a thousand announcements");

            Assert.Equal(
                chunks.Indexes.Select(index => $"LOCAL_CHUNKS,{index},localhost,{client.Port}")
                    .Order(StringComparer.Ordinal),
                received.Select(each => each.Text).Order(StringComparer.Ordinal));
            AssertNoFaults(tracker);
            if (IsFast(received[^1].At - received[0].At, TimeSpan.FromSeconds(2), factor: 10, () =>
            {
                NaiveClient asker = Connect(tracker.Port);
                for (int i = 1; i <= 1000; i++)
                    asker.Ask(i);
            }))
                return;
        }
    }

    private bool IsFast(TimeSpan time, TimeSpan limit, int factor, Action plainly)
    {
        _output.WriteLine($"{time.TotalMilliseconds:F0} ms");
        if (time < limit)
            return true;
        var watch = Stopwatch.StartNew();
        plainly();
        _output.WriteLine($"plainly {watch.Elapsed.TotalMilliseconds:F0} ms");
        return time < factor * watch.Elapsed;
    }
}
