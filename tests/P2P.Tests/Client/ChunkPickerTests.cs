using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Client;
using P2P.Tests.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Client;

public sealed class ChunkPickerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Fact]
    public void ChunksHeld_AreNeitherAskedForNorFetched()
    {
        ChunkPicker picker = Picker(5, 1, 3, 5);
        Assert.Equal(3, picker.HaveCount);
        Assert.Equal([2, 4], AskAll(picker, Start).Order());
        Assert.False(picker.IsComplete);
        Assert.True(Picker(2, 1, 2).IsComplete);
        Assert.True(Picker(0).IsComplete);
        Assert.False(Picker(2, 1, 2).TryPickQuestion(Start, out _));
    }

    [Fact]
    public void AnIndexThatIsNone_IsNeverTrouble()
    {
        ChunkPicker picker = Picker(3, 1);
        foreach (int chunkIndex in new[] { int.MinValue, -1, 0, 4, int.MaxValue })
        {
            Assert.Equal(ChunkState.Missing, picker.StateOf(chunkIndex));
            picker.OnAnswer(chunkIndex, [Source(5001)], Start);
            picker.OnAnswer(chunkIndex, [], Start);
            picker.OnNoAnswer(chunkIndex);
        }
        Assert.Equal([2, 3], AskAll(picker, Start).Order());
    }

    [Fact]
    public void AnAnswerForAChunkThatIsNotLookedFor_ChangesNothing()
    {
        ChunkPicker picker = Picker(2, 1);
        picker.OnAnswer(1, [Source(5001)], Start);
        Assert.Equal(ChunkState.Have, picker.StateOf(1));
        picker.OnAnswer(2, [Source(5001)], Start);      // never asked
        Assert.Equal(ChunkState.Missing, picker.StateOf(2));

        Ready(picker, Start, [[Source(5001)]]);
        Assert.True(picker.TryPick(Start, 16, out _, out _));
        picker.OnAnswer(2, [], Start);
        Assert.Equal(ChunkState.InFlight, picker.StateOf(2));
    }

    [Fact]
    public void QuestionsWithoutAnAnswer_AreAskedAgain_EachOnce()
    {
        ChunkPicker picker = Picker(3);
        List<int> asked = AskAll(picker, Start);
        foreach (int chunkIndex in asked) picker.OnNoAnswer(chunkIndex);
        foreach (int chunkIndex in asked) picker.OnNoAnswer(chunkIndex);
        Assert.Equal(asked, AskAll(picker, Start));
    }

    [Fact]
    public void TheRarestChunk_IsFetchedFirst()
    {
        for (int round = 0; round < 20; round++)
        {
            ChunkPicker picker = Picker(4);
            Peer[] peers = [Source(5001), Source(5002), Source(5003), Source(5004)];
            Ready(picker, Start, [peers[..3], peers[..1], peers, peers[1..3]]);
            Assert.Equal([2, 4, 1, 3], PickAll(picker, Start));
        }
    }

    [Fact]
    public void OfEquallyRareChunks_AnyIsFetched()
    {
        Random random = SeededRandom.Create(output);
        int[] picks = new int[4];
        for (int round = 0; round < 3000; round++)
        {
            var picker = new ChunkPicker(3, [], random);
            Ready(picker, Start, [[Source(5001)], [Source(5002)], [Source(5003)]]);
            Assert.True(picker.TryPick(Start, 16, out int chunkIndex, out _));
            picks[chunkIndex]++;
        }
        // 1000 each; 26 is one standard deviation.
        Assert.All(picks[1..], count => Assert.InRange(count, 800, 1200));
    }

    [Fact]
    public void TheFirstQuestions_AreInRandomOrder()
    {
        Random random = SeededRandom.Create(output);
        int[] firsts = new int[4];
        for (int round = 0; round < 3000; round++)
        {
            Assert.True(new ChunkPicker(3, [], random).TryPickQuestion(Start, out int chunkIndex));
            firsts[chunkIndex]++;
        }
        Assert.All(firsts[1..], count => Assert.InRange(count, 800, 1200));
    }

    [Fact]
    public void Sources_AreTakenEvenly()
    {
        Peer[] peers = [Source(5001), Source(5002), Source(5003)];
        ChunkPicker picker = Picker(300);
        Ready(picker, Start, Enumerable.Repeat(peers, 300));
        while (picker.TryPick(Start, 16, out int chunkIndex, out Peer source))
        {
            BeginDownload(source);
            EndDownload(picker, chunkIndex, source, Start);
        }
        Assert.True(picker.IsComplete);
        Assert.All(peers, peer => Assert.InRange(peer.Requests, 60, 140));
    }

    // Who has everything is asked by everybody.
    [Fact]
    public void ASourceThatHasNotEverything_IsAskedBeforeOneThatHas()
    {
        Peer seed = Source(5001), other = Source(5002);
        ChunkPicker picker = Picker(12);
        Ready(picker, Start, Enumerable.Range(1, 12).Select(chunk => chunk <= 4 ? new[] { seed, other } : [seed]));
        BeginDownload(seed);        // the rare chunks wait for it
        Assert.True(picker.TryPick(Start, 16, out _, out Peer source));
        Assert.Same(other, source);
    }

    [Fact]
    public void OneOfOurOwnKind_GetsASecondRequestAhead()
    {
        Peer ours = new("10.0.0.1", 5001, [System.Net.IPAddress.Loopback], isOurs: true), strangers = Source(5002);
        BeginDownload(ours);
        BeginDownload(strangers);
        Assert.True(ours.HasRoom);
        Assert.False(strangers.HasRoom);
        BeginDownload(ours);
        Assert.False(ours.HasRoom);
    }

    [Fact]
    public void ASource_GetsOneRequestAtATime_AndMoreOnceItWasFast()
    {
        Peer peer = Source(5001);
        ChunkPicker picker = Picker(20);
        Ready(picker, Start, Enumerable.Repeat<Peer[]>([peer], 20));
        int first = Assert.Single(PickAll(picker, Start));
        EndDownload(picker, first, peer, Start, took: TimeSpan.FromMilliseconds(10));
        Assert.Equal(ClientLimits.DownloadsFromFastPeerMax, PickAll(picker, Start).Count);
        Assert.Equal(ClientLimits.DownloadsFromFastPeerMax, peer.Downloads);
    }

    [Fact]
    public void ASourceThatPauses_IsNotAsked_AndOneThatFailedIsAskedLast()
    {
        Peer good = Source(5001), failed = Source(5002);
        failed.OnFailure(Start, severity: 1);
        ChunkPicker picker = Picker(2);
        Ready(picker, Start, [[failed, good], [failed, good]]);

        Assert.True(picker.TryPick(Start, 16, out _, out Peer source));
        Assert.Same(good, source);
        BeginDownload(source);
        Assert.False(picker.TryPick(Start, 16, out _, out _));       // good is busy, the other pauses
        good.Downloads--;

        TimeSpan later = failed.PausedUntil;
        picker.AnswerLife = TimeSpan.FromHours(1);
        Assert.True(picker.TryPick(later, 16, out _, out source));
        Assert.Same(good, source);                                   // it has more requests, but never failed
    }

    [Fact]
    public void AChunkWhoseSourcesAllPause_IsAskedForAgain()
    {
        Peer peer = Source(5001);
        ChunkPicker picker = Picker(1);
        Ready(picker, Start, [[peer]]);
        peer.OnFailure(Start, severity: 1);
        Assert.False(picker.TryPick(Start, 16, out _, out _));
        Assert.Equal(ChunkState.Unknown, picker.StateOf(1));
        Assert.False(picker.TryPickQuestion(Start, out _));
        Assert.True(picker.TryPickQuestion(Start + ClientLimits.UnknownPauseMin, out int chunkIndex));
        Assert.Equal(1, chunkIndex);
    }

    [Fact]
    public void UnknownChunks_AreAskedForAgain_AfterAPauseThatGrowsFrom20MsTo1S()
    {
        ChunkPicker picker = Picker(1);
        TimeSpan now = Start;
        foreach (int pause in new[] { 20, 40, 80, 160, 320, 640, 1000, 1000, 1000 })
            now = AnswerUnknown(picker, now, pause);
    }

    [Fact]
    public void ThePause_StartsAnewWhenSomethingChanges()
    {
        ChunkPicker picker = Picker(2);
        TimeSpan now = Start;
        Assert.True(picker.TryPickQuestion(now, out int other));
        picker.OnAnswer(other, [Source(5001)], now);
        foreach (int pause in new[] { 20, 40, 80, 160 }) now = AnswerUnknown(picker, now, pause);

        // A chunk has arrived, in the middle of a pause of 320 ms.
        Assert.True(picker.TryPickQuestion(now, out int unknown));
        picker.OnAnswer(unknown, [], now);
        picker.AnswerLife = TimeSpan.FromHours(1);
        Assert.True(picker.TryPick(now, 16, out _, out _));
        picker.OnFetched(other, now);
        AssertAskedAfter(picker, now, 20);
        picker.OnAnswer(unknown, [], now += TimeSpan.FromMilliseconds(20));

        // Somebody says so.
        now = AnswerUnknown(picker, now + TimeSpan.FromMilliseconds(40), 80);
        Assert.True(picker.TryPickQuestion(now, out _));
        picker.OnAnswer(unknown, [], now);
        picker.OnChange(now);
        AssertAskedAfter(picker, now, 20);
    }

    [Fact]
    public void ManyChunksThatNobodyHas_AreAskedForSlowlyAfterTenSeconds_UntilSomethingChanges()
    {
        ChunkPicker picker = Picker(5000);
        HashSet<int> different = [];
        TimeSpan now = Start, tick = TimeSpan.FromMilliseconds(5);
        for (; now < Start + TimeSpan.FromSeconds(10); now += tick) AnswerAllUnknown();
        AnswerAllUnknown();
        different.Clear();
        int asked = 0;
        for (TimeSpan end = now + TimeSpan.FromSeconds(20); now < end; now += tick) asked += AnswerAllUnknown();
        Assert.InRange(asked, 1000, 20 * 100);
        Assert.InRange(different.Count, asked / 2, 5000);        // any of them

        // Somebody comes who has them all.
        bool isNews = false;
        for (TimeSpan end = now + TimeSpan.FromSeconds(2); now < end; now += tick)
        {
            foreach (int chunkIndex in AskAll(picker, now)) picker.OnAnswer(chunkIndex, [Source(5001)], now);
            isNews |= Enumerable.Range(1, 5000).Any(chunkIndex => picker.StateOf(chunkIndex) == ChunkState.Ready);
        }
        Assert.True(isNews);
        Assert.All(Enumerable.Range(1, 5000), chunkIndex => Assert.Equal(ChunkState.Ready, picker.StateOf(chunkIndex)));

        int AnswerAllUnknown()
        {
            List<int> all = AskAll(picker, now);
            foreach (int chunkIndex in all) picker.OnAnswer(chunkIndex, [], now);
            different.UnionWith(all);
            return all.Count;
        }
    }

    // A slow tracker answers one question while several unknown chunks become due.
    [Fact]
    public void ChunksNeverAskedFor_HaveTheirTurn_HoweverOftenUnknownOnesAreDue()
    {
        ChunkPicker picker = Picker(100);
        HashSet<int> asked = [];
        TimeSpan now = Start;
        for (int question = 0; question < 220; question++, now += TimeSpan.FromMilliseconds(200))
        {
            Assert.True(picker.TryPickQuestion(now, out int chunkIndex));
            asked.Add(chunkIndex);
            picker.OnAnswer(chunkIndex, [], now);
        }
        Assert.Equal(100, asked.Count);
    }

    [Fact]
    public void ALateAnswer_MakesAnUnknownChunkReady()
    {
        ChunkPicker picker = Picker(1);
        Assert.True(picker.TryPickQuestion(Start, out _));
        picker.OnAnswer(1, [], Start);
        picker.OnAnswer(1, [Source(5001)], Start);
        Assert.Equal(ChunkState.Ready, picker.StateOf(1));
        Assert.True(picker.TryPick(Start, 16, out _, out _));
        Assert.False(picker.TryPickQuestion(Start + TimeSpan.FromHours(1), out _));
    }

    [Fact]
    public void AnAnswerThatGrows_Counts_AndALateOneWithoutSourcesDoesNot()
    {
        Peer first = Source(5001), second = Source(5002);
        first.OnFailure(Start, severity: 1);
        ChunkPicker picker = Picker(1);
        Ready(picker, Start, [[first]]);
        picker.OnAnswer(1, [first, second], Start);
        picker.OnAnswer(1, [], Start);
        Assert.Equal(2, picker.AvailabilityOf(1));
        Assert.True(picker.TryPick(Start, 16, out _, out Peer source));
        Assert.Same(second, source);
    }

    [Fact]
    public void AnAnswerThatIsOld_IsAskedForAgainBeforeItsChunkIsFetched()
    {
        Peer old = Source(5001), better = Source(5002);
        ChunkPicker picker = Picker(1);
        picker.AnswerLife = TimeSpan.FromMilliseconds(100);
        Ready(picker, Start, [[old]]);

        TimeSpan late = Start + TimeSpan.FromMilliseconds(101);
        Assert.False(picker.TryPick(late, 16, out _, out _));
        Assert.Equal(ChunkState.Missing, picker.StateOf(1));
        Assert.True(picker.TryPickQuestion(late, out _));
        Assert.False(picker.TryPick(late, 16, out _, out _));
        picker.OnAnswer(1, [better], late);

        // However long that took: it was asked for in order to be fetched.
        Assert.True(picker.TryPick(late + TimeSpan.FromSeconds(10), 16, out int chunkIndex, out Peer source));
        Assert.Equal(1, chunkIndex);
        Assert.Same(better, source);
    }

    [Fact]
    public void NoMoreOldAnswers_AreAskedForAgain_ThanDownloadsAreFree()
    {
        ChunkPicker picker = Picker(20);
        Ready(picker, Start, Enumerable.Range(5001, 20).Select(port => new[] { Source(port) }));
        TimeSpan late = Start + TimeSpan.FromHours(1);
        Assert.False(picker.TryPick(late, 3, out _, out _));
        Assert.Equal(3, AskAll(picker, late).Count);
        Assert.False(picker.TryPick(late, 3, out _, out _));
        Assert.Empty(AskAll(picker, late));
    }

    [Fact]
    public void AChunkReleased_IsFetchedAgain_FromAnotherThanTheSourceToAvoid()
    {
        Peer doubted = Source(5001), other = Source(5002);
        ChunkPicker picker = Picker(1);
        Ready(picker, Start, [[doubted, other]]);
        Assert.True(picker.TryPick(Start, 16, out _, out Peer source));
        picker.Release(1, avoid: doubted);
        Assert.True(picker.TryPick(Start, 16, out _, out source));
        Assert.Same(other, source);

        picker.Release(1, avoid: null);
        picker.OnAnswer(1, [doubted], Start);       // the only one now
        Assert.True(picker.TryPick(Start, 16, out _, out source));
        Assert.Same(doubted, source);
    }

    [Fact]
    public void AChunkInFlight_IsFetchedFromAnotherSource_ThatHasRoomAndDoesNotPause()
    {
        Peer slow = Source(5001), pauses = Source(5002), busy = Source(5003), free = Source(5004);
        pauses.OnFailure(Start, severity: 4);
        BeginDownload(busy);
        ChunkPicker picker = Picker(1);
        Ready(picker, Start, [[slow, pauses, busy]]);
        Assert.True(picker.TryPick(Start, 16, out _, out Peer source));
        Assert.Same(slow, source);
        Assert.False(picker.TryPickAnother(1, Start, peer => peer == slow, out _));
        picker.OnAnswer(1, [slow, pauses, busy, free], Start);
        Assert.True(picker.TryPickAnother(1, Start, peer => peer == slow, out source));
        Assert.Same(free, source);
        Assert.Equal(ChunkState.InFlight, picker.StateOf(1));
    }

    [Fact]
    public void AChunkInFlight_IsAskedAboutNowAndThen_ForBetterSources()
    {
        Peer slow = Source(5001);
        ChunkPicker picker = Picker(1);
        Ready(picker, Start, [[slow]]);
        Assert.True(picker.TryPick(Start, 16, out _, out _));
        Assert.False(picker.TryPickAnother(1, Start + ClientLimits.RefreshAgeMin, peer => peer == slow, out _));
        Assert.False(picker.TryPickQuestion(Start, out _));
        for (int i = 0; i < 3; i++)
            Assert.False(picker.TryPickAnother(1, Start + 2 * ClientLimits.RefreshAgeMin, peer => peer == slow, out _));
        Assert.Equal([1], AskAll(picker, Start));
        Assert.Equal(ChunkState.InFlight, picker.StateOf(1));
    }

    // PROTOCOL 7.1: ask only for what is missing.
    [Fact]
    public void AChunkThatHasArrivedMeanwhile_IsNotAskedAboutAnyMore()
    {
        Peer slow = Source(5001);
        ChunkPicker picker = Picker(1);
        Ready(picker, Start, [[slow]]);
        Assert.True(picker.TryPick(Start, 16, out _, out _));
        Assert.False(picker.TryPickAnother(1, Start + TimeSpan.FromMinutes(1), peer => peer == slow, out _));
        picker.OnFetched(1, Start + TimeSpan.FromMinutes(1));
        Assert.Empty(AskAll(picker, Start + TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void AChunkThatWasLost_IsMissingAgain()
    {
        ChunkPicker picker = Picker(2, 1, 2);
        picker.OnLost(1);
        picker.OnLost(1);
        Assert.Equal(1, picker.HaveCount);
        Assert.False(picker.IsComplete);
        Assert.Equal([1], AskAll(picker, Start));
        picker.OnLost(1);
        Assert.Empty(AskAll(picker, Start));
    }

    [Fact]
    public void SomeChunksAreAskedForAhead_AndNotAll()
    {
        ChunkPicker picker = Picker(1000);
        Peer peer = Source(5001);
        int asked = 0;
        for (; picker.TryPickQuestion(Start, out int chunkIndex); asked++) picker.OnAnswer(chunkIndex, [peer], Start);
        Assert.Equal(ClientLimits.AskedAheadMax, asked);
        Assert.True(picker.TryPick(Start, 16, out _, out _));
        Assert.True(picker.TryPickQuestion(Start, out _));
    }

    // Which states one step may change, apart from that of the chunk it is about.
    [Fact]
    public void ARandomLife_LeavesEachChunkInOneState_AndChangesOnlyWhatItMay()
    {
        Random random = SeededRandom.Create(output);
        for (int life = 0; life < 30; life++)
        {
            int count = random.Pick(1, 2, 10, 40);
            int[] held = [.. Enumerable.Range(1, count).Where(_ => random.Next(4) == 0)];
            Peer[] peers = [.. Enumerable.Range(5001, 4).Select(Source)];
            var picker = new ChunkPicker(count, held, random)
            {
                AnswerLife = TimeSpan.FromMilliseconds(random.Pick(0, 20, 1000)),
            };
            var model = new ChunkState[count + 1];
            var sources = new Dictionary<int, Peer>();
            var another = new HashSet<int>();       // in flight, and looked for elsewhere, too
            foreach (int chunkIndex in held) model[chunkIndex] = ChunkState.Have;
            TimeSpan now = Start;
            for (int step = 0; step < 1500; step++)
            {
                int about = random.Next(1, count + 1);
                switch (random.Next(8))
                {
                    case 0 or 1:
                        bool isQuestion = picker.TryPickQuestion(now, out int asked);
                        Allow(ChunkState.Unknown, ChunkState.Missing);
                        if (!isQuestion) break;
                        Assert.NotEqual(ChunkState.Have, model[asked]);
                        if (another.Contains(asked) && picker.StateOf(asked) == model[asked]) break;
                        Change(asked, ChunkState.Asked, ChunkState.Missing, ChunkState.Unknown);
                        break;
                    case 2:
                        Peer[] known = [.. peers.Where(_ => random.Next(2) == 0)];
                        picker.OnAnswer(about, known, now);
                        if (model[about] is ChunkState.Asked)
                            model[about] = known.Length == 0 ? ChunkState.Unknown : ChunkState.Ready;
                        else if (model[about] is ChunkState.Unknown && known.Length > 0)
                            model[about] = ChunkState.Ready;
                        break;
                    case 3:
                        picker.OnNoAnswer(about);
                        if (model[about] == ChunkState.Asked) model[about] = ChunkState.Missing;
                        break;
                    case 4 or 5:
                        if (picker.TryPick(now, random.Next(1, 17), out int picked, out Peer source))
                        {
                            Assert.True(source.PausedUntil <= now);
                            Change(picked, ChunkState.InFlight, ChunkState.Ready);
                            BeginDownload(sources[picked] = source);
                        }
                        Allow(ChunkState.Ready, ChunkState.Missing);        // an old answer
                        Allow(ChunkState.Ready, ChunkState.Unknown);        // all sources pause
                        break;
                    case 6 when model[about] == ChunkState.InFlight:
                        Peer from = sources[about];
                        if (random.Next(3) > 0)
                        {
                            EndDownload(picker, about, from, now);
                            model[about] = ChunkState.Have;
                        }
                        else
                        {
                            from.Downloads--;
                            from.OnFailure(now, random.Next(1, 5));
                            picker.Release(about, random.Pick(null, from));
                            model[about] = ChunkState.Ready;
                        }
                        break;
                    case 6 when model[about] == ChunkState.Have && random.Next(10) == 0:
                        picker.OnLost(about);
                        model[about] = ChunkState.Missing;
                        break;
                    case 7 when model[about] == ChunkState.InFlight:
                        another.Add(about);
                        if (!picker.TryPickAnother(about, now, peer => peer == sources[about], out Peer second)) break;
                        Assert.NotSame(sources[about], second);
                        break;
                    case 7:
                        now += TimeSpan.FromMilliseconds(random.Pick(0, 1, 30, 2000));
                        if (random.Next(5) == 0) picker.OnChange(now);
                        break;
                }
                for (int chunkIndex = 1; chunkIndex <= count; chunkIndex++)
                    Assert.Equal(model[chunkIndex], picker.StateOf(chunkIndex));
                Assert.Equal(model.Count(state => state == ChunkState.Have), picker.HaveCount);
                Assert.Equal(picker.HaveCount == count, picker.IsComplete);
            }

            void Change(int chunkIndex, ChunkState to, params ChunkState[] from)
            {
                Assert.Contains(model[chunkIndex], from);
                model[chunkIndex] = to;
            }

            void Allow(ChunkState from, ChunkState to)
            {
                for (int chunkIndex = 1; chunkIndex <= count; chunkIndex++)
                {
                    if (model[chunkIndex] == from && picker.StateOf(chunkIndex) == to) model[chunkIndex] = to;
                }
            }
        }
    }

    [Theory]
    [InlineData(2, 1, 0)]
    [InlineData(2, 50, 0)]
    [InlineData(8, 64, 0)]
    [InlineData(8, 64, 30)]         // of a hundred transfers that many fail
    [InlineData(16, 300, 10)]
    public void ASwarm_IsComplete_InTheEnd(int clients, int chunks, int failuresPercent)
    {
        Random random = SeededRandom.Create(output);
        var swarm = new MemorySwarm(clients, chunks, failuresPercent, random);
        TimeSpan time = swarm.RunUntilComplete(TimeSpan.FromMinutes(20));
        output.WriteLine($"complete after {time.TotalSeconds} s, {swarm.Transfers} transfers");
        Assert.True(swarm.IsComplete, swarm.Describe());
    }

    // The slow one has everything from the start, and one chunk at a time; what was asked about it grows old meanwhile.
    [Fact]
    public void ALateSeed_IsFoundWhileTheOnlyOtherSourceIsSlow()
    {
        const int chunks = 200;
        Peer slow = Source(5001), seed = Source(5002);
        ChunkPicker picker = Picker(chunks);
        var transfers = new List<(int ChunkIndex, Peer Source, TimeSpan EndsAt)>();
        TimeSpan now = Start, seedAt = Start + TimeSpan.FromSeconds(1);
        for (; !picker.IsComplete && now < Start + TimeSpan.FromMinutes(10); now += TimeSpan.FromMilliseconds(1))
        {
            foreach ((int chunkIndex, Peer source, _) in transfers.Where(each => each.EndsAt <= now))
                EndDownload(picker, chunkIndex, source, now, TimeOf(source));
            transfers.RemoveAll(each => each.EndsAt <= now);
            while (picker.TryPickQuestion(now, out int chunkIndex))
                picker.OnAnswer(chunkIndex, now < seedAt ? [slow] : [slow, seed], now);
            while (picker.TryPick(now, ClientLimits.DownloadsMax - transfers.Count,
                out int chunkIndex, out Peer source))
            {
                BeginDownload(source);
                transfers.Add((chunkIndex, source, now + TimeOf(source)));
            }
        }
        output.WriteLine(
            $"{picker.HaveCount} chunks after {(now - Start).TotalSeconds} s, {slow.Requests} of them from the slow "
            + "one");
        Assert.InRange(now - Start, TimeSpan.Zero, TimeSpan.FromSeconds(30));

        TimeSpan TimeOf(Peer source) => source == slow ? TimeSpan.FromSeconds(10) : TimeSpan.FromMilliseconds(5);
    }

    private static ChunkPicker Picker(int chunkCount, params IEnumerable<int> held) =>
        new(chunkCount, held, new Random(1));

    [Fact]
    public void WhereTheTrackerTellsOfNewSources_AnOldAnswerCounts()
    {
        TimeSpan later = Start + TimeSpan.FromMinutes(1);
        Peer[] many = [.. Enumerable.Range(5001, Limits.NewsSourcesMax).Select(Source)];
        ChunkPicker picker = Picker(3);
        picker.OnNewsBegin(Start);
        Ready(picker, Start, [[many[0]], [many[1]], many]);
        Assert.Equal([1, 2], PickAll(picker, later).Order());
        Assert.Equal([3], AskAll(picker, later));       // it has so many that more are not told

        picker.OnAnswer(1, many[..2], later);           // of chunks in flight as well
        Assert.Equal(2, picker.AvailabilityOf(1));
        picker.LookForSources(1, later + TimeSpan.FromMinutes(1));
        Assert.Empty(AskAll(picker, later + TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAnswerFromBeforeNewsBegan_OrWasMissed_OrBeforeTheTrackerWent_IsOld(bool hasGone)
    {
        TimeSpan missedAt = Start + TimeSpan.FromSeconds(1), later = Start + TimeSpan.FromMinutes(1);
        ChunkPicker picker = Picker(1);
        picker.OnNewsBegin(Start);
        Ready(picker, Start, [[Source(5001)]]);
        if (hasGone)
        {
            picker.OnTrackerGone();
            picker.OnTrackerBack();
        }
        else picker.OnNewsBegin(missedAt);
        Assert.Empty(PickAll(picker, later));
        Assert.Equal([1], AskAll(picker, later));
    }

    private static Peer Source(int port) => new("localhost", port, HostTable.Localhost);

    // Asks for every chunk that can be asked for.
    private static List<int> AskAll(ChunkPicker picker, TimeSpan now)
    {
        List<int> asked = [];
        while (picker.TryPickQuestion(now, out int chunkIndex)) asked.Add(chunkIndex);
        return asked;
    }

    // Asks for all, and lets the chunks not held, in ascending order, have these sources.
    private static void Ready(ChunkPicker picker, TimeSpan now, IEnumerable<Peer[]> sources)
    {
        foreach ((int chunkIndex, Peer[] peers) in AskAll(picker, now).Order().Zip(sources))
            picker.OnAnswer(chunkIndex, peers, now);
    }

    private static List<int> PickAll(ChunkPicker picker, TimeSpan now)
    {
        List<int> picked = [];
        while (picker.TryPick(now, 16, out int chunkIndex, out Peer source))
        {
            BeginDownload(source);
            picked.Add(chunkIndex);
        }
        return picked;
    }

    private static void BeginDownload(Peer source)
    {
        source.Downloads++;
        source.Requests++;
    }

    private static void EndDownload(ChunkPicker picker, int chunkIndex, Peer source, TimeSpan now,
        TimeSpan? took = null)
    {
        source.Downloads--;
        source.OnSuccess(took ?? TimeSpan.FromSeconds(1));
        picker.OnFetched(chunkIndex, now);
    }

    // Asks, hears "unknown", and finds the chunk asked for again after exactly this pause. Returns the time then.
    private static TimeSpan AnswerUnknown(ChunkPicker picker, TimeSpan now, int milliseconds)
    {
        Assert.True(picker.TryPickQuestion(now, out int chunkIndex));
        picker.OnAnswer(chunkIndex, [], now);
        TimeSpan due = now + TimeSpan.FromMilliseconds(milliseconds);
        Assert.False(picker.TryPickQuestion(due - TimeSpan.FromTicks(1), out _));
        return due;
    }

    private static void AssertAskedAfter(ChunkPicker picker, TimeSpan now, int milliseconds)
    {
        TimeSpan due = now + TimeSpan.FromMilliseconds(milliseconds);
        Assert.False(picker.TryPickQuestion(due - TimeSpan.FromTicks(1), out _));
        Assert.True(picker.TryPickQuestion(due, out _));
    }
}
