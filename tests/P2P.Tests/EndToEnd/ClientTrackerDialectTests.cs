using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 2.4, 2.5, 2.6, 2.7 and 7.2, what the client says to a tracker and understands: the native client with
/// strangers' trackers, none of which may ever find two messages, or half of one, in one `recv`.
/// </summary>
[Waits(25)]
public sealed class ClientTrackerDialectTests : SystemTest
{
    private static readonly TimeSpan Deaf = TimeSpan.FromSeconds(1);
    private readonly ChunkSet _chunks;

    public ClientTrackerDialectTests(ITestOutputHelper output) : base(output) =>
        _chunks = new ChunkSet(Random, 4, index => 5000 + index);

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void ATrackerThatIsDeafForASecond_AfterEachReadOrAnswer_FindsOneMessagePerRecv(
        bool afterRead, bool afterAnswer) =>
        AssertCompletesWith(new TrackerManners
        {
            DeafAfterRead = afterRead ? Deaf : default,
            DeafAfterAnswer = afterAnswer ? Deaf : default,
            ClosesOnFault = true,
        });

    // The client asks again and again whether there are better sources than the one that trickles, always for the same
    // chunk: an answer says nothing about the question behind it.
    [Fact]
    public void ATrackerThatIsSlowAndThenDeaf_IsNotAskedAgain_BeforeItHasReadTheLastQuestion()
    {
        NaiveTracker tracker = StartNaiveTracker(
            new TrackerManners { AnswersAfter = TimeSpan.FromMilliseconds(300), DeafAfterAnswer = Deaf });
        StartPeer(tracker, _chunks, [4], new PeerManners { PartBytes = 1, PartGap = Deaf });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1, 2, 3);
        tracker.Received.WaitUntil(_ => tracker.Faults.Count > 0 || tracker.Questions.Count >= 5, "five questions");
        FakePeer good = StartPeer(tracker, _chunks, [4]);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, good);
    }

    [Fact]
    public void ATrackerThatGreets_IsUnderstood() =>
        AssertCompletesWith(new TrackerManners { Greeting = "Connected" });

    [Fact]
    public void ATrackerThatGreetsWithALine_IsUnderstood() =>
        AssertCompletesWith(new TrackerManners { Greeting = "Connected to P2PTracker, send your chunks\r\n\n" });

    [Fact]
    public void AGreetingJoinedToTheFirstAnswer_IsSkipped() =>
        AssertCompletesWith(new TrackerManners { GreetingBeforeAnswer = "Connected" });

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData(",")]
    [InlineData(",\n")]
    public void AnAnswer_MayEndInALineEndOrAComma(string end) =>
        AssertCompletesWith(new TrackerManners { AnswerEnd = end });

    [Fact]
    public void AnAnswerWithoutAnyAddress_MeansUnknown()
    {
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { UnknownIsEmptyList = true });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        tracker.Received.WaitUntil(_ => tracker.Questions.Count >= 10, "the client to go on asking");

        FakePeer peer = StartPeer(tracker, _chunks, _chunks.AllBut(1));
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void AnAnswerThatComesSeveralTimes_EachLonger_IsNotTakenForTheNext()
    {
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { Growing = TimeSpan.FromMilliseconds(700) });
        FakePeer first = StartPeer(tracker, _chunks, _chunks.AllBut(1));
        FakePeer second = StartPeer(tracker, _chunks, _chunks.AllBut(1, 3));
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(tracker, first, second);          // nobody was asked for what it wasn't listed for
    }

    [Fact]
    public void ATrackerThatClosesTheConnection_IsToldEverythingAgain()
    {
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { ClosesFirstAfter = 4 });
        FakePeer peer = StartPeer(tracker, _chunks, [4]);
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1, 2, 3);
        client.WaitUntilComplete();
        tracker.Received.WaitForFirst(each => each.Text == Announcement(4) && each.Connection == 2,
            "chunk 4 announced on the new connection");

        string[] again = tracker.Received.All.Where(each => each.Connection == 2).Select(each => each.Text).ToArray();
        foreach (int index in new[] { 1, 2, 3 })
            Assert.Contains(Announcement(index), again);
        Assert.Equal([1, 2], tracker.Accepted.All);
        AssertNoFaults(tracker, peer);

        string Announcement(int index) => $"LOCAL_CHUNKS,{index},localhost,{client.Port}";
    }

    [Fact]
    public void ATrackerThatIsStartedAgain_IsToldEverythingAgain_WithWhatWasFetchedMeanwhile()
    {
        int port = FreePort.Next();
        NaiveTracker tracker = Own(new NaiveTracker(port: port));
        FakePeer peer = StartPeer(tracker, _chunks, [3]);
        ClientProcess client = StartClient("client_1", port, _chunks, 1, 2);
        tracker.Received.WaitForFirst(
            each => each.Text == $"LOCAL_CHUNKS,3,localhost,{client.Port}", "chunk 3 announced");
        tracker.Dispose();

        NaiveTracker next = Own(new NaiveTracker(port: port));
        next.Received.WaitUntil(_ => next.Questions.Count > 0, "a question to the new tracker");
        string[] received = next.Received.All.Select(each => each.Text).ToArray();
        foreach (int index in new[] { 1, 2, 3 })
            Assert.Contains($"LOCAL_CHUNKS,{index},localhost,{client.Port}", received);
        Assert.Equal([4], next.Questions.Distinct());
        AssertNoFaults(next, peer);
    }

    [Fact]
    public void AClientStartedBeforeItsTracker_GoesOnTrying()
    {
        int port = FreePort.Next();
        ClientProcess client = StartClient("client_1", port, _chunks, 1, 2, 3, 4);
        _ = client.ReadyLine;

        NaiveTracker tracker = Own(new NaiveTracker(port: port));

        tracker.Received.WaitForCount(4, "four announcements");
        AssertNoFaults(tracker);
    }

    [Fact]
    public void AnUnknownChunk_IsAskedForAgain_AfterAGrowingPause()
    {
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1, 2, 3);
        TimeSpan[] Pauses() => [.. tracker.Received.All.Where(each => each.Text == "WHERE_CHUNK,4").Skip(1)
            .Select(each => each.At - each.AnsweredBefore)];

        // 20 ms at first, then twice as long each time: one doesn't ask all the time.
        tracker.Received.WaitUntil(_ => Pauses().Length >= 7, "eight questions for chunk 4");
        TimeSpan[] pauses = Pauses();
        for (int i = 0; i < 6; i++)
            Assert.True(pauses[i] >= TimeSpan.FromMilliseconds(20 << i),
                $"too short a pause: {string.Join(", ", pauses)}");
        // But never more than 1 s, or a swarm would wait for it.
        tracker.Received.WaitUntil(_ => Pauses().Skip(6).Any(pause => pause < TimeSpan.FromSeconds(1.2)),
            "a pause of a second");

        FakePeer peer = StartPeer(tracker, _chunks, [4]);
        client.WaitUntilComplete();
        AssertNoFaults(tracker, peer);
    }

    [Fact]
    public void WithFramingLine_EveryMessageIsALine_FromTheFirst() =>
        AssertSpeaksLines(new TrackerManners(), "-framing", "line");

    [Fact]
    public void ToATrackerOfOurs_EveryMessageIsALine_FromTheFirst_WhichIsAHello()
    {
        NaiveTracker tracker = AssertSpeaksLines(new TrackerManners { LooksLikeOurs = true });
        Assert.Equal(["LANE,1", "NAME,client_1", "NEWS"], tracker.Received.All.Take(3).Select(each => each.Text));
    }

    [Fact]
    public void WithoutLanes_ATrackerOfOursHearsNoHello()
    {
        NaiveTracker tracker = AssertSpeaksLines(new TrackerManners { LooksLikeOurs = true }, "-lane", "off");
        Assert.Equal("NAME,client_1", tracker.Received.All[0].Text);
        Assert.StartsWith("LOCAL_CHUNKS,", tracker.Received.All[1].Text);
    }

    [Fact]
    public void ATrackerOfOurs_IsKnownByTheOtherEndOfAConnection_AndNobodyElseIs()
    {
        Assert.True(IsOurs(StartTracker().Port));
        Assert.False(IsOurs(StartNaiveTracker().Port));

        static bool IsOurs(int port)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, port);
            return socket.IsConnectedToOurTracker();
        }
    }

    private NaiveTracker AssertSpeaksLines(TrackerManners manners, params string[] options)
    {
        NaiveTracker tracker = StartNaiveTracker(manners with { LinesOnly = true });
        FakePeer peer = StartPeer(tracker, _chunks, _chunks.AllBut(1));
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", tracker.Port, options);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        // What is said in lines only after a while begins with all that was said before, joined.
        string[] ours = manners.LooksLikeOurs ? ["LANE,1", "NAME,client_1", "NEWS"] : [];
        string[] received = [.. tracker.Received.All.Select(each => each.Text).Where(text => !ours.Contains(text))];
        Assert.Equal($"LOCAL_CHUNKS,1,localhost,{client.Port}", received[0]);
        Assert.All(received, text => Assert.Matches(@"^(LOCAL_CHUNKS,\d,localhost,\d+|WHERE_CHUNK,\d)\z", text));
        AssertNoFaults(tracker, peer);
        return tracker;
    }

    [RootFact]
    public void OnAnAddressThatIsNotLoopback_TheClientSpeaksLines() => OtherMachine.WithOwnNetwork(() =>
    {
        string other = OtherMachine.OtherAddress.ToString();
        TrackerProcess tracker = StartTracker("-bind", other);
        var chunks = new ChunkSet(Random, 6, 2000);
        ClientProcess[] clients = chunks.Scatter(Random, 2).Select((hand, i) =>
        {
            string name = $"client_{i + 1}";
            chunks.DealTo(Folder.MakeFolder(name), hand);
            return Own(new ClientProcess(Folder.Path, name, Folder[name],
                "-folder", Folder[name], "-name", name, "-tracker", $"{other}:{tracker.Port}", "-bind", other));
        }).ToArray();

        foreach (ClientProcess client in clients)
            client.WaitUntilComplete();
        foreach (ClientProcess client in clients)
            chunks.AssertComplete(client.ChunkFolder);
    });

    /// <summary>A native client gets three chunks through a tracker of these manners,
    /// which finds one message per recv.</summary>
    private void AssertCompletesWith(TrackerManners manners)
    {
        NaiveTracker tracker = StartNaiveTracker(manners);
        FakePeer peer = StartPeer(tracker, _chunks, _chunks.AllBut(1));
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        client.WaitUntilComplete();

        _chunks.AssertComplete(client.ChunkFolder);
        tracker.Received.WaitUntil(
            all => all.Count(each => each.Text.StartsWith("LOCAL_CHUNKS", StringComparison.Ordinal)) == 4,
            "the fetched chunks to be announced");
        AssertNoFaults(tracker, peer);
        // On a slow machine an answer may have to be renewed.
        Assert.Equal([2, 3, 4], tracker.Questions.Distinct().Order());
        Assert.Equal([1], tracker.Accepted.All);
    }
}
