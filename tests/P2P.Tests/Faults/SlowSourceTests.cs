using System;
using System.IO;
using System.Linq;
using System.Threading;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// Sources that are only slow, or fall silent: what makes them bad is time, so each case is a class of its own (classes
/// run beside each other).
/// </summary>
public abstract class SlowSourceTest(ITestOutputHelper output) : SystemTest(output)
{
    /// <summary>A source with these manners is asked first; then a good one turns up,
    /// and the chunk comes from there.</summary>
    private protected void AssertIsReplaced(PeerManners manners)
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer bad = StartPeer(tracker, chunks, [2], manners);
        FakePeer good = Own(new FakePeer(chunks, [2]));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        bad.Requests.WaitForCount(1, "a request at the bad source");
        tracker.Offer(2, good.Port);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.NotEmpty(good.Requests.All);
        AssertNoFaults(tracker, good);
    }
}

/// <inheritdoc cref="SlowSourceTest"/>
public sealed class SpeechlessSourceTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void ASourceThatSendsNothing_IsLeftForAnother() =>
        AssertIsReplaced(new PeerManners { BytesAtMost = 0, End = PeerEnd.Silence });
}

/// <inheritdoc cref="SlowSourceTest"/>
public sealed class StalledSourceTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void ASourceThatStallsForEverAfterHalf_IsLeftForAnother() =>
        AssertIsReplaced(new PeerManners { BytesAtMost = 2500, End = PeerEnd.Silence });
}

/// <inheritdoc cref="SlowSourceTest"/>
public sealed class UnendingSourceTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void ASourceThatNeverClosesAfterTheLastByte_IsLeftForAnother() =>
        AssertIsReplaced(new PeerManners { End = PeerEnd.Silence });
}

/// <inheritdoc cref="SlowSourceTest"/>
public sealed class TricklingSourceTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    // The whole chunk would take 83 minutes.
    [Fact]
    public void ASourceThatTricklesAByteASecond_IsReplaced() =>
        AssertIsReplaced(new PeerManners { PartBytes = 1, PartGap = TimeSpan.FromSeconds(1) });
}

/// <inheritdoc cref="SlowSourceTest"/>
[Waits(4)]
public sealed class ManyTricklingSourcesTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void AsManyTricklingSourcesAsThereAreDownloads_DoNotStopAClient()
    {
        var chunks = new ChunkSet(Random, 40, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        var trickle = new PeerManners { PartBytes = 1, PartGap = TimeSpan.FromSeconds(1) };
        FakePeer[] bad = Enumerable.Range(0, 20)
            .Select(_ => StartPeer(tracker, chunks, chunks.Indexes, trickle)).ToArray();
        ClientProcess client = StartClient("client_1", tracker.Port, chunks);
        FolderWatch.WaitUntil(client.ChunkFolder, () => Directory.GetFiles(client.ChunkFolder, ".*.part").Length >= 16,
            "16 chunks on their way", () => string.Join("\n", Directory.GetFiles(client.ChunkFolder)));
        FakePeer good = StartPeer(tracker, chunks, chunks.Indexes);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, good);
    }
}

/// <inheritdoc cref="SlowSourceTest"/>
public sealed class TricklingAndFailingSourceTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void AChunkThatTrickles_IsAskedOfAThird_WhenTheSecondSourceFails()
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer trickling =
            StartPeer(tracker, chunks, [2], new PeerManners { PartBytes = 1, PartGap = TimeSpan.FromSeconds(1) });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        trickling.Requests.WaitForCount(1, "a request at the trickling source");
        FakePeer failing = StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 2500, End = PeerEnd.Reset });
        failing.Requests.WaitForCount(1, "a request at the failing source");
        FakePeer good = StartPeer(tracker, chunks, [2]);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, failing, good);
    }
}

/// <inheritdoc cref="SlowSourceTest"/>
public sealed class BusyTricklingSourceTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void AChunkWhoseOnlyKnownSourceTricklesAnother_IsFetchedFromASourceThatTurnsUpLater()
    {
        var chunks = new ChunkSet(Random, 8, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer bad = StartPeer(tracker, chunks, chunks.Indexes,
            new PeerManners { PartBytes = 1, PartGap = TimeSpan.FromSeconds(1) });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks);
        bad.Requests.WaitForCount(1, "a request at the trickling source");
        foreach (int index in chunks.Indexes)
            tracker.Received.WaitForFirst(message => message.Text == $"WHERE_CHUNK,{index}",
                $"the question for chunk {index}");
        FakePeer good = StartPeer(tracker, chunks, chunks.Indexes);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, good);
    }
}

/// <inheritdoc cref="SlowSourceTest"/>
[Waits(5)]
public sealed class ThreeSlowSourcesTests(ITestOutputHelper output) : SlowSourceTest(output)
{
    [Fact]
    public void AttemptsAtOneChunkThatOverlap_NeverMixTheirBytes()
    {
        var chunks = new ChunkSet(Random, 2, 50_000);
        byte[] chunk = chunks[2];
        NaiveTracker tracker = StartNaiveTracker();
        using var resetFirst = new ManualResetEventSlim();
        using var endSecond = new ManualResetEventSlim();
        // Slow from its first byte, so that a second source is asked; gone when the second has begun.
        ScriptedPeer first = Own(new ScriptedPeer((peer, socket, _) =>
        {
            if (peer.Requests.Count > 1)
                return Third(peer, socket);
            ScriptedPeer.Send(socket, chunk.AsSpan(0, 100));
            resetFirst.Wait(Patience.Limit);
            return PeerEnd.Reset;
        }));
        // Slow too, so that one more is asked, or the first again; ends well when that has begun.
        ScriptedPeer second = Own(new ScriptedPeer((_, socket, _) =>
        {
            ScriptedPeer.Send(socket, chunk.AsSpan(0, 30_000));
            resetFirst.Set();
            endSecond.Wait(Patience.Limit);
            ScriptedPeer.Send(socket, chunk.AsSpan(30_000));
            return PeerEnd.Clean;
        }));
        ScriptedPeer third = Own(new ScriptedPeer((peer, socket, _) => Third(peer, socket)));
        tracker.Offer(2, first.Port);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        first.Requests.WaitForCount(1, "a request at the first source");
        tracker.Offer(2, second.Port);
        second.Requests.WaitForCount(1, "a request at the second source");
        tracker.Offer(2, third.Port);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);

        PeerEnd Third(ScriptedPeer peer, System.Net.Sockets.Socket socket)
        {
            ScriptedPeer.Send(socket, chunk.AsSpan(0, 1000));
            peer.Idle(TimeSpan.FromMilliseconds(500));
            endSecond.Set();
            return PeerEnd.Silence;
        }
    }
}
