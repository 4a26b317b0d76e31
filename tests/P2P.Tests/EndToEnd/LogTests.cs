using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 5: `logs.log`, written by many native processes at once, is whole, in causal order, and each
/// line stands in it before its message leaves.
/// </summary>
[Waits(7)]
public sealed class LogTests(ITestOutputHelper output) : SystemTest(output)
{
    // A log is looked at once a second, by a clock that may be late by some milliseconds.
    private static readonly TimeSpan ALook = TimeSpan.FromSeconds(1.05);

    [Fact]
    public void OverAWholeSwarm_TheLogIsInCausalOrder_AndComplete()
    {
        var watch = Stopwatch.StartNew();
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 40, 5000);
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 5);
        ClientProcess[] clients =
            hands.Select((hand, i) => StartClient($"client_{i + 1}", tracker.Port, chunks, hand)).ToArray();
        foreach (ClientProcess client in clients)
            client.WaitUntilComplete();
        IReadOnlyList<string> lines = Log.WaitUntil(
            all => all.Count(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,", StringComparison.Ordinal)) == 5 * 40,
            "every announcement of every client at the tracker");

        Assert.Empty(LogOrder.FaultsIn(lines));
        for (int i = 0; i < clients.Length; i++)
        {
            (string name, int port) = (clients[i].Name, clients[i].Port);
            Assert.Equal(chunks.Indexes, IndexesOf($"{name},LOCAL_CHUNKS,").Order());
            Assert.All(lines.Where(line => line.StartsWith($"{name},LOCAL_CHUNKS,", StringComparison.Ordinal)),
                line => Assert.EndsWith($",localhost,{port}", line));
            // A transfer that has lasted for 2 s is slow, and its chunk is asked of another peer as well.
            IOrderedEnumerable<int> requested = IndexesOf($"{name},REQUEST_CHUNK,").Order();
            Assert.Equal(chunks.AllBut([.. hands[i]]),
                watch.Elapsed < TimeSpan.FromSeconds(2) ? requested : requested.Distinct());
            Assert.Equal(chunks.AllBut([.. hands[i]]), IndexesOf($"{name},WHERE_CHUNK,").Distinct().Order());
        }

        IEnumerable<int> IndexesOf(string begin) =>
            lines.Where(line => line.StartsWith(begin, StringComparison.Ordinal))
                .Select(line => int.Parse(line.Split(',')[2]));
    }

    [Fact]
    public void TwentyProcessesOnOneLog_LoseAndTearNoLine()
    {
        const int Chunks = 200;
        const int Holders = 18;
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, Chunks, 1);
        ClientProcess[] holders = Enumerable.Range(1, Holders)
            .Select(i => StartClient($"holder_{i}", tracker.Port, chunks, chunks.Indexes)).ToArray();
        var watch = Stopwatch.StartNew();
        ClientProcess fetcher = StartClient("fetcher", tracker.Port, chunks);
        fetcher.WaitUntilComplete();
        TimeSpan elapsed = watch.Elapsed;
        IReadOnlyList<string> lines = Log.WaitUntil(
            all => all.Count(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,",
                StringComparison.Ordinal)) == (Holders + 1) * Chunks,
            "every announcement at the tracker");

        Assert.Empty(LogOrder.FaultsIn(lines));
        foreach (ClientProcess client in holders.Append(fetcher))
            Assert.Equal(Chunks, CountOf($"{client.Name},LOCAL_CHUNKS,"));
        // A chunk for which a peer lets the client wait for so long is asked of another one as well.
        if (elapsed < ClientLimits.QueueTimeout)
            Assert.Equal(Chunks, CountOf("fetcher,REQUEST_CHUNK,"));
        Assert.Equal(Chunks, lines.Where(line => line.StartsWith("fetcher,REQUEST_CHUNK,", StringComparison.Ordinal))
            .Select(line => line.Split(',')[2]).Distinct().Count());
        int questions = CountOf("P2PTracker,WHERE_CHUNK,");
        Assert.Equal(questions, CountOf("fetcher,WHERE_CHUNK,"));
        Assert.Equal(questions, CountOf("P2PTracker,GET_CHUNK_FROM,") + CountOf("P2PTracker,CHUNK_LOCATION_UNKNOWN,"));
        // Only questions and their answers may come twice: every other line is there once.
        // (A slow chunk's other peer is another line.)
        Assert.DoesNotContain(lines.Where(line => line.Contains(",LOCAL_CHUNKS,") || line.Contains(",REQUEST_CHUNK,"))
            .GroupBy(line => line), line => line.Count() > 1);

        int CountOf(string begin) => lines.Count(line => line.StartsWith(begin, StringComparison.Ordinal));
    }

    [Fact]
    public void EachLineOfAClient_StandsInTheLog_BeforeItsMessageArrives()
    {
        var chunks = new ChunkSet(Random, 10, 1000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1, 2, 3));
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
        NaiveClient client = Connect(StartTracker().Port);
        for (int i = 1; i <= 50; i++)
        {
            Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{i}", client.Ask(i));
            Assert.Equal([$"P2PTracker,WHERE_CHUNK,{i}", $"P2PTracker,CHUNK_LOCATION_UNKNOWN,{i}"],
                Log.Lines.TakeLast(2));
        }
    }

    [Fact]
    public void WhatStoodInTheLogBefore_StaysThere()
    {
        File.WriteAllText(Log.Path, "client_0,WHERE_CHUNK,1\n");
        NaiveClient client = Connect(StartTracker().Port);
        client.Ask(5);

        Assert.Equal(
            ["client_0,WHERE_CHUNK,1", "P2PTracker,WHERE_CHUNK,5", "P2PTracker,CHUNK_LOCATION_UNKNOWN,5"], Log.Lines);
    }

    [Fact]
    public void AKilledTracker_HasLoggedAllThatItAnswered()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        for (int i = 1; i <= 20; i++)
            client.Ask(i);
        tracker.Kill();
        tracker.WaitForExit();

        Assert.Equal(40, Log.Lines.Count);
        Assert.EndsWith("\n", Log.Text);
    }

    // Questions come all the time, so the log is looked at a second after the last look, and not after a pause.
    [Theory]
    [InlineData("removed")]
    [InlineData("renamed")]
    [InlineData("truncated")]
    [InlineData("its folder replaced")]
    public void ALogTakenAwayFromARunningTracker_IsMadeAnewWithinASecond(string change)
    {
        string folder = Folder.MakeFolder("work");
        var log = new LogReader(Path.Combine(folder, "logs.log"));
        TrackerProcess tracker = Own(new TrackerProcess(folder, "-port", "0"));
        NaiveClient client = Connect(tracker.Port);
        client.Ask(1);
        switch (change)
        {
            case "removed":
                File.Delete(log.Path);
                break;
            case "renamed":
                File.Move(log.Path, log.Path + ".1");
                break;
            case "truncated":
                File.WriteAllText(log.Path, "");
                break;
            default:
                Directory.Delete(folder, recursive: true);
                Directory.CreateDirectory(folder);
                break;
        }
        var watch = Stopwatch.StartNew();
        int index = 1;
        while (watch.Elapsed < ALook)
            client.Ask(++index);
        client.Ask(++index);

        Assert.Equal([$"P2PTracker,WHERE_CHUNK,{index}", $"P2PTracker,CHUNK_LOCATION_UNKNOWN,{index}"],
            log.Lines.TakeLast(2));
        Assert.StartsWith("P2PTracker,WHERE_CHUNK,", log.Text);
        if (change == "renamed")
            Assert.EndsWith("\n", File.ReadAllText(log.Path + ".1"));
        Assert.Empty(tracker.Errors.All);
    }

    [Fact]
    public void ALogRemovedUnderTwentyProcesses_IsOneFileAgain_AndHasEveryLaterLine()
    {
        const int Fetchers = 19;
        var chunks = new ChunkSet(Random, 40, 1);
        TrackerProcess tracker = StartTracker();
        IEnumerable<string> names = Enumerable.Range(1, Fetchers).Select(i => $"client_{i}");
        ClientProcess[] fetchers = names.Select(name => StartClient(name, tracker.Port, chunks)).ToArray();
        foreach (ClientProcess fetcher in fetchers)
            Log.WaitUntil(lines => CountOf(lines, $"{fetcher.Name},WHERE_CHUNK,") > 0, "a question of each");
        File.Delete(Log.Path);
        // Each asks again and again for what nobody has: its next question after a second stands in the new file.
        Log.WaitUntil(AreAllIn, "each in the new log");

        ClientProcess seed = StartClient("seed", tracker.Port, chunks, chunks.Indexes);
        foreach (ClientProcess fetcher in fetchers)
            fetcher.WaitUntilComplete();
        int announcements = (Fetchers + 1) * chunks.Count;
        IReadOnlyList<string> lines = Log.WaitUntil(all => CountOf(all, "P2PTracker,LOCAL_CHUNKS,") == announcements,
            "every announcement");
        foreach (ClientProcess client in fetchers.Append(seed))
            Assert.Equal(chunks.Indexes, IndexesOf(lines, $"{client.Name},LOCAL_CHUNKS,").Order());
        foreach (ClientProcess fetcher in fetchers)
            Assert.Equal(chunks.Indexes, IndexesOf(lines, $"{fetcher.Name},REQUEST_CHUNK,").Distinct().Order());
        Assert.All(fetchers.Append<NativeProcess>(tracker).Append(seed), process => Assert.Empty(process.Errors.All));

        bool AreAllIn(IReadOnlyList<string> all) => CountOf(all, "P2PTracker,CHUNK_LOCATION_UNKNOWN,") > 0
            && fetchers.All(fetcher => CountOf(all, $"{fetcher.Name},WHERE_CHUNK,") > 0);

        static int CountOf(IEnumerable<string> all, string begin) => IndexesOf(all, begin).Count();

        static IEnumerable<int> IndexesOf(IEnumerable<string> all, string begin) =>
            all.Where(line => line.StartsWith(begin, StringComparison.Ordinal))
                .Select(line => int.Parse(line.Split(',')[2]));
    }

    [Theory]
    [InlineData("P2PTracker")]
    [InlineData("P2PClient")]
    public void APipeThatNobodyReads_HoldsUpNoStart_AndGetsTheLinesWhenSomebodyDoes(string program)
    {
        string pipe = MakePipe();
        (NativeProcess process, EventList<string> errors) = StartWithLog(program, pipe);
        string said = Assert.Single(errors.WaitForCount(1, "a line about the pipe"));
        Assert.Contains($"lines for the log {pipe} are lost: nobody reads them", said);

        // Who asks for a chunk that nobody has asks again and again.
        using (var reader = new StreamReader(new FileStream(pipe, FileMode.Open, FileAccess.Read)))
        {
            string? line = reader.ReadLine();
            Assert.Matches(
                $"^{(program == "P2PTracker" ? program : "client_1")},(WHERE_CHUNK|CHUNK_LOCATION_UNKNOWN),2$", line);
        }
        process.Terminate();
        Assert.Equal(0, process.WaitForExit());
        Assert.Single(errors.All);
    }

    [Fact]
    public void APipeWhoseReaderStops_HoldsUpNobody_AndIsNeverTorn()
    {
        string pipe = MakePipe();
        TrackerProcess tracker = StartTracker("-log", pipe);
        using var reader = new FileStream(pipe, FileMode.Open, FileAccess.Read);
        NaiveClient client = Connect(tracker.Port);
        // A pipe holds 64 KiB, or 1,000 pairs of these lines.
        for (int i = 1; i <= 3000; i++)
            Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{i}", client.Ask(i));
        Assert.Contains("nobody reads them", Assert.Single(tracker.Errors.WaitForCount(1, "a line about the pipe")));

        byte[] bytes = new byte[256 << 10];
        string text = "";
        Read();     // all that it holds: the next question finds room
        client.Ask(3001);
        Read();
        Assert.EndsWith("\nP2PTracker,WHERE_CHUNK,3001\nP2PTracker,CHUNK_LOCATION_UNKNOWN,3001\n", text);
        Assert.All(text.Split('\n')[..^1],
            line => Assert.Matches("^P2PTracker,(WHERE_CHUNK|CHUNK_LOCATION_UNKNOWN),[0-9]+$", line));

        void Read()
        {
            do
                text += Encoding.Latin1.GetString(bytes, 0, reader.Read(bytes));
            while (!text.EndsWith('\n') || text.Length < 60_000);
        }
    }

    // PROTOCOL 5.1: the programs go on, and tell of it once.
    [Theory]
    [InlineData("P2PTracker")]
    [InlineData("P2PClient")]
    public void ALogThatTakesNoLine_IsToldOnce_AndTheWorkGoesOn(string program)
    {
        (NativeProcess process, EventList<string> errors) = StartWithLog(program, "/dev/full");
        Assert.Contains("lines for the log /dev/full are lost: No space left on device",
            Assert.Single(errors.WaitForCount(1, "a line")));
        process.Terminate();
        Assert.Equal(0, process.WaitForExit());
        Assert.Single(errors.All);
    }

    // A tracker that is asked, or a client that asks, again and again for a chunk that nobody has.
    private (NativeProcess Process, EventList<string> Errors) StartWithLog(string program, string log)
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        TrackerProcess tracker = program == "P2PTracker"
            ? StartTracker("-log", log) : StartTracker("-log", Folder["tracker.log"]);
        ClientProcess client =
            StartClient("client_1", tracker.Port, "-log", program == "P2PClient" ? log : Folder["client.log"]);
        _ = client.Port;
        NativeProcess process = program == "P2PTracker" ? tracker : client;
        return (process, process.Errors);
    }

    private string MakePipe()
    {
        string pipe = Folder["pipe"];
        using var mkfifo = new NativeProcess("mkfifo", Folder.Path, pipe);
        Assert.Equal(0, mkfifo.WaitForExit());
        return pipe;
    }
}
