using System;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// Disks that fill up and files that change under a running client: no wrong chunk leaves it, one clear line tells the
/// operator, and all is well as soon as it can be.
/// </summary>
[Waits(8)]
public sealed class DiskFaultTests(ITestOutputHelper output) : SystemTest(output)
{
    [RootFact]
    public void AFullDisk_DropsTheChunk_SaysSoOnce_ServesOn_AndFinishesWhenThereIsRoom()
    {
        const int chunkBytes = 300 << 10;
        var chunks = new ChunkSet(Random, 8, chunkBytes);
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, chunks.AllBut(1));
        OtherMachine.WithSmallDisk(Folder.MakeFolder("client_1"), 4 << 20, () =>
        {
            string filler = Path.Combine(Folder["client_1"], "filler");
            chunks.DealTo(Folder["client_1"], 1);
            File.WriteAllBytes(filler, new byte[(4 << 20) - 4 * chunkBytes]);
            ClientProcess client = StartClient("client_1", tracker.Port);
            client.Errors.WaitForFirst(line => line.Contains("can't store chunks in"), "one clear line");
            int before = peer.Requests.Count;
            peer.Requests.WaitForCount(before + 1, "another attempt");

            Assert.DoesNotContain(client.Output.All, line => line.Contains(": complete"));
            foreach (int index in chunks.Indexes.Where(
                index => File.Exists(Path.Combine(Folder["client_1"], $"chunk_{index}"))))
            {
                chunks.AssertChunk(index, Path.Combine(Folder["client_1"], $"chunk_{index}"));
                using var fetcher = FakeFetcher.Fetch(client.Port, $"REQUEST_CHUNK,{index}");
                Assert.Equal(StreamEnd.Clean, fetcher.End);
                chunks.AssertChunk(index, fetcher.Bytes, "what the client with the full disk serves");
            }
            File.Delete(filler);
            // Told once, and again only if a chunk found room in between.
            int stored = chunks.AllBut(1)
                .Count(index => File.Exists(Path.Combine(Folder["client_1"], $"chunk_{index}")));
            client.WaitUntilComplete();
            chunks.AssertComplete(Folder["client_1"]);
            Assert.InRange(client.Errors.Count, 1, 1 + stored);
        });
        AssertNoFaults(tracker);        // the source sees its transfers end early: nothing else can be done
    }

    [RootFact]
    public void ASourceThatSendsForEver_FillsTheDiskForAMoment_AndIsLeftForAGoodOne()
    {
        var chunks = new ChunkSet(Random, 6, 300_000);
        NaiveTracker tracker = StartNaiveTracker();
        byte[] noise = new byte[64 * 1024];
        ScriptedPeer endless = Own(new ScriptedPeer((_, socket, _) =>
        {
            while (true)
                ScriptedPeer.Send(socket, noise);
        }));
        tracker.Offer(chunks.AllBut(1), endless.Port);
        OtherMachine.WithSmallDisk(Folder.MakeFolder("client_1"), 8 << 20, () =>
        {
            chunks.DealTo(Folder["client_1"], 1);
            ClientProcess client = StartClient("client_1", tracker.Port);
            client.Errors.WaitForFirst(line => line.Contains("can't store chunks in"), "the disk to be full");
            FakePeer good = StartPeer(tracker, chunks, chunks.AllBut(1));
            client.WaitUntilComplete();
            chunks.AssertComplete(client.ChunkFolder);
            Assert.False(client.HasExited);
            AssertNoFaults(tracker, good);
        });
    }

    [Fact]
    public void AFolderRemovedWhileRunning_CostsItsChunks_UntilItIsThereAgain()
    {
        var chunks = new ChunkSet(Random, 3, 5000);
        NaiveTracker tracker = StartNaiveTracker();
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, chunks.Indexes);
        client.WaitUntilComplete();
        Directory.Delete(client.ChunkFolder, recursive: true);
        foreach (int index in chunks.Indexes)
        {
            using var fetcher = FakeFetcher.Fetch(client.Port, $"REQUEST_CHUNK,{index}");
            Assert.Equal(StreamEnd.Reset, fetcher.End);
        }
        client.Errors.WaitForCount(3, "a line for each chunk that has gone");
        FakePeer peer = StartPeer(tracker, chunks, chunks.Indexes);
        client.Errors.WaitForFirst(line => line.Contains("can't store chunks in"), "a line about the folder");

        Directory.CreateDirectory(client.ChunkFolder);
        client.Output.WaitUntil(lines => lines.Count(line => line.Contains(": complete, all ")) == 2,
            "all to be there again");
        chunks.AssertComplete(client.ChunkFolder);
        Assert.Equal(4, client.Errors.Count);
        AssertNoFaults(tracker);        // the peer may see the client go in the middle of what it can't store
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("truncated")]
    [InlineData("grown")]
    public void AListedFileThatChanges_IsNotAnnouncedAgain_AndIsFetchedAnew(string change)
    {
        var chunks = new ChunkSet(Random, 3, 12_000_000);
        int port = FreePort.Next();
        TrackerProcess tracker = Own(new TrackerProcess(Folder.Path, "-port", $"{port}"));
        _ = tracker.ReadyLine;
        ClientProcess client = StartClient("client_1", port, chunks, chunks.Indexes);
        client.WaitUntilComplete();
        string path = Path.Combine(client.ChunkFolder, "chunk_2");

        // While it is served: whoever has opened a removed file still reads it, any other change ends in a reset.
        using (var fetcher = new FakeFetcher(client.Port, receiveBytes: 4096))
        {
            fetcher.Ask("REQUEST_CHUNK,2");
            fetcher.ReadSome(1);
            Change();
            if (fetcher.ReadToEnd() == StreamEnd.Clean)
                chunks.AssertChunk(2, fetcher.Bytes, $"what was served of a file that was {change}");
            if (change != "removed")
                Assert.Equal(StreamEnd.Reset, fetcher.End);
        }
        // And afterwards.
        using (var fetcher = FakeFetcher.Fetch(client.Port, "REQUEST_CHUNK,2"))
            Assert.Equal(StreamEnd.Reset, fetcher.End);
        Assert.Contains("chunk 2", client.Errors.WaitForCount(1, "one clear line")[0]);

        // A tracker that knows nothing is told of what is still there.
        tracker.Kill();
        tracker.WaitForExit();
        var second = new LogReader(Folder["second.log"]);
        tracker = Own(new TrackerProcess(Folder.Path, "-port", $"{port}", "-log", second.Path));
        _ = tracker.ReadyLine;
        second.WaitUntil(lines => lines.Contains("P2PTracker,WHERE_CHUNK,2"), "the question for the lost chunk");
        Assert.Equal(["1", "3"], Announced(second));

        FakePeer peer = StartPeer(tracker, chunks, [2]);
        client.Output.WaitUntil(lines => lines.Count(line => line.Contains(": complete, all ")) == 2,
            "all to be there again");
        second.WaitFor($"P2PTracker,LOCAL_CHUNKS,2,localhost,{client.Port}");
        chunks.AssertComplete(client.ChunkFolder);
        Assert.Single(client.Errors.WaitForCount(1, "word of the lost chunk"));
        AssertNoFaults(peer);

        string[] Announced(LogReader log) =>
            log.Lines.Where(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,", StringComparison.Ordinal))
                .Where(line => line.EndsWith($",localhost,{client.Port}", StringComparison.Ordinal))
                .Select(line => line.Split(',')[2]).ToArray();

        void Change()
        {
            switch (change)
            {
                case "removed":
                    File.Delete(path);
                    break;
                case "truncated":
                    using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                        file.SetLength(6_000_000);
                    break;
                default:
                    File.AppendAllText(path, "more");
                    break;
            }
        }
    }

    [Theory]
    [InlineData("a pipe")]
    [InlineData("a name with a NUL")]
    [InlineData("a name too long for a file")]
    [InlineData("a link to itself")]
    public void AListedFileThatIsNone_IsWarnedAbout_AndItsChunkIsFetched(string kind)
    {
        var chunks = new ChunkSet(Random, 2, 5000);
        string folder = Folder.MakeFolder("client_1");
        chunks.DealTo(folder, 1);
        string name = kind switch
        {
            "a name with a NUL" => "a\0b",
            "a name too long for a file" => new string('n', 300),
            _ => "chunk_2",
        };
        File.WriteAllText(Path.Combine(folder, "local_chunks.txt"), $"1,chunk_1\n2,{name}\n2,LASTCHUNK\n");
        string path = Path.Combine(folder, "chunk_2");
        switch (kind)
        {
            case "a pipe":
                using (var mkfifo = new NativeProcess("mkfifo", Folder.Path, path))
                    Assert.Equal(0, mkfifo.WaitForExit());
                break;
            case "a link to itself":
                File.CreateSymbolicLink(path, "chunk_2");
                break;
        }
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer peer = StartPeer(tracker, chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port);
        client.Errors.WaitForFirst(line => line.Contains("line 2"), "a warning");
        client.WaitUntilComplete();
        client.Terminate();
        Assert.Equal(0, client.WaitForExit());

        string stored = File.ReadLines(Path.Combine(folder, "local_chunks.txt"))
            .First(line => line.StartsWith("2,"))[2..];
        chunks.AssertChunk(2, Path.Combine(folder, stored));
        Assert.Single(client.Errors.All);
        AssertNoFaults(tracker, peer);
    }

    [RootFact]
    public void ALineThatAFullDiskCutShort_IsNotGluedToTheNext_NorToThatOfAnotherProcess()
    {
        string folder = Folder.MakeFolder("logs");
        OtherMachine.WithSmallDisk(folder, 64 << 10, () =>
        {
            var log = new LogReader(Path.Combine(folder, "logs.log"));
            string filler = Path.Combine(folder, "filler");
            Tear(56 << 10, out TrackerProcess tracker, out int cut);
            File.Delete(filler);
            Connect(tracker.Port).Ask(999);
            Assert.Equal(["P2PTracker,WHERE_CHUNK,999", "P2PTracker,CHUNK_LOCATION_UNKNOWN,999"],
                log.Lines.Skip(cut + 1));

            // And the same where nobody is left who knows of it.
            tracker.Kill();
            Tear(48 << 10, out tracker, out cut);
            tracker.Kill();
            tracker.WaitForExit();
            File.Delete(filler);
            Connect(StartTracker("-log", log.Path).Port).Ask(999);
            Assert.Equal(["P2PTracker,WHERE_CHUNK,999", "P2PTracker,CHUNK_LOCATION_UNKNOWN,999"],
                log.Lines.Skip(cut + 1));

            void Tear(int fillerBytes, out TrackerProcess tracker, out int lines)
            {
                File.WriteAllBytes(filler, new byte[fillerBytes]);
                tracker = StartTracker("-log", log.Path);
                NaiveClient client = Connect(tracker.Port);
                for (int i = 100; tracker.Errors.Count == 0; i++)
                    client.Ask(i);
                Assert.Contains("No space left on device; make room", tracker.Errors.All[0]);
                Assert.False(log.Text.EndsWith('\n'), "the disk is full at the end of a line: this tests nothing");
                lines = log.Lines.Count;
            }
        });
    }
}
