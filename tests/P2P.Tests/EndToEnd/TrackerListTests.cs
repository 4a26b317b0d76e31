using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>PROTOCOL 6, the tracker's list, as it shows in the native tracker's answers.</summary>
public sealed class TrackerListTests(ITestOutputHelper output) : SystemTest(output)
{
    /// <summary>What a stranger's single `recv(1024)` may safely hold.</summary>
    private const int AnswerBytesMax = 1000;

    [Fact]
    public void APeerThatAnnouncesAgain_IsListedOnce()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Announce(1, 5001);
        client.Announce(1, 5001);
        Connect(tracker.Port).Announce(1, 5002);
        Connect(tracker.Port).Announce(1, 5001);         // the same peer, on another connection

        Assert.Equal("GET_CHUNK_FROM,1,localhost,5001,localhost,5002", client.Ask(1));
    }

    // The tracker keeps an answer and its lines of the log until something changes.
    [Fact]
    public void AnAnswerGivenAgainAndAgain_IsLoggedAsItIsGiven()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        const string one = "GET_CHUNK_FROM,1,localhost,5001", two = $"{one},localhost,5002";
        client.Announce(1, 5001);       // asks as well
        for (int i = 0; i < 3; i++) Assert.Equal(one, client.Ask(1));
        Connect(tracker.Port).Announce(1, 5002);
        for (int i = 0; i < 3; i++) Assert.Equal(two, client.Ask(1));

        IEnumerable<string> answers = Enumerable.Repeat(one, 4).Concat(Enumerable.Repeat(two, 4));
        Assert.Equal(answers.SelectMany(answer => new[] { "P2PTracker,WHERE_CHUNK,1", $"P2PTracker,{answer}" }),
            Log.Lines.Where(line => !line.Contains("LOCAL_CHUNKS")));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("localhost")]
    public void EveryLoopbackSpelling_IsTheSamePeerNamedLocalhost(string spelling)
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Announce(1, 5001);

        client.Send($"LOCAL_CHUNKS,1,{spelling},5001\nLOCAL_CHUNKS,2,{spelling},5001\n");
        client.Send("WHERE_CHUNK,1\nWHERE_CHUNK,2\n");

        const string Answers = "GET_CHUNK_FROM,1,localhost,5001\nGET_CHUNK_FROM,2,localhost,5001\n";
        Assert.Equal(Answers, client.Receive(Answers.Length));
        if (spelling != "localhost")
            Assert.DoesNotContain(spelling, Log.Text);
    }

    [Fact]
    public void Peers_AreListedInTheOrderInWhichTheyAnnouncedFirst()
    {
        TrackerProcess tracker = StartTracker();
        int[] ports = [5009, 5001, 5005, 5003];
        NaiveClient[] clients = ports.Select(port =>
        {
            NaiveClient client = Connect(tracker.Port);
            client.Announce(1, port);
            return client;
        }).ToArray();
        clients[0].Announce(1, 5009);                    // the first says it again: it stays first

        Assert.Equal("GET_CHUNK_FROM,1,localhost,5009,localhost,5001,localhost,5005,localhost,5003", clients[2].Ask(1));
    }

    [Fact]
    public void APeerWhoseConnectionHasGone_IsListedAfterTheConnectedOnes_AndMovesBackWhenItReturns()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient[] clients = new[] { 5001, 5002, 5003, 5004 }.Select(port =>
        {
            NaiveClient client = Connect(tracker.Port);
            client.Announce(1, port);
            return client;
        }).ToArray();
        NaiveClient asker = Connect(tracker.Port);
        Assert.Equal(Listed(5001, 5002, 5003, 5004), asker.Ask(1));

        clients[2].Dispose();
        AskUntil(asker, Listed(5001, 5002, 5004, 5003));
        clients[0].Dispose();
        AskUntil(asker, Listed(5002, 5004, 5001, 5003));

        NaiveClient returned = Connect(tracker.Port);
        returned.Announce(1, 5003);
        AskUntil(asker, Listed(5002, 5003, 5004, 5001));

        static string Listed(params int[] ports) =>
            $"GET_CHUNK_FROM,1{string.Concat(ports.Select(port => $",localhost,{port}"))}";
    }

    [Fact]
    public void SixtyPeers_AreAllInOneAnswer()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Send(string.Concat(Enumerable.Range(5001, 60).Select(port => $"LOCAL_CHUNKS,1,localhost,{port}\n")));
        client.Send("WHERE_CHUNK,1\n");

        string expected =
            $"GET_CHUNK_FROM,1{string.Concat(Enumerable.Range(5001, 60).Select(port => $",localhost,{port}"))}\n";
        Assert.Equal(expected, client.Receive(expected.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OfTwoHundredPeers_EachAnswerFitsOneRecv_AndItsWindowMovesOverAll(bool oneConnectionEach)
    {
        TrackerProcess tracker = StartTracker();
        int[] ports = Enumerable.Range(50001, 200).ToArray();
        if (oneConnectionEach)
            foreach (int port in ports)
                Connect(tracker.Port).AnnounceAsLines(7, port);
        else
            Connect(tracker.Port).AnnounceAsLines(7, ports);

        NaiveClient asker = Connect(tracker.Port);
        var listed = new Dictionary<int, int>();
        for (int question = 0; question < 200; question++)
        {
            string answer = asker.Ask(7);
            Assert.InRange(answer.Length, AnswerBytesMax / 2, AnswerBytesMax);
            string[] fields = answer.Split(',');
            Assert.Equal(["GET_CHUNK_FROM", "7"], fields[..2]);
            Assert.All(fields.Where((_, i) => i >= 2 && i % 2 == 0), host => Assert.Equal("localhost", host));
            int[] window = fields.Where((_, i) => i >= 2 && i % 2 == 1).Select(int.Parse).ToArray();
            Assert.Equal(window.Length, window.Distinct().Count());
            foreach (int port in window)
                listed[port] = listed.GetValueOrDefault(port) + 1;
            if (question == 0)
                Assert.True(window.Length >= 55, $"{window.Length} peers listed, about 60 fit");
        }
        Assert.Equal(ports, listed.Keys.Order());
        // 200 questions list each about 58 times; a peer asked by everyone would be listed 200 times.
        Assert.All(listed, entry => Assert.InRange(entry.Value, 1, 150));
    }

    [Fact]
    public void ARepeatedUnknown_IsHeldBackTenMilliseconds_OthersAreNot()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient hasty = Connect(tracker.Port);

        // The first is answered at once, 49 are held back.
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < 50; i++)
            Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", hasty.Ask(1));
        Assert.True(watch.Elapsed >= 49 * TimeSpan.FromMilliseconds(10));

        int index = 1;
        foreach (int _ in Patience.Attempts("answers for different chunks sooner than for one"))
        {
            watch.Restart();
            for (int i = 0; i < 50; i++)
                Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{++index}", hasty.Ask(index));
            if (watch.Elapsed < 49 * TimeSpan.FromMilliseconds(10) / 2)
                return;
        }
    }

    [Fact]
    public void WhileOneClientAsksForAnUnknownChunkWithoutAnyPause_OthersAreAnswered_AndItLearnsWhenTheChunkIsThere()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient hasty = Connect(tracker.Port);
        NaiveClient other = Connect(tracker.Port);

        hasty.Send(string.Concat(Enumerable.Repeat("WHERE_CHUNK,1\n", 50)));      // 50 questions at once
        for (int i = 0; i < 50; i++)
            Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{i + 2}", other.Ask(i + 2));
        other.Announce(1, 5001);
        hasty.Send("WHERE_CHUNK,1\n");

        // Exactly one answer per question, in order. (Those held back may know the chunk already.)
        string answers = "";
        while (answers.Count(character => character == '\n') < 51)
            answers += hasty.Receive();
        string[] lines = answers.TrimEnd().Split('\n');
        Assert.Equal(51, lines.Length);
        Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", lines[^1]);
        Assert.All(lines.SkipWhile(line => line == "CHUNK_LOCATION_UNKNOWN,1"),
            line => Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", line));
    }

    [Fact]
    public void TheTracker_NeverConnectsToAClientToSeeWhetherItLives()
    {
        TrackerProcess tracker = StartTracker();
        FakePeer peer = StartPeer(tracker, new ChunkSet(Random, 1, 10), [1]);
        NaiveClient client = Connect(tracker.Port);
        for (int i = 0; i < 200; i++)
            Assert.Equal($"GET_CHUNK_FROM,1,localhost,{peer.Port}", client.Ask(1));
        Connect(tracker.Port).AnnounceAsLines(1, 5001);  // something new, and somebody gone
        client.Dispose();
        Assert.StartsWith("GET_CHUNK_FROM,1,", Connect(tracker.Port).Ask(1));

        Assert.Empty(peer.Accepted.All);
    }

    [Fact]
    public void NobodyCanPointTheSwarmAtAThirdMachine()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);

        client.Send("LOCAL_CHUNKS,1,10.9.8.7,5001\nWHERE_CHUNK,1\n");

        Assert.DoesNotContain("10.9.8.7", client.Receive());
    }

    [RootFact]
    public void APeerFromAnotherAddress_IsListedUnderTheAddressItCameFrom_WhateverItNamed() =>
        OtherMachine.WithOwnNetwork(() =>
        {
            IPAddress other = OtherMachine.OtherAddress;
            TrackerProcess tracker = StartTracker("-bind", other.ToString());
            Assert.StartsWith($"P2PTracker listening on {other}:", tracker.ReadyLine);
            using var client = new NaiveClient(tracker.Port, other);

            client.Send(
                "LOCAL_CHUNKS,1,localhost,5001\nLOCAL_CHUNKS,1,10.9.8.7,5002\nLOCAL_CHUNKS,1,example.org,5003\n"
                + "WHERE_CHUNK,1\n");

            Assert.Equal($"GET_CHUNK_FROM,1,{other},5001,{other},5002,{other},5003\n", client.Receive());
        });

    /// <summary>Asks again and again until the answer is this one:
    /// the tracker learns in its own time that a client has gone.</summary>
    private static void AskUntil(NaiveClient asker, string expected)
    {
        var watch = Stopwatch.StartNew();
        string answer;
        while ((answer = asker.Ask(1)) != expected && watch.Elapsed < Patience.Limit)
        {
        }
        Assert.Equal(expected, answer);
    }
}
