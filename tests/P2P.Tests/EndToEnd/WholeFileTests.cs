using System;
using System.IO;
using System.Linq;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>From one file to the same file elsewhere: split, share, check, join, and what follows.</summary>
public sealed class WholeFileTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void AFileOf64Megabytes_IsWholeAtEachOfThreeClients()
    {
        byte[] content = new byte[64 << 20];
        ChunkSet.Fill(content, Random);
        File.WriteAllBytes(Folder["file"], content);
        Run(0, "split", "file", "-folder", "part", "-deal", "3", "-chunk_size", "1M");
        TrackerProcess tracker = StartTracker();
        ClientProcess[] clients = Enumerable.Range(1, 3)
            .Select(i => StartClient($"part{i}", tracker.Port, "-out", $"copy{i}", "-exit_when_complete")).ToArray();
        Assert.All(clients, client => Assert.Equal(0, client.WaitForExit()));
        for (int i = 1; i <= 3; i++)
        {
            Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(Folder[$"copy{i}"])));
            Run(0, "verify", "-folder", $"part{i}");
        }
        Run(0, "join", "-folder", "part2", "-out", "again");
        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(Folder["again"])));
        Assert.Equal(["again", "copy1", "copy2", "copy3", "file", "logs.log"],
            Directory.GetFiles(Folder.Path).Select(path => Path.GetFileName(path)).Order());
        Assert.All(clients, client => Assert.Empty(client.Errors.All));
    }

    [Fact]
    public void AChunkWithAWrongByte_IsRefused_AndComesFromAnotherSource()
    {
        var chunks = new ChunkSet(Random, 4, 300_000);
        WriteSums(chunks, Folder.MakeFolder("client_1"));
        chunks[3][1234] ^= 1;       // as the bad source has it
        NaiveTracker tracker = StartNaiveTracker();
        FakePeer bad = StartPeer(tracker, chunks, [1, 2, 3]);
        ClientProcess client =
            StartClient("client_1", tracker.Port, "-chunks", "4", "-exit_when_complete", "1", "-out", "copy");
        Assert.Equal(
            $"client_1: chunk 3 from localhost:{bad.Port} is not what chunks.crc says; it was dropped, and is fetched "
            + "from another source",
            client.Errors.WaitForCount(1, "a line about it")[0]);
        chunks[3][1234] ^= 1;
        FakePeer good = StartPeer(tracker, chunks, [3, 4]);

        Assert.Equal(0, client.WaitForExit());
        Assert.Single(client.Errors.All);
        Assert.Contains(good.Requests.All, request => request.Index == 3);
        Assert.All(chunks.Indexes,
            index => chunks.AssertChunk(index, Path.Combine(client.ChunkFolder, $"chunk_{index}")));
        Assert.Equal(chunks.Indexes.SelectMany(index => chunks[index]), File.ReadAllBytes(Folder["copy"]));
        Assert.DoesNotContain(Directory.GetFiles(client.ChunkFolder),
            path => path.EndsWith(".part", StringComparison.Ordinal));
        AssertNoFaults(tracker, bad, good);
    }

    [Fact]
    public void AChunkThatIsTooLongOrEndsEarly_IsRefusedToo()
    {
        var chunks = new ChunkSet(Random, 2, 100_000);
        WriteSums(chunks, Folder.MakeFolder("client_1"));
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, new ChunkSet(Random, 2, 5_000_000), [1]);
        StartPeer(tracker, chunks, [2], new PeerManners { BytesAtMost = 99_999 });
        ClientProcess client = StartClient("client_1", tracker.Port);     // chunks.crc tells the count
        client.Errors.WaitUntil(lines => lines.Any(line => line.Contains("chunk 1 from"))
            && lines.Any(line => line.Contains("chunk 2 from")), "two lines");
        StartPeer(tracker, chunks, [1, 2]);
        client.WaitUntilComplete();
        Assert.All(chunks.Indexes,
            index => chunks.AssertChunk(index, Path.Combine(client.ChunkFolder, $"chunk_{index}")));
    }

    [Fact]
    public void AHeldChunkThatIsWrong_IsFoundWhenTheFileIsJoined_AndFetchedAnew()
    {
        var chunks = new ChunkSet(Random, 3, 50_000);
        string folder = Folder.MakeFolder("client_1");
        chunks.DealTo(folder, chunks.Indexes);
        WriteSums(chunks, folder);
        string path = Path.Combine(folder, "chunk_2");
        File.WriteAllBytes(path, new byte[50_000]);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, [2]);
        ClientProcess client = StartClient("client_1", tracker.Port, "-out", "copy", "-exit_when_complete", "1");
        Assert.Equal(0, client.WaitForExit());
        Assert.Contains("chunk 2 is no longer served, and fetched anew", Assert.Single(client.Errors.All));
        Assert.Equal(chunks.Indexes.SelectMany(index => chunks[index]), File.ReadAllBytes(Folder["copy"]));
    }

    [Fact]
    public void AClientThatBeginsWithNothing_NeedsOnlyTheCount()
    {
        var chunks = new ChunkSet(Random, 5, 1000);
        TrackerProcess tracker = StartTracker();
        StartClient("seed", tracker.Port, chunks, chunks.Indexes);
        Assert.Equal(0, StartClient("new", tracker.Port, "-chunks", "5", "-exit_when_complete", "0").WaitForExit());
        chunks.AssertComplete(Folder["new"]);

        ClientProcess other = StartClient("new", tracker.Port, "-chunks", "6");
        Assert.Equal(2, other.WaitForExit());
        Assert.Contains("is of 5 chunks, not 6", Assert.Single(other.Errors.All));
    }

    [Fact]
    public void ADamagedOrForeignListOfSums_IsAClearError()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        File.WriteAllText(Path.Combine(Folder["client_1"], "chunks.crc"), "1,1000,01234567\n2,10");
        ClientProcess client = StartClient("client_1", 1);
        Assert.Equal(2, client.WaitForExit());
        Assert.Contains("chunks.crc, line 2: the file is damaged or cut off", Assert.Single(client.Errors.All));

        new ChunkSums([1000, 1000], [1, 2]).Save(Folder["client_1"]);
        client = StartClient("client_1", 1);
        Assert.Equal(2, client.WaitForExit());
        Assert.Contains("they don't belong together", Assert.Single(client.Errors.All));
    }

    [Fact]
    public void AnOutputThatExists_IsToldBeforeAnythingIsFetched()
    {
        new ChunkSet(Random, 3, 1000).DealTo(Folder.MakeFolder("client_1"), 1);
        File.WriteAllText(Folder["copy"], "mine");
        foreach (string name in new[] { "copy", "client_1", "nowhere/copy" })
        {
            ClientProcess client = StartClient("client_1", 1, "-out", name);
            Assert.Equal(2, client.WaitForExit());
            Assert.Contains(name, Assert.Single(client.Errors.All));
        }
        Assert.Equal("mine", File.ReadAllText(Folder["copy"]));
    }

    [Fact]
    public void AProgram_RunsOnce_WhenAllIsThereAndJoined_WithoutOurDescriptors()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), chunks.Indexes);
        ClientProcess client = StartClient("client_1", StartTracker().Port, "-out", "copy", "-exit_when_complete", "0",
            "-on_complete",
            "stat -c %s copy; echo $P2P_NAME $P2P_FOLDER $HOME; readlink /proc/self/fd/* | grep -v pipe:; grep SigBlk "
            + "/proc/self/status; yes | head -1; cat");
        Assert.Equal(0, client.WaitForExit());
        string[] said = [.. client.Errors.All];
        Assert.Equal(
            ["3000", $"client_1 {Folder["client_1"]} {Environment.GetEnvironmentVariable("HOME")}"], said[..2]);
        Assert.Contains("SigBlk:\t0000000000000000", said);
        // Only what readlink itself opens, and what the test gave; `yes` ends, since SIGPIPE is not ignored.
        Assert.DoesNotContain(said, line => line.StartsWith("socket:", StringComparison.Ordinal)
            || line.Contains("logs.log") || line.Contains("anon_inode"));
        Assert.Equal("y", said[^1]);
        // stdout is the client's own.
        Assert.All(client.Output.All, line => Assert.StartsWith("client_1: ", line));
    }

    [Fact]
    public void AProgramThatRuns_IsEndedWithTheClient_AndAllThatItStarted()
    {
        var chunks = new ChunkSet(Random, 1, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", StartTracker().Port, "-on_complete",
            "echo begun; (sleep 10; touch late) & sleep 10; touch late");
        client.Errors.WaitForFirst(line => line == "begun", "the program");
        client.Terminate();
        // Its output is at an end when nobody is left who could write there.
        Assert.Equal(0, client.WaitForExit());
        Assert.False(File.Exists(Folder["late"]));
        Assert.Equal(
            ["begun", "client_1: the program of -on_complete is told to end with the client"], client.Errors.All);
    }

    // The terminal would stop it for reading, as it is not in the foreground, and the client would wait for ever.
    [Fact]
    public void AProgram_HasNothingToRead_AndRunsWithoutAStderr_Too()
    {
        var chunks = new ChunkSet(Random, 1, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        int port = StartTracker().Port;
        NativeProcess shell =
            Own(new NativeProcess("/bin/sh", Folder.Path, "-c", "exec \"$0\" \"$@\" 2>&-", NativePrograms.Client,
                "-folder", "client_1", "-tracker", $"localhost:{port}", "-exit_when_complete", "0", "-on_complete",
                "readlink /proc/$$/fd/0 >input"));
        Assert.Equal(0, shell.WaitForExit());
        Assert.Equal("/dev/null\n", File.ReadAllText(Folder["input"]));
    }

    [Fact]
    public void AProgramThatFails_IsTold_AndMakesTheExitCode1()
    {
        var chunks = new ChunkSet(Random, 1, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", StartTracker().Port, "-exit_when_complete", "0",
            "-on_complete", "exit 7");
        Assert.Equal(1, client.WaitForExit());
        Assert.Equal("client_1: the program of -on_complete ended with exit code 7: exit 7",
            Assert.Single(client.Errors.All));
    }

    [RootFact]
    public void AnOutputThatDoesNotFit_IsExitCode4_AndLeavesNothing()
    {
        var chunks = new ChunkSet(Random, 4, 500_000);
        chunks.DealTo(Folder.MakeFolder("client_1"), chunks.Indexes);
        TrackerProcess tracker = StartTracker();
        OtherMachine.WithSmallDisk(Folder.MakeFolder("small"), 1 << 20, () =>
        {
            ClientProcess client =
                StartClient("client_1", tracker.Port, "-out", "small/copy", "-exit_when_complete", "0");
            Assert.Equal(4, client.WaitForExit());
            Assert.Contains("can't write small/copy", Assert.Single(client.Errors.All));
            Assert.Empty(Directory.GetFileSystemEntries(Folder["small"]));
        });
    }

    private static void WriteSums(ChunkSet chunks, string folder) => new ChunkSums(
        [.. chunks.Indexes.Select(index => (long)chunks[index].Length)],
        [.. chunks.Indexes.Select(index => Crc32C.Finish(Crc32C.Add(Crc32C.Start, chunks[index])))]).Save(folder);

    private void Run(int exitCode, params string[] arguments)
    {
        NativeProcess process = Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));
        Assert.True(process.WaitForExit() == exitCode, process.Describe());
    }
}
