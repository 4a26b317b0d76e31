using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// PROTOCOL 4, `local_chunks.txt`, and the errors and ends of a native client: what it says, with which exit
/// code, and what lies in the folder afterwards.
/// </summary>
public sealed class FolderTests : SystemTest
{
    private readonly ChunkSet _chunks;

    public FolderTests(ITestOutputHelper output) : base(output) =>
        _chunks = new ChunkSet(Random, 3, index => 300_000 + index);

    [Theory]
    [InlineData("1,chunk_1\n2,chunk_2\n3,LASTCHUNK\n")]
    [InlineData("1,chunk_1\r\n2,chunk_2\r\n3,LASTCHUNK\r\n")]
    [InlineData("1,chunk_1\n2,chunk_2\n3,LASTCHUNK")]
    [InlineData("\n1,chunk_1\n\n\r\n2,chunk_2\n\n3,LASTCHUNK\n\n\n")]
    [InlineData(" 1 , chunk_1 \n\t2,\tchunk_2\n 3 , LASTCHUNK \n")]
    [InlineData("2,chunk_2\n1,chunk_1\n3,LASTCHUNK\n")]
    public void AListInAnyFormThatPeopleWrite_IsRead(string list)
    {
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartOnList(list, tracker.Port);

        Assert.Equal($"client_1: 2 of 3 chunks, serving on port {client.Port}, tracker localhost:{tracker.Port}",
            client.ReadyLine);
        Assert.Equal([1, 2], tracker.Received.WaitUntil(_ => tracker.Questions.Count > 0, "a question")
            .Select(each => each.Text.Split(',')).Where(fields => fields[0] == "LOCAL_CHUNKS")
            .Select(fields => int.Parse(fields[1])).Order());
        Assert.Empty(client.Errors.All);
    }

    [Fact]
    public void ANameMayBeWrittenInFull_AndAChunkMayBeCalledLastChunk()
    {
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2, 3);
        File.Move(Path.Combine(Folder["client_1"], "chunk_3"), Path.Combine(Folder["client_1"], "LASTCHUNK"));
        File.WriteAllText(Path.Combine(Folder["client_1"], "local_chunks.txt"),
            $"1,{Folder["link"]}//chunk_1\n2,{Folder["client_1"]}/chunk_2\n3,LASTCHUNK\n3,LASTCHUNK\n");
        Directory.CreateSymbolicLink(Folder["link"], Folder["client_1"]);
        ClientProcess client = StartClient("client_1", StartNaiveTracker().Port);
        client.WaitUntilComplete();

        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,3");
        _chunks.AssertChunk(3, fetcher.Bytes, "what was served");
        Assert.Empty(client.Errors.All);
    }

    [Fact]
    public void EachLineThatCannotBeUsed_IsWarnedAboutByItsNumber_AndSkipped()
    {
        Folder.MakeFolder("client_1");
        File.WriteAllText(Folder["outside.bin"], "outside");
        File.CreateSymbolicLink(Path.Combine(Folder["client_1"], "link"), Folder["outside.bin"]);
        Directory.CreateDirectory(Path.Combine(Folder["client_1"], "folder"));
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartOnList(string.Join('\n',
            "1,chunk_1",                                 // line 1
            "",
            "2,missing.bin",                             // line 3: no such file
            "0,chunk_2",                                 // line 4: out of range
            "700,chunk_2",                               // line 5: out of range
            "1,chunk_2",                                 // line 6: a second line for an index
            "3,../outside.bin",                          // line 7: leaves the folder
            $"3,{Folder["outside.bin"]}",                // line 8: leaves the folder
            "3,link",                                    // line 9: leaves the folder
            "2,",                                        // line 10: names no file
            "2,folder",                                  // line 11: not a file
            "600,LASTCHUNK"), tracker.Port);

        Assert.StartsWith("client_1: 1 of 600 chunks,", client.ReadyLine);
        IReadOnlyList<TrackerMessage> received =
            tracker.Received.WaitUntil(_ => tracker.Questions.Count > 0, "a question");
        Assert.Equal([$"LOCAL_CHUNKS,1,localhost,{client.Port}"],
            received.Select(each => each.Text)
                .Where(text => text.StartsWith("LOCAL_CHUNKS", StringComparison.Ordinal)));
        IReadOnlyList<string> warnings = client.Errors.WaitForCount(9, "a warning about each line");
        for (int number = 3; number <= 11; number++)
            Assert.Single(warnings, line => Regex.IsMatch(line, $@"(line |:){number}\b"));
        Assert.Equal(9, warnings.Count);
        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,3");
        Assert.Equal(StreamEnd.Reset, fetcher.End);
    }

    [Fact]
    public void AFolderThatIsMissing_IsAClearError() =>
        AssertFails(2, Folder["nowhere"], "nowhere");

    [Fact]
    public void AFolderWithoutItsList_IsAClearError() =>
        AssertFails(2, Folder.MakeFolder("client_1"), "local_chunks.txt");

    [Fact]
    public void AFileInsteadOfAFolder_IsAClearError()
    {
        File.WriteAllText(Folder["client_1"], "");
        AssertFails(2, Folder["client_1"], "client_1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,chunk_1\n2,chunk_2\n")]
    [InlineData("1,chunk_1\nx,LASTCHUNK\n")]
    public void AListWithoutLastChunk_IsAClearError(string list)
    {
        string folder = Folder.MakeFolder("client_1");
        _chunks.DealTo(folder, 1, 2);
        File.WriteAllText(Path.Combine(folder, "local_chunks.txt"), list);
        AssertFails(2, folder, "LASTCHUNK");
    }

    [Fact]
    public void AClientStartedAgain_GoesOnWhereItWas()
    {
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, _chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        tracker.Received.WaitForFirst(
            each => each.Text == $"LOCAL_CHUNKS,2,localhost,{client.Port}", "chunk 2 announced");
        AssertStops(client, client.Terminate);
        AssertList(client.ChunkFolder, "1,chunk_1", "2,chunk_2", "3,LASTCHUNK");

        FakePeer late = StartPeer(tracker, _chunks, [3]);
        ClientProcess again = StartClient("client_1", tracker.Port);
        again.WaitUntilComplete();

        Assert.StartsWith("client_1: 2 of 3 chunks,", again.ReadyLine);
        Assert.Single(peer.Requests.All);                // chunk 2 was not fetched a second time
        _chunks.AssertComplete(again.ChunkFolder);
        AssertStops(again, again.Terminate);
        AssertList(again.ChunkFolder, "1,chunk_1", "2,chunk_2", "3,chunk_3", "3,LASTCHUNK");
        AssertNoFaults(tracker, peer, late);
    }

    [Fact]
    public void TheListIsRewritten_WhileTheClientRuns_SoThatAKilledOneGoesOnToo()
    {
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, _chunks, [2]);
        StartPeer(tracker, _chunks, [3], new PeerManners { BytesAtMost = 1000, End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        FolderWatch.WaitUntil(client.ChunkFolder, () => ReadList(client.ChunkFolder).Contains("2,chunk_2"),
            "chunk 2 in the list",
            () => string.Join("\n", ReadList(client.ChunkFolder)));
        client.Kill();
        client.WaitForExit();
        AssertList(client.ChunkFolder, "1,chunk_1", "2,chunk_2", "3,LASTCHUNK");

        NaiveTracker next = StartNaiveTracker();
        StartPeer(next, _chunks, [3]);
        ClientProcess again = StartClient("client_1", next.Port);
        again.WaitUntilComplete();
        _chunks.AssertComplete(again.ChunkFolder);       // without what the killed one left of chunk 3
        Assert.Equal([3], next.Questions);
    }

    [Fact]
    public void TheListIsRewritten_ByRename_AtMostOnceASecond()
    {
        var chunks = new ChunkSet(Random, 40, 2000);
        NaiveTracker tracker = StartNaiveTracker();
        // 40 chunks in no less than 2 s
        StartPeer(tracker, chunks, chunks.Indexes,
            new PeerManners { OneAtATime = true, PartBytes = 1000, PartGap = TimeSpan.FromMilliseconds(50) });
        var rewritten = new EventList<string>();
        using var watcher = new FileSystemWatcher(Folder.MakeFolder("client_1"));
        watcher.Renamed += (_, change) =>
        {
            if (change.Name == "local_chunks.txt")
                rewritten.Add(change.Name);
        };
        watcher.NotifyFilter = NotifyFilters.FileName;
        var watch = Stopwatch.StartNew();
        chunks.DealTo(Folder["client_1"]);
        watcher.EnableRaisingEvents = true;
        ClientProcess client = StartClient("client_1", tracker.Port);
        client.WaitUntilComplete();
        AssertStops(client, client.Terminate);

        // Once a second, at the end, and perhaps once more at the start or the stop. Notices come in their own time, so
        // the last of them may be missing.
        rewritten.WaitForCount(1, "the list to be written anew");
        Assert.True(rewritten.Count <= 3 + (int)watch.Elapsed.TotalSeconds,
            $"written {rewritten.Count} times in {watch.Elapsed}");
        Assert.Equal(41, ReadList(client.ChunkFolder).Length);
    }

    [RootFact]
    public void ADiskThatIsFull_IsToldOnce_AndTheChunkComesWhenThereIsRoom()
    {
        var chunks = new ChunkSet(Random, 2, index => index == 1 ? 1000 : 3 << 20);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, [2]);
        OtherMachine.WithSmallDisk(Folder.MakeFolder("client_1"), 4 << 20, () =>
        {
            chunks.DealTo(Folder["client_1"], 1);
            File.WriteAllBytes(Path.Combine(Folder["client_1"], "filler"), new byte[2 << 20]);
            ClientProcess client = StartClient("client_1", tracker.Port);
            peer.Requests.WaitForCount(3, "three attempts");

            Assert.Contains("client_1", Assert.Single(client.Errors.WaitForCount(1, "word of the disk")));
            File.Delete(Path.Combine(Folder["client_1"], "filler"));
            client.WaitUntilComplete();
            chunks.AssertComplete(client.ChunkFolder);
            AssertStops(client, client.Terminate);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AClientInMidTransfer_Stops_AndLeavesNoTemporaryFile(bool interrupt)
    {
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, _chunks, [2, 3], new PeerManners { BytesAtMost = 100_000, End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1);
        FolderWatch.WaitForFile(client.ChunkFolder, name => name.StartsWith(".chunk_", StringComparison.Ordinal),
            "the temporary file of a chunk");

        AssertStops(client, interrupt ? client.Interrupt : client.Terminate);

        Assert.Equal(["chunk_1", "local_chunks.txt"], FilesIn(client.ChunkFolder));
        AssertList(client.ChunkFolder, "1,chunk_1", "3,LASTCHUNK");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ACompleteClient_ServesOn_UntilItIsToldToStop(bool interrupt)
    {
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartClient("client_1", tracker.Port, _chunks, 1, 2, 3);
        client.WaitUntilComplete();
        using var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,3");
        _chunks.AssertChunk(3, fetcher.Bytes, "what was served");

        AssertStops(client, interrupt ? client.Interrupt : client.Terminate);
        Assert.Empty(client.Errors.All);
    }

    [Fact]
    public void ASignalRightAfterTheFirstLine_IsObeyedToo()
    {
        using Socket refusing = FreePort.Refusing(out int port);
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        for (int i = 0; i < 20; i++)
        {
            ClientProcess client = StartClient("client_1", port);
            _ = client.ReadyLine;
            AssertStops(client, client.Terminate);
            TrackerProcess tracker = StartTracker();
            AssertStops(tracker, tracker.Terminate);
        }
    }

    /// <summary>Sends the signal; the process must end with exit code 0. How soon is a matter of
    /// <see cref="StopTests"/>.</summary>
    internal static void AssertStops(NativeProcess process, Action signal)
    {
        signal();
        Assert.Equal(0, process.WaitForExit());
    }

    /// <summary>Fails unless the folder's list holds these lines, the last one last, the others in any order.</summary>
    internal static void AssertList(string folder, params string[] lines)
    {
        string[] list = ReadList(folder);
        Assert.Equal(lines.Order(StringComparer.Ordinal), list.Order(StringComparer.Ordinal));
        Assert.Equal(lines[^1], list[^1]);
    }

    /// <summary>The names of all files in the folder, sorted.</summary>
    internal static string[] FilesIn(string folder) =>
        Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToArray();

    private static string[] ReadList(string folder) => File.ReadAllLines(Path.Combine(folder, "local_chunks.txt"));

    private ClientProcess StartOnList(string list, int trackerPort)
    {
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2);
        File.WriteAllText(Path.Combine(Folder["client_1"], "local_chunks.txt"), list);
        return StartClient("client_1", trackerPort);
    }

    /// <summary>A client on this folder ends with that exit code and one line on stderr that names the thing.</summary>
    private void AssertFails(int exitCode, string folder, string named)
    {
        ClientProcess client = Own(new ClientProcess(Folder.Path, "client_1", folder,
            "-folder", folder, "-name", "client_1", "-tracker", "localhost:1"));

        Assert.Equal(exitCode, client.WaitForExit());
        string line = Assert.Single(client.Errors.All);
        Assert.Contains(named, line);
        Assert.Empty(Log.Lines);
    }
}
