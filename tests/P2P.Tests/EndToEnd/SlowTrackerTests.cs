using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// The native client with trackers that need ten seconds and more (PROTOCOL 2.6, no answer): in classes of
/// their own, since xunit runs the tests of one class one after the other.
/// </summary>
[Waits(10)]
public sealed class LineOnlyTrackerTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ATrackerThatWantsLines_GetsLinesAfterTenSeconds_OnTheSameConnection()
    {
        var chunks = new ChunkSet(Random, 5, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { LinesOnly = true });
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1, 2));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1, 2);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        TrackerMessage received = tracker.Received.WaitForFirst(
            each => each.Text == $"LOCAL_CHUNKS,5,localhost,{client.Port}", "chunk 5 announced");
        // The first line is all that was said before, joined; from the second on there is a message in each.
        string[] lines = tracker.Received.All.Select(each => each.Text).ToArray();
        Assert.True(tracker.Received.All[0].At >= TimeSpan.FromSeconds(10));
        Assert.Contains($"LOCAL_CHUNKS,1,localhost,{client.Port}", lines[1..]);
        Assert.Contains($"LOCAL_CHUNKS,2,localhost,{client.Port}", lines[1..]);
        Assert.All(lines[1..], line => Assert.Matches(@"^(LOCAL_CHUNKS,\d,localhost,\d+|WHERE_CHUNK,\d)\z", line));
        Assert.Equal([1], tracker.Accepted.All);
        AssertNoFaults(tracker, peer);
    }
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(11)]
public sealed class TrackerThatReadsLateTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void AConnectionThatTheTrackerDoesNotReadForElevenSeconds_HoldsOneMessage_AndStaysUnframed()
    {
        var chunks = new ChunkSet(Random, 4, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { UnreadAtFirst = TimeSpan.FromSeconds(11) });
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, peer);
        Assert.Equal([1], tracker.Accepted.All);
    }

    [Fact]
    public void ATrackerThatServesOneClientAfterTheOther_ServesTheSecondWhenTheFirstHasGone()
    {
        var chunks = new ChunkSet(Random, 4, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { OneAtATime = true });
        FakePeer peer = StartPeer(tracker, chunks, [3, 4]);
        ClientProcess first = StartClient("first", tracker.Port, chunks, 1, 2);
        first.WaitUntilComplete();
        tracker.Received.WaitUntil(
            all => all.Count(each => each.Text.StartsWith("LOCAL_CHUNKS", StringComparison.Ordinal)) == 4,
            "all announcements of the first");
        ClientProcess second = StartClient("second", tracker.Port, chunks, 1, 2);
        Log.WaitUntil(lines => lines.Any(line => line.StartsWith("second,LOCAL_CHUNKS", StringComparison.Ordinal)),
            "the second to begin");

        first.Terminate();
        Assert.Equal(0, first.WaitForExit());
        second.WaitUntilComplete();

        chunks.AssertComplete(second.ChunkFolder);
        AssertNoFaults(tracker, peer);
    }
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(4)]
public sealed class NoTrackerAtAllTests(ITestOutputHelper output) : SystemTest(output)
{
    // Its pause grows as though nobody listened: 20 ms, 40 ms and so on up to a second.
    [Fact]
    public void AServerThatSpeaksAndClosesWithoutAnAnswer_IsConnectedToOnceASecond()
    {
        using var server = new ClosingServer();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        StartClient("client_1", server.Port, new ChunkSet(Random, 3, 1000), 1);
        server.Accepted.WaitForCount(9, "nine connections");
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(20 + 40 + 80 + 160 + 320 + 640 + 1000 + 1000));
    }

    [Fact]
    public void ASlowTracker_IsAskedAboutEachChunk_HoweverManyNobodyHas()
    {
        var chunks = new ChunkSet(Random, 40, 500);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { AnswersAfter = TimeSpan.FromMilliseconds(150) });
        StartClient("client_1", tracker.Port, chunks);
        tracker.Received.WaitUntil(_ => tracker.Questions.Distinct().Count() == 40, "a question about each chunk");
    }

    private sealed class ClosingServer : LoopbackServer
    {
        public ClosingServer() : base(oneAtATime: false, port: 0) => Start();

        protected override void Serve(System.Net.Sockets.Socket socket, int connection) =>
            socket.Send("HTTP/1.1 400 Bad Request\r\n\r\n"u8);
    }
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(6)]
public sealed class TrackerWhoseQueueCannotBeAskedTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void WithoutNetlink_TheClientGoesByTheClock_AndADeafTrackerStillFindsOneMessagePerRecv() =>
        OtherMachine.WithoutNetlink(() =>
        {
            var chunks = new ChunkSet(Random, 4, 3000);
            var deaf = TimeSpan.FromSeconds(1);
            NaiveTracker tracker = StartNaiveTracker(
                new TrackerManners { DeafAfterRead = deaf, DeafAfterAnswer = deaf, ClosesOnFault = true });
            FakePeer peer = StartPeer(tracker, chunks, [3, 4]);
            ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1, 2);
            client.WaitUntilComplete();

            chunks.AssertComplete(client.ChunkFolder);
            AssertNoFaults(tracker, peer);
            // What follows an answer follows it after 2.2 s.
            // (That 1.2 s lie between two messages shows in the absence of faults.)
            IReadOnlyList<TrackerMessage> received = tracker.Received.All;
            TrackerMessage[] questions =
                received.Where(each => each.Text.StartsWith("WHERE_CHUNK", StringComparison.Ordinal)).Skip(1).ToArray();
            Assert.NotEmpty(questions);
            Assert.All(questions, each => Assert.True(each.At - each.AnsweredBefore >= TimeSpan.FromSeconds(2.2)));
        });
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(5)]
public sealed class TrackerThatLosesTheFirstQuestionTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void TheFirstQuestionOfAll_IsAskedAgainAfterFiveSeconds_Unframed()
    {
        var chunks = new ChunkSet(Random, 4, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { LosesQuestion = 1 });
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        TrackerMessage[] questions =
            tracker.Received.All.Where(each => each.Text.StartsWith("WHERE_CHUNK", StringComparison.Ordinal)).ToArray();
        Assert.Equal(questions[0].Text, questions[1].Text);
        Assert.True(questions[1].At - questions[0].At >= TimeSpan.FromSeconds(5) - Reading);
        Assert.Equal([1], tracker.Accepted.All);
        AssertNoFaults(tracker, peer);
    }

    // The question may have been read later than it was sent.
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(1);
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(19)]
public sealed class TrackerThatLosesTheFirstQuestionOfEachTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void EachQuestionIsAskedAgain_Unframed_UntilAllIsThere()
    {
        var chunks = new ChunkSet(Random, 8, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { LosesFirstOfEach = true });
        FakePeer peer = StartPeer(tracker, chunks, chunks.Indexes);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.Equal([1], tracker.Accepted.All);
        AssertNoFaults(tracker, peer);
    }
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(10)]
public sealed class TrackerThatIsDumbAtFirstTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void WhereATrackerClosesTheConnectionOverLines_ItIsUnframedAgain()
    {
        var chunks = new ChunkSet(Random, 4, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { IsDumbAtFirst = true, ClosesOnFault = true });
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.All(tracker.Received.All.Where(each => each.Connection == 2),
            each => Assert.DoesNotContain('\n', each.Text));
        Assert.Equal([1, 2], tracker.Accepted.All);
        Assert.Single(tracker.Faults.All);
        AssertNoFaults(peer);
    }
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(20)]
public sealed class TrackerThatIsDumbToLinesTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void WhereLinesGetNoAnswerEither_ItIsUnframedAgain_OnANewConnection()
    {
        var chunks = new ChunkSet(Random, 4, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { IsDumbAtFirst = true });
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        tracker.Received.WaitUntil(all => all.Count(
            each => each.Connection == 2 && each.Text.StartsWith("LOCAL_CHUNKS", StringComparison.Ordinal)) >= 4,
            "every announcement on the second connection");
        Assert.All(tracker.Received.All.Where(each => each.Connection == 2),
            each => Assert.DoesNotContain('\n', each.Text));
        Assert.Equal([1, 2], tracker.Accepted.All);
        AssertNoFaults(peer);
    }
}

/// <inheritdoc cref="LineOnlyTrackerTests"/>
[Waits(2)]
public sealed class TrackerThatLosesAQuestionTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ALaterQuestionWithoutAnAnswer_IsAskedAgainAfterTwoSeconds_Unframed()
    {
        var chunks = new ChunkSet(Random, 4, 3000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { LosesQuestion = 2 });
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1));
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        TrackerMessage[] questions =
            tracker.Received.All.Where(each => each.Text.StartsWith("WHERE_CHUNK", StringComparison.Ordinal)).ToArray();
        // The second question is lost: nothing else is asked before it is asked again.
        TrackerMessage[] lost = questions[1..3];
        Assert.Equal(lost[0].Text, lost[1].Text);
        Assert.Equal(lost[0].AnsweredBefore, lost[1].AnsweredBefore);
        Assert.True(lost[1].At - lost[1].AnsweredBefore >= TimeSpan.FromSeconds(2));
        AssertNoFaults(tracker, peer);
    }
}
