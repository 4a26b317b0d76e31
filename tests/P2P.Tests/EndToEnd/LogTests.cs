using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL.md section 5: `logs.log`, written by many native processes at once, is whole, in causal order, and each
/// line stands in it before its message leaves.
/// </summary>
public sealed class LogTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void OverAWholeSwarm_TheLogIsInCausalOrder_AndComplete()
    {
        var watch = Stopwatch.StartNew();
        var tracker = StartTracker();
        var chunks = new ChunkSet(Random, 40, 5000);
        var hands = chunks.Scatter(Random, 5);
        var clients = hands.Select((hand, i) => StartClient($"client_{i + 1}", tracker.Port, chunks, hand)).ToArray();
        foreach (var client in clients)
            client.WaitUntilComplete();
        var lines = Log.WaitUntil(all => all.Count(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,", StringComparison.Ordinal)) == 5 * 40,
            "every announcement of every client at the tracker");

        Assert.Empty(LogOrder.FaultsIn(lines));
        for (int i = 0; i < clients.Length; i++)
        {
            var (name, port) = (clients[i].Name, clients[i].Port);
            Assert.Equal(chunks.Indexes, IndexesOf($"{name},LOCAL_CHUNKS,").Order());
            Assert.All(lines.Where(line => line.StartsWith($"{name},LOCAL_CHUNKS,", StringComparison.Ordinal)),
                line => Assert.EndsWith($",localhost,{port}", line));
            // A transfer that has lasted for 2 s is slow, and its chunk is asked of another peer as well.
            var requested = IndexesOf($"{name},REQUEST_CHUNK,").Order();
            Assert.Equal(chunks.AllBut([.. hands[i]]), watch.Elapsed < TimeSpan.FromSeconds(2) ? requested : requested.Distinct());
            Assert.Equal(chunks.AllBut([.. hands[i]]), IndexesOf($"{name},WHERE_CHUNK,").Distinct().Order());
        }

        IEnumerable<int> IndexesOf(string begin) =>
            lines.Where(line => line.StartsWith(begin, StringComparison.Ordinal)).Select(line => int.Parse(line.Split(',')[2]));
    }

    [Fact]
    public void TwentyProcessesOnOneLog_LoseAndTearNoLine()
    {
        const int Chunks = 200;
        const int Holders = 18;
        var watch = Stopwatch.StartNew();
        var tracker = StartTracker();
        var chunks = new ChunkSet(Random, Chunks, 1);
        var holders = Enumerable.Range(1, Holders).Select(i => StartClient($"holder_{i}", tracker.Port, chunks, chunks.Indexes)).ToArray();
        var fetcher = StartClient("fetcher", tracker.Port, chunks);
        fetcher.WaitUntilComplete();
        var lines = Log.WaitUntil(
            all => all.Count(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,", StringComparison.Ordinal)) == (Holders + 1) * Chunks,
            "every announcement at the tracker");

        Assert.Empty(LogOrder.FaultsIn(lines));
        foreach (var client in holders.Append(fetcher))
            Assert.Equal(Chunks, CountOf($"{client.Name},LOCAL_CHUNKS,"));
        // A transfer that has lasted for 2 s is slow, and its chunk is asked of another peer as well.
        if (watch.Elapsed < TimeSpan.FromSeconds(2))
            Assert.Equal(Chunks, CountOf("fetcher,REQUEST_CHUNK,"));
        Assert.Equal(Chunks, lines.Where(line => line.StartsWith("fetcher,REQUEST_CHUNK,", StringComparison.Ordinal))
            .Select(line => line.Split(',')[2]).Distinct().Count());
        int questions = CountOf("P2PTracker,WHERE_CHUNK,");
        Assert.Equal(questions, CountOf("fetcher,WHERE_CHUNK,"));
        Assert.Equal(questions, CountOf("P2PTracker,GET_CHUNK_FROM,") + CountOf("P2PTracker,CHUNK_LOCATION_UNKNOWN,"));
        // Only questions and their answers may come twice: every other line is there once. (A slow chunk's other peer is another line.)
        Assert.DoesNotContain(lines.Where(line => line.Contains(",LOCAL_CHUNKS,") || line.Contains(",REQUEST_CHUNK,"))
            .GroupBy(line => line), line => line.Count() > 1);

        int CountOf(string begin) => lines.Count(line => line.StartsWith(begin, StringComparison.Ordinal));
    }

    [Fact]
    public void EachLineOfAClient_StandsInTheLog_BeforeItsMessageArrives()
    {
        var chunks = new ChunkSet(Random, 10, 1000);
        var tracker = StartNaiveTracker();
        var peer = StartPeer(tracker, chunks, chunks.AllBut(1, 2, 3));
        var late = new EventList<string>();
        tracker.OnReceived = text => NoteUnlessLogged($"client_1,{text}");
        peer.OnRequest = text => NoteUnlessLogged($"client_1,{text},localhost,{peer.Port}");
        StartClient("client_1", tracker.Port, chunks, 1, 2, 3).WaitUntilComplete();

        Assert.Empty(late.All);
        AssertNoFaults(tracker, peer);

        void NoteUnlessLogged(string line)
        {
            if (!Log.Lines.Contains(line))
                late.Add(line);
        }
    }

    [Fact]
    public void EachAnswerOfTheTracker_StandsInTheLog_BeforeItArrives()
    {
        var client = Connect(StartTracker().Port);
        for (int i = 1; i <= 50; i++)
        {
            Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{i}", client.Ask(i));
            Assert.Equal([$"P2PTracker,WHERE_CHUNK,{i}", $"P2PTracker,CHUNK_LOCATION_UNKNOWN,{i}"], Log.Lines.TakeLast(2));
        }
    }

    [Fact]
    public void WhatStoodInTheLogBefore_StaysThere()
    {
        File.WriteAllText(Log.Path, "client_0,WHERE_CHUNK,1\n");
        var client = Connect(StartTracker().Port);
        client.Ask(5);

        Assert.Equal(["client_0,WHERE_CHUNK,1", "P2PTracker,WHERE_CHUNK,5", "P2PTracker,CHUNK_LOCATION_UNKNOWN,5"], Log.Lines);
    }

    [Fact]
    public void AKilledTracker_HasLoggedAllThatItAnswered()
    {
        var tracker = StartTracker();
        var client = Connect(tracker.Port);
        for (int i = 1; i <= 20; i++)
            client.Ask(i);
        tracker.Kill();
        tracker.WaitForExit();

        Assert.Equal(40, Log.Lines.Count);
        Assert.EndsWith("\n", Log.Text);
    }
}
