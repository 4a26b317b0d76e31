using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// Nothing that a stranger sends, to the tracker or to a client's serving side, ends a program, hinders another
/// connection, puts a foreign line into the log, or reaches a file that is not a chunk.
/// </summary>
public sealed class HostileInputTests(ITestOutputHelper output) : SystemTest(output)
{
    // Every line that may ever stand in the log (PROTOCOL 5.2), in one expression.
    private const string Index = @"(0|[1-9]\d{0,9})", Port = @"localhost,[1-9]\d{0,4}";

    private static readonly Regex LogLine = new(
        $@"^(P2PTracker,(LOCAL_CHUNKS,{Index},{Port}|WHERE_CHUNK,{Index}|GET_CHUNK_FROM,{Index}(,{Port})+"
        + $@"|CHUNK_LOCATION_UNKNOWN,{Index})"
        + $@"|client_\d,(LOCAL_CHUNKS,{Index},{Port}|WHERE_CHUNK,{Index}|REQUEST_CHUNK,{Index},{Port}))\z");

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void TheTracker_SurvivesEverything_AndLogsOnlyWholeLinesOfItsOwn()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient witness = Connect(tracker.Port);
        witness.Announce(1, 4001);
        foreach ((string name, byte[] bytes) in HostileInput.All(Random))
        {
            using var stranger = new RawConnection(tracker.Port);
            stranger.TrySend(bytes);
            stranger.HalfClose();
            stranger.ReadToEnd();
            Assert.True(witness.Ask(1).StartsWith("GET_CHUNK_FROM,1,localhost,4001"), name);
        }

        long resident = tracker.ResidentBytes();
        _output.WriteLine($"{resident / 1e6:F1} MB");
        Assert.InRange(resident, 1, 30_000_000);
        Assert.Empty(tracker.Errors.All);
        AssertLogIsWellFormed();
        Assert.Equal(["logs.log"], Directory.GetFileSystemEntries(Folder.Path).Select(path => Path.GetFileName(path)));
        tracker.Terminate();
        Assert.Equal(0, tracker.WaitForExit());
    }

    [Fact]
    public void TheServingSide_SurvivesEverything_AndGivesAwayNothingButChunks()
    {
        var chunks = new ChunkSet(Random, 3, 50_000);
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1, 2);
        tracker.Received.WaitForCount(2, "both announcements");
        string[] before = Directory.GetFileSystemEntries(client.ChunkFolder).Order().ToArray();
        foreach ((string name, byte[] bytes) in HostileInput.All(Random))
        {
            using var stranger = new RawConnection(client.Port);
            stranger.TrySend(bytes);
            stranger.HalfClose();
            (long received, StreamEnd end) = stranger.ReadToEnd();
            // Only a whole request for a chunk that it has is served; all else is a reset without a byte.
            Assert.True(end == StreamEnd.Reset ? received == 0 : received == 50_000,
                $"{name}: {received} bytes, {end}");
            using var honest = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2");
            chunks.AssertChunk(2, honest.Bytes, "what an honest peer gets meanwhile");
        }

        long resident = client.ResidentBytes();
        _output.WriteLine($"{resident / 1e6:F1} MB");
        Assert.InRange(resident, 1, 30_000_000);
        Assert.Empty(client.Errors.All);
        AssertLogIsWellFormed();
        Assert.Equal(before, Directory.GetFileSystemEntries(client.ChunkFolder).Order());
        Assert.Equal(["client_1", "logs.log"],
            Directory.GetFileSystemEntries(Folder.Path).Select(path => Path.GetFileName(path)).Order());
        AssertNoFaults(tracker);
    }

    [Fact]
    public void AClient_ConnectsToNoThirdMachine_WhateverTheTrackerLists()
    {
        var chunks = new ChunkSet(Random, 4, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        string[] elsewhere = ["192.0.2.1", "198.51.100.7", "::ffff:192.0.2.1", "2001:db8::1", "example.org",
            "a\u001b[2J", "..", "192.0.2.1:80"];
        foreach (string host in elsewhere)
            OfferAs(tracker, 2, host, 9);
        OfferAs(tracker, 3, "192.0.2.1", 9);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        var attempts = new HashSet<string>();
        // It asks again and again, and each time its connections are looked at: none is on its way elsewhere.
        for (int round = 1; round <= 5; round++)
        {
            tracker.Received.WaitUntil(all => all.Count(each => each.Text == "WHERE_CHUNK,2") >= round,
                $"question {round} for the chunk");
            foreach (string line in File.ReadLines($"/proc/{client.Id}/net/tcp").Skip(1))
            {
                string remote = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[2];
                if (remote.StartsWith("010200C0") || remote.StartsWith("076433C6"))
                    attempts.Add(remote);
            }
        }
        Assert.Empty(attempts);
        FakePeer good = StartPeer(tracker, chunks, [2, 3, 4]);
        client.WaitUntilComplete();

        chunks.AssertComplete(client.ChunkFolder);
        Assert.Empty(client.Errors.All);
        AssertLogIsWellFormed();
        AssertNoFaults(good);
    }

    [Theory]
    [InlineData("localhost", 0)]
    [InlineData("localhost", 70000)]
    [InlineData("", 4000)]
    [InlineData("a b", 4000)]
    public void AnAnswerThatListsAPeerThatIsNone_StillListsTheOthers(string host, int port)
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        OfferAs(tracker, 2, host, port);
        FakePeer good = StartPeer(tracker, chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        good.Requests.WaitForCount(1, "a request at the good source");
        client.WaitUntilComplete();
        chunks.AssertComplete(client.ChunkFolder);
        AssertNoFaults(good);
    }

    // A stranger's tracker believes whatever a client calls itself.
    private static void OfferAs(NaiveTracker tracker, int index, string host, int port)
    {
        string text = $"LOCAL_CHUNKS,{index},{host},{port}";
        using var liar = new NaiveClient(tracker.Port);
        liar.Send(text);
        tracker.Received.WaitForFirst(message => message.Text == text, "the lie to arrive");
    }

    private void AssertLogIsWellFormed()
    {
        string text = Log.Text;
        Assert.True(text.Length == 0 || text.EndsWith('\n'));
        Assert.DoesNotContain(text, character => character != '\n' && character is < '!' or > '~');
        Assert.All(Log.Lines, line => Assert.Matches(LogLine, line));
    }
}
