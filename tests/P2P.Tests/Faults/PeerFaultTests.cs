using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// Sources that fail in every way there is: the client ends with the right bytes as long as one good source exists for
/// each chunk, and asks a bad one ever more rarely. What takes long by its nature stands in classes of its own at the
/// end of the file, since the tests of one class run one after the other.
/// </summary>
[Waits(5)]
public sealed class PeerFaultTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ASourceThatRefuses_IsPassedOver_AndNotInTheLog()
    {
        var chunks = new ChunkSet(Random, 6, 20_000);
        using Socket refusing = FreePort.Refusing(out int refusingPort);
        NaiveTracker tracker = StartNaiveTracker();
        tracker.Offer(chunks.Indexes, refusingPort);
        FakePeer good = StartPeer(tracker, chunks, chunks.Indexes);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.DoesNotContain(Log.Lines, line => line.Contains($",localhost,{refusingPort}"));
        AssertNoFaults(tracker, good);
    }

    [Fact]
    public void ASourceThatResetsHalfWay_NeverLeavesAWrongChunk()
    {
        var chunks = new ChunkSet(Random, 12, 200_000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer bad =
            StartPeer(tracker, chunks, chunks.Indexes, new PeerManners { BytesAtMost = 100_000, End = PeerEnd.Reset });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        bad.Sent.WaitForCount(2, "two halves");
        Assert.DoesNotContain(Directory.GetFiles(client.ChunkFolder), path => Path.GetFileName(path) == "chunk_2");
        FakePeer good = StartPeer(tracker, chunks, chunks.Indexes);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, bad, good);
    }

    [Fact]
    public void ASourceThatFails_IsAskedWithGrowingPauses()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer bad = StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 500, End = PeerEnd.Reset });
        StartClient("client_1", tracker.Port, chunks, 1);

        TimeSpan[] times = bad.Requests.WaitForCount(5, "five requests").Take(5)
            .Select(request => request.At).ToArray();
        TimeSpan[] gaps = times.Skip(1).Zip(times, (later, earlier) => later - earlier).ToArray();
        // A quarter of a second at first, then twice as long each time. It fails after the request: no gap is shorter.
        for (int i = 0; i < gaps.Length; i++)
            Assert.True(gaps[i] >= TimeSpan.FromMilliseconds(250 << i), string.Join(" ", gaps));
        AssertNoFaults(tracker, bad);
    }

    [Fact]
    public void ASourceThatFails_IsAskedLast()
    {
        var chunks = new ChunkSet(Random, 60, 2000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer bad =
            StartPeer(tracker, chunks, chunks.Indexes, new PeerManners { BytesAtMost = 500, End = PeerEnd.Reset });
        FakePeer good = StartPeer(tracker, chunks, chunks.Indexes);
        var watch = Stopwatch.StartNew();
        ClientProcess client = StartClient("client_1", tracker.Port, chunks);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        // Once at first, and then after pauses of 0.25 s, 0.5 s and so on.
        double most = 1 + Math.Log2(1 + watch.Elapsed / TimeSpan.FromMilliseconds(250));
        Assert.True(bad.Requests.Count <= most, $"{bad.Requests.Count} requests in {watch.Elapsed}");
        AssertNoFaults(tracker, bad, good);
    }

    [Fact]
    public void ASourceThatSendsForEver_IsLeft_AtTheLargestChunkAllowed()
    {
        const int most = 1 << 20;
        var chunks = new ChunkSet(Random, 3, 300_000);
        NaiveTracker tracker = StartNaiveTracker();
        byte[] noise = new byte[64 * 1024];
        long sent = 0;
        ScriptedPeer endless = Own(new ScriptedPeer((_, socket, _) =>
        {
            while (true)
            {
                ScriptedPeer.Send(socket, noise);
                Interlocked.Add(ref sent, noise.Length);
            }
        }));
        tracker.Offer([2, 3], endless.Port);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", tracker.Port, "-max_chunk_bytes", "1M");
        endless.Ended.WaitForCount(1, "the client to leave the endless source");
        Assert.Equal(["chunk_1"],
            Directory.GetFiles(client.ChunkFolder, "chunk_*").Select(path => Path.GetFileName(path)));
        FakePeer good = StartPeer(tracker, chunks, [2, 3]);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        // What lies in the buffers of both sockets comes on top of what the client has read.
        Assert.InRange(Interlocked.Read(ref sent), 1, endless.Requests.Count * (most + 16L * most));
        AssertNoFaults(tracker, good);
    }

    [Fact]
    public void OneGoodSourceForEachChunk_AmongManyBadOnes_IsEnough()
    {
        var chunks = new ChunkSet(Random, 24, 30_000);
        NaiveTracker tracker = StartNaiveTracker();
        PeerManners[] manners =
        [
            new() { BytesAtMost = 15_000, End = PeerEnd.Reset },
            new() { BytesAtMost = 0, End = PeerEnd.Reset },
            new() { BytesAtMost = 29_999, End = PeerEnd.Reset },
            new() { BytesAtMost = 0 },
        ];
        FakePeer[] bad = manners.Select(each => StartPeer(tracker, chunks, chunks.Indexes, each)).ToArray();
        FakePeer[] good = new[] { 0, 1, 2 }.Select(
            rest => StartPeer(tracker, chunks, chunks.Indexes.Where(index => index % 3 == rest))).ToArray();
        ClientProcess[] clients =
            new[] { "client_1", "client_2" }.Select(name => StartClient(name, tracker.Port, chunks)).ToArray();

        Assert.All(clients, client =>
        {
            client.WaitUntilComplete();
            chunks.AssertComplete(client.ChunkFolder);
        });
        AssertNoFaults([tracker, .. bad, .. good]);
    }
}

/// <inheritdoc cref="PeerFaultTests"/>
public sealed class KilledSenderTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int Rounds = 20, CutMin = 5;
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void ASenderOfOursKilledAtAnyMoment_NeverLeavesAWrongChunk()
    {
        const int bytes = 40_000_000;
        var chunks = new ChunkSet(Random, 1, bytes);
        FakePeer good = Own(new FakePeer(chunks, [1]));
        int cut = 0, round = 1;
        // A sender may be done before the kill comes: until enough were in the middle.
        for (; round <= Rounds || cut < CutMin; round++)
        {
            int moment = Random.Next(bytes);
            using var tracker = new NaiveTracker();
            using ClientProcess sender = StartClient($"sender_{round}", tracker.Port, chunks, 1);
            tracker.Received.WaitForCount(1, "the sender's announcement");
            using ClientProcess fetcher = StartClient($"fetcher_{round}", tracker.Port, chunks);
            // A tight look at the growing file: nothing else says that so many bytes have arrived.
            while (BytesIn(fetcher.ChunkFolder) < moment)
                Assert.False(fetcher.HasExited);
            sender.Kill();
            sender.WaitForExit();
            tracker.Offer(1, good.Port);
            fetcher.WaitUntilComplete();
            chunks.AssertComplete(fetcher.ChunkFolder);
            int requests = Log.Lines.Count(line => line.StartsWith($"fetcher_{round},REQUEST_CHUNK,1,"));
            cut += requests > 1 ? 1 : 0;
            Directory.Delete(fetcher.ChunkFolder, recursive: true);
            Directory.Delete(sender.ChunkFolder, recursive: true);
        }
        _output.WriteLine($"{round - 1} senders killed, {cut} of them in the middle");
    }

    private static long BytesIn(string folder)
    {
        long most = 0;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles("*chunk_1*"))
        {
            try
            {
                most = Math.Max(most, file.Length);
            }
            catch (FileNotFoundException)
            {
                return long.MaxValue;        // just renamed: it has arrived
            }
        }
        return most;
    }
}
