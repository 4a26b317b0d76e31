using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 4.6: a chunk that has its final name is never fetched again, however the client ended; and a folder
/// belongs to one client.
/// </summary>
public sealed class ArrivalTests(ITestOutputHelper output) : SystemTest(output)
{
    private const string Journal = ".local_chunks.journal";

    [Fact]
    public void WhateverEndsAClient_NothingThatHasArrivedIsFetchedAgain()
    {
        var chunks = new ChunkSet(Random, 2000, index => 100 + index % 7000);
        TrackerProcess tracker = StartTracker();
        StartClient("seed", tracker.Port, chunks, chunks.Indexes).WaitUntilComplete();
        chunks.DealTo(Folder.MakeFolder("client_1"));
        int logged = 0;
        for (int run = 0; run < 12; run++)
        {
            int[] held = FinalChunks("client_1");
            ClientProcess client = StartClient("client_1", tracker.Port);
            int more = Random.Next(20, 160);
            Log.WaitUntil(lines => Requests(lines.Skip(logged)).Length >= more
                || Requests(lines).Distinct().Count() == chunks.Count, "more requests");
            Action[] ends = [client.Kill, client.Terminate, client.HangUp, client.Kill];
            ends[run % ends.Length]();
            client.WaitForExit();

            IReadOnlyList<string> lines = Log.Lines;
            Assert.Empty(Requests(lines.Skip(logged)).Intersect(held));
            logged = lines.Count;
        }

        int[] last = FinalChunks("client_1");
        ClientProcess again = StartClient("client_1", tracker.Port);
        again.WaitUntilComplete();
        Assert.Empty(Requests(Log.Lines.Skip(logged)).Intersect(last));
        chunks.AssertComplete(again.ChunkFolder);
        Assert.False(File.Exists(Path.Combine(again.ChunkFolder, Journal)),
            "the list has everything, and yet there is a journal");

        int[] FinalChunks(string name) =>
            chunks.Indexes.Where(index => File.Exists(Path.Combine(Folder[name], $"chunk_{index}"))).ToArray();

        static int[] Requests(IEnumerable<string> lines) =>
            lines.Where(line => line.StartsWith("client_1,REQUEST_CHUNK,", StringComparison.Ordinal))
                .Select(line => int.Parse(line.Split(',')[2])).ToArray();
    }

    [Fact]
    public void WhatTheJournalNames_IsHeld_IfItIsThereInItsSize()
    {
        var chunks = new ChunkSet(Random, 5, 1000);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, chunks.Indexes);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2, 3, 4);
        File.WriteAllText(InFolder("local_chunks.txt"), "1,chunk_1\n5,LASTCHUNK\n");
        WriteJournal("\n2,1000\n3,999\n77,1000\nx,1\n5,1000\n4,10");       // cut off
        ClientProcess client = StartClient("client_1", tracker.Port);
        client.WaitUntilComplete();

        Assert.StartsWith("client_1: 2 of 5 chunks,", client.ReadyLine);
        Assert.Equal([3, 4, 5], peer.Requests.All.Select(each => each.Index).Order());
        chunks.AssertComplete(client.ChunkFolder);
        Assert.Empty(client.Errors.All);
    }

    // Whoever writes a new list into a folder says what is held from then on; what lies there may be of another set.
    [Fact]
    public void AJournalOfAnotherList_IsNotBelieved()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2);
        File.WriteAllText(InFolder("local_chunks.txt"), "1,chunk_1\n2,LASTCHUNK\n");
        WriteJournal("\n2,1000");
        File.WriteAllBytes(InFolder("chunk_2"), new byte[1000]);
        File.WriteAllText(InFolder("local_chunks.txt"), "1,chunk_1\n2,LASTCHUNK\n\n");
        ClientProcess client = StartClient("client_1", StartNaiveTracker().Port);
        Assert.StartsWith("client_1: 1 of 2 chunks,", client.ReadyLine);
        Assert.False(File.Exists(InFolder(Journal)));
    }

    // Started again in a hurry: the last list of the one that ends is the first of the one that comes.
    [Fact]
    public void AClientThatEnds_IsWaitedForByTheNext_WhichReadsItsLastList()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        foreach (int attempt in Patience.Attempts("an end within the patience of the next client"))
        {
            string name = $"client_{attempt}";
            NaiveTracker tracker = StartNaiveTracker();
            StartPeer(tracker, chunks, [2]);
            ClientProcess first = StartClient(name, tracker.Port, chunks, 1);
            tracker.Received.WaitForFirst(
                each => each.Text == $"LOCAL_CHUNKS,2,localhost,{first.Port}", "chunk 2 announced");
            ClientProcess next = StartClient(name, tracker.Port);
            Patience.Pause(TimeSpan.FromMilliseconds(200));     // it finds the folder taken
            FolderTests.AssertStops(first, first.Terminate);
            next.Output.WaitUntil(lines => lines.Count > 0 || next.HasExited, "a line");
            if (next.HasExited) continue;
            Assert.StartsWith($"{name}: 2 of 3 chunks,", next.ReadyLine);
            return;
        }
    }

    [Fact]
    public void WhatTheSumsProveRight_IsHeld()
    {
        File.WriteAllBytes(Folder["film"], Enumerable.Range(0, 5000).Select(i => (byte)(i * i >> 3)).ToArray());
        NativeProcess split = Own(new NativeProcess(NativePrograms.Client, Folder.Path, "split", "film", "-folder",
            "client_1", "-chunk_size", "1000"));
        Assert.Equal(0, split.WaitForExit());
        File.WriteAllText(InFolder("local_chunks.txt"), "1,chunk_1\n5,LASTCHUNK\n");
        byte[] wrong = File.ReadAllBytes(InFolder("chunk_3"));
        wrong[500] ^= 1;
        File.WriteAllBytes(InFolder("chunk_3"), wrong);
        File.WriteAllBytes(InFolder("chunk_4"), wrong[..999]);
        ClientProcess client = StartClient("client_1", StartNaiveTracker().Port);

        Assert.StartsWith("client_1: 3 of 5 chunks,", client.ReadyLine);        // 1, and 2 and 5
        FolderTests.AssertStops(client, client.Terminate);
        FolderTests.AssertList(client.ChunkFolder, "1,chunk_1", "2,chunk_2", "5,chunk_5", "5,LASTCHUNK");
    }

    [Fact]
    public void ASecondClientInAFolder_IsRefused_AndHarmsNothing()
    {
        var chunks = new ChunkSet(Random, 3, 300_000);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 1000, End = PeerEnd.Silence });
        ClientProcess first = StartClient("client_1", tracker.Port, chunks, 1);
        FolderWatch.WaitForFile(first.ChunkFolder,
            file => file.StartsWith(".chunk_", StringComparison.Ordinal), "a temporary file");
        string[] files = FolderTests.FilesIn(first.ChunkFolder);

        ClientProcess second = StartClient("client_1", tracker.Port);
        ClientProcess fresh = StartClient("client_1", tracker.Port, "-chunks", "3");
        Assert.Equal(1, second.WaitForExit());
        Assert.Equal(1, fresh.WaitForExit());
        Assert.Contains($"another P2PClient is using {first.ChunkFolder}", Assert.Single(second.Errors.All));
        Assert.Equal(files, FolderTests.FilesIn(first.ChunkFolder));
        Assert.False(first.HasExited);

        first.Kill();
        first.WaitForExit();
        _ = StartClient("client_1", tracker.Port).ReadyLine;        // the lock has gone with its process
    }

    [Fact]
    public void AClosedTerminal_EndsBothPrograms()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        TrackerProcess tracker = StartTracker();
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        _ = client.ReadyLine;
        FolderTests.AssertStops(client, client.HangUp);
        FolderTests.AssertStops(tracker, tracker.HangUp);
    }

    // As a client writes it whose list is the one that is there.
    private void WriteJournal(string lines)
    {
        var list = new FileInfo(InFolder("local_chunks.txt"));
        File.WriteAllText(InFolder(Journal), $"\nlist,{list.Length},{list.LastWriteTimeUtc.Ticks}{lines}");
    }

    private string InFolder(string name) => Path.Combine(Folder.MakeFolder("client_1"), name);
}
