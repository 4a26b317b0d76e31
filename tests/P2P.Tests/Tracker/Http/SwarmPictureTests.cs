using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Tests.Support;
using P2P.Tracker;
using P2P.Tracker.Http;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Tracker.Http;

/// <summary>The picture of a swarm, against what was announced.</summary>
public sealed class SwarmPictureTests(ITestOutputHelper output)
{
    private readonly Swarm _swarm = new();
    private TimeSpan _now = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(7, 8)]
    [InlineData(12, 257)]
    [InlineData(200, 1000)]
    public void EveryCell_IsWhatWasAnnounced(int peers, int chunks)
    {
        var random = new Random(3);
        bool[,] had = new bool[peers, chunks];
        for (int peer = 0; peer < peers; peer++)
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            had[peer, chunk] = (peer, chunk) == (0, chunks - 1) || random.Next(3) == 0 || peer == 1;
            if (had[peer, chunk])
                Announce(peer, chunk + 1);
        }
        SwarmPicture picture = Make();

        Assert.Equal((chunks, 1, chunks), (picture.Columns, picture.ChunksPerColumn, picture.Chunks));
        for (int peer = 0; peer < peers; peer++)
        {
            int row = Array.FindIndex(picture.Rows, each => each!.Port == 4000 + peer);
            if (row < 0)
            {
                Assert.DoesNotContain(true, Enumerable.Range(0, chunks).Select(chunk => had[peer, chunk]));
                continue;
            }
            byte[] cells = picture.Cells(row).ToArray();
            Assert.All(Enumerable.Range(0, chunks),
                chunk => Assert.Equal(had[peer, chunk], (cells[chunk / 8] & 0x80 >> chunk % 8) != 0));
            Assert.Equal(Enumerable.Range(0, chunks).Count(chunk => had[peer, chunk]),
                picture.ChunksOf(picture.Rows[row]!));
        }
        Assert.Equal(
            Enumerable.Range(0, peers).Count(peer => Enumerable.Range(0, chunks).All(chunk => had[peer, chunk])),
            picture.CompletePeers);
        IEnumerable<(int Chunk, int Peers)> copies = Enumerable.Range(0, chunks)
            .Select(chunk => (Chunk: chunk + 1, Peers: Enumerable.Range(0, peers).Count(peer => had[peer, chunk])));
        Assert.Equal(
            copies.Where(each => each.Peers > 0).OrderBy(each => each.Peers).ThenBy(each => each.Chunk).Take(10),
            picture.Rarest.Take(picture.RarestCount));
    }

    [Fact]
    public void MoreChunksThanCanBeShown_AreSeveralAColumn()
    {
        for (int chunk = 1; chunk <= 100_000; chunk++)
        {
            Announce(0, chunk);
            if (chunk <= 50_000 || chunk == 99_990)
                Announce(1, chunk);
        }
        SwarmPicture picture = Make();

        Assert.Equal((98, 1021, 100_000), (picture.ChunksPerColumn, picture.Columns, picture.Chunks));
        Assert.All(picture.Cells(0).ToArray(), level => Assert.Equal(255, level));
        byte[] second = picture.Cells(1).ToArray();
        Assert.All(second[..(50_000 / 98)], level => Assert.Equal(255, level));
        Assert.InRange(second[^1], 1, 254);             // one of many: neither none nor all
        Assert.Equal(0, second[^2]);
        Assert.Equal(1, picture.CompletePeers);
    }

    [Fact]
    public void OneWhoAnnouncesANonsensicalIndex_CostsNoMemory_AndTheChunksAreStillCounted()
    {
        for (int chunk = 1; chunk <= 10; chunk++)
            Announce(0, chunk);
        Announce(1, int.MaxValue);
        SwarmPicture picture = Make();

        Assert.Equal((1024, 11), (picture.Columns, picture.Chunks));
        Assert.Equal(10, picture.ChunksOf(picture.Rows[0]!));
        Assert.Equal(255, picture.Cells(0)[0]);
        Assert.Equal(255, picture.Cells(1)[^1]);
    }

    [Fact]
    public void OfManyPeers_TheFirst500AreShown_AndAllAreCounted()
    {
        for (int peer = 0; peer < 700; peer++)
            Announce(peer, 1);
        SwarmPicture picture = Make();
        Assert.Equal((500, 700), (picture.Rows.Length, picture.CompletePeers));
        Assert.Equal((1, 700), picture.Rarest[0]);
    }

    [Fact]
    public void AnUnchangedSwarm_IsNotLookedAtAgain_AndAChangedOneAtMostTwiceASecond()
    {
        Announce(0, 1);
        SwarmPicture picture = Make();
        long first = picture.Version;
        _now += TimeSpan.FromSeconds(5);
        Finish(picture);
        Assert.Equal(first, picture.Version);

        Announce(0, 2);
        Finish(picture);
        Assert.Equal(first + 1, picture.Version);
        Announce(0, 3);
        _now += TimeSpan.FromMilliseconds(100);
        Finish(picture);
        Assert.Equal(first + 1, picture.Version);
        _now += TimeSpan.FromMilliseconds(500);
        Finish(picture);
        Assert.Equal((first + 2, 3), (picture.Version, picture.Chunks));
    }

    [Fact]
    public void APeerThatIsTakenOut_AndAnotherInItsPlace_MakeANewPicture()
    {
        SwarmPeer gone = Announce(0, 1);
        Announce(1, 2);
        SwarmPicture picture = Make();
        gone.OnDisconnected(TimeSpan.FromSeconds(1));
        _swarm.RemoveGoneBefore(TimeSpan.FromSeconds(2));
        Announce(2, 1);
        _now += TimeSpan.FromSeconds(1);
        Finish(picture);
        Assert.Equal([4002, 4001], picture.Rows.Select(each => each!.Port));
    }

    [Fact]
    public void APeerThatHasGone_IsStillARow_ButNoSource()
    {
        SwarmPeer seed = Announce(0, 1);
        Announce(0, 2);
        Announce(1, 2);
        SwarmPicture picture = Make();
        Assert.Equal((1, 2, (1, 1)), (picture.CompletePeers, picture.Available, picture.Rarest[0]));

        seed.OnDisconnected(_now);
        _now += TimeSpan.FromSeconds(1);
        Finish(picture);

        Assert.Equal((0, 1, 2), (picture.CompletePeers, picture.Available, picture.Chunks));
        Assert.Equal([(1, 0), (2, 1)], picture.Rarest.Take(picture.RarestCount));
        Assert.Equal(2, picture.Rows.Length);
    }

    [Fact]
    public void WhatIsAskedFor_CountsAsAChunk_UnlessItIsNonsense()
    {
        Announce(0, 3);
        SwarmPicture picture = Make();
        Assert.Equal((3, 0), (picture.Chunks, picture.CompletePeers));
        foreach (int chunk in new[] { 1, 2 })
            Announce(0, chunk);
        Ask(9);
        Ask(2);
        _now += TimeSpan.FromSeconds(1);
        Finish(picture);
        Assert.Equal((9, 9, 0), (picture.Chunks, picture.Columns, picture.CompletePeers));

        Ask(int.MaxValue);
        _now += TimeSpan.FromSeconds(1);
        Finish(picture);
        Assert.Equal((3, 3, 1), (picture.Chunks, picture.Columns, picture.CompletePeers));
    }

    [Fact]
    public void WhatIsAskedForByMistake_IsForgottenInTime()
    {
        Announce(0, 1);
        Ask(60_000);
        SwarmPicture picture = Make();
        Assert.Equal(60_000, picture.Chunks);
        for (int minutes = 0; minutes < 5; minutes++)
        {
            _now += TimeSpan.FromMinutes(1);
            Ask(9);
            Finish(picture);
        }
        Assert.Equal(9, picture.Chunks);
    }

    [Fact]
    public void ASetThatIsNumberedFrom0_IsShownFromThere()
    {
        for (int chunk = 0; chunk < 9; chunk++)
            Announce(0, chunk);
        Announce(1, 0);
        SwarmPicture picture = Make();
        Assert.Equal((0, 9, 9, 1), (picture.First, picture.Chunks, picture.Columns, picture.CompletePeers));
        Assert.Equal([0xff, 0x80], picture.Cells(0).ToArray());
        Assert.Equal([0x80, 0], picture.Cells(1).ToArray());
    }

    [Fact]
    public void AfterForgetting_ThePictureIsMadeAgain()
    {
        Announce(0, 1);
        SwarmPicture picture = Make();
        picture.ReleaseMemory();
        Assert.Empty(picture.Rows);
        Finish(picture);
        Assert.Single(picture.Rows);
    }

    [Fact]
    public void AThousandPeersTimes4096Chunks_AreLookedAtInShortSlices()
    {
        for (int peer = 0; peer < 1000; peer++)
        for (int chunk = 1; chunk <= 4096; chunk++)
            Announce(peer, chunk);
        // In time of this thread's own: what else the machine does meanwhile doesn't count, though our code's being
        // compiled does, in the first attempts.
        foreach (int _ in Patience.Attempts("slices of 4 ms at most"))
        {
            var picture = new SwarmPicture(_swarm);
            var slices = new List<double>();
            for (bool isDone = false; !isDone;)
            {
                TimeSpan start = Libc.ThreadTime;
                isDone = picture.MakeSlice(P2P.Transport.EventLoop.Now);
                slices.Add((Libc.ThreadTime - start).TotalMilliseconds);
            }
            output.WriteLine($"{slices.Count} slices, {slices.Sum():F1} ms in all, {slices.Max():F2} ms the longest");
            Assert.True(slices.Count > 5);
            if (slices.Max() <= 4)
                return;
        }
    }

    private SwarmPeer Announce(int peer, int chunk)
    {
        SwarmPeer listed = _swarm.GetPeer("localhost", 4000 + peer)!;
        if (listed.Connections == 0)
            listed.OnConnected();
        Assert.True(_swarm.TryAnnounce(chunk, listed));
        return listed;
    }

    private void Ask(int chunk) => _swarm.WriteAnswer(chunk, new byte[Limits.MarkedAnswerBytesMax], out _);

    private SwarmPicture Make()
    {
        var picture = new SwarmPicture(_swarm);
        Finish(picture);
        return picture;
    }

    // The slices are timed by the true clock, which this one is set apart from on purpose: every call may work.
    private void Finish(SwarmPicture picture)
    {
        for (int steps = 0; !picture.MakeSlice(_now); steps++)
        {
            Assert.InRange(steps, 0, 1_000_000);
            _now += TimeSpan.FromDays(3650);
        }
    }
}
