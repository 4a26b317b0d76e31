using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>Clients that end by themselves: -exit_when_complete, -timeout,
/// and the exit codes that scripts go by.</summary>
[Waits(25)]
public sealed class EndingTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void ClientsThatExitWhenComplete_EndWith0_WhenEachHasEverything()
    {
        var chunks = new ChunkSet(Random, 12, 200_000);
        TrackerProcess tracker = StartTracker();
        IReadOnlyList<int>[] hands = chunks.Scatter(Random, 3);
        ClientProcess[] clients = Enumerable.Range(0, 3).Select(i =>
        {
            chunks.DealTo(Folder.MakeFolder($"client_{i}"), hands[i]);
            return StartClient($"client_{i}", tracker.Port, "-exit_when_complete", "2");
        }).ToArray();

        Assert.All(clients, client => Assert.Equal(0, client.WaitForExit()));
        Assert.All(clients, client => chunks.AssertComplete(client.ChunkFolder));
        Assert.All(clients, client => Assert.Empty(client.Errors.All));
    }

    [Fact]
    public void AClientThatIsBeingFetchedFrom_StaysUntilThatIsOver()
    {
        var chunks = new ChunkSet(Random, 1, 16_000_000);
        NaiveTracker tracker = StartNaiveTracker();
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        foreach (int _ in Patience.Attempts("a fetcher that was never silent for a second"))
        {
            using ClientProcess client = StartClient("client_1", tracker.Port, "-exit_when_complete", "1");
            (Stopwatch watch, TimeSpan longest) = (Stopwatch.StartNew(), TimeSpan.Zero);
            using var fetcher = new FakeFetcher(client.Port, receiveBytes: 64 * 1024);
            fetcher.Ask("REQUEST_CHUNK,1");
            for (int i = 0; i < 8; i++)         // slower than the linger time in all, but never silent for so long
            {
                fetcher.ReadSome(1_200_000);
                Patience.Pause(TimeSpan.FromMilliseconds(200));
                longest = watch.Elapsed > longest ? watch.Elapsed : longest;
                watch.Restart();
            }

            // From before one pause to after the next one's bytes: what the client saw was shorter.
            StreamEnd end = fetcher.ReadToEnd();
            if (longest + watch.Elapsed > TimeSpan.FromSeconds(1) && end != StreamEnd.Clean)
                continue;
            Assert.Equal(StreamEnd.Clean, end);
            chunks.AssertChunk(1, fetcher.Bytes, "what a slow peer fetched");
            Assert.Equal(0, client.WaitForExit());
            return;
        }
    }

    [Fact]
    public void APeerThatConnectsAndTakesNothing_DoesNotKeepIt()
    {
        var chunks = new ChunkSet(Random, 1, 16_000_000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", StartNaiveTracker().Port, "-exit_when_complete", "1");
        using var silent = new FakeFetcher(client.Port);
        using var deaf = new FakeFetcher(client.Port, receiveBytes: 4096);
        deaf.Ask("REQUEST_CHUNK,1");
        Assert.Equal(0, client.WaitForExit());
        Assert.Equal(StreamEnd.Reset, deaf.ReadToEnd());        // it must not take the rest for the end
    }

    [Fact]
    public void WithoutATracker_TheTimeoutEndsItWith5()
    {
        using Socket refusing = FreePort.Refusing(out int port);
        ClientProcess client = StartIncomplete(port, "-timeout", "1");
        Assert.Equal(5, client.WaitForExit());
        Assert.Equal(
            $"client_1: there was no tracker at localhost:{port} within 1 s, 4 of 6 chunks are missing (1, 3-5); start "
            + "P2PTracker there, or give another with -tracker",
            client.Errors.All[^1]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5, "-timeout", "2")]
    public void WhoHasEverythingAndNoTracker_SaysSo(int exitCode, params string[] more)
    {
        using Socket refusing = FreePort.Refusing(out int port);
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1, 2);
        ClientProcess client = StartClient("client_1", port, ["-exit_when_complete", "0", .. more]);
        Assert.Equal(exitCode, client.WaitForExit());
        Assert.Equal(
            $"client_1: all chunks are here, but there was no tracker at localhost:{port} to tell; start P2PTracker "
            + "there, or give another with -tracker",
            client.Errors.All[^1]);
    }

    [Fact]
    public void WhoHasEverything_WaitsForItsTracker_UntilTheTimeIsUp()
    {
        int port = FreePort.Next();
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1, 2);
        ClientProcess client = StartClient("client_1", port, "-exit_when_complete", "0", "-timeout", "300");
        client.Errors.WaitForFirst(line =>
            line.StartsWith($"client_1: no tracker at localhost:{port} yet", StringComparison.Ordinal), "no tracker");
        Own(new NaiveTracker(port: port));
        Assert.Equal(0, client.WaitForExit());
    }

    [Fact]
    public void WithoutASource_TheTimeoutEndsItWith3_AndNamesWhatIsMissing()
    {
        ClientProcess client = StartIncomplete(StartTracker().Port, "-timeout", "1", "-exit_when_complete");
        Assert.Equal(3, client.WaitForExit());
        Assert.Equal(
            "client_1: not complete after 1 s, 4 of 6 chunks are missing (1, 3-5); see that a client that has what is "
            + "missing is running, and start again, it goes on where it was",
            Assert.Single(client.Errors.All));
        Assert.DoesNotContain(Directory.GetFiles(client.ChunkFolder),
            path => path.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public void ATimeout_DoesNotEndWhoIsComplete()
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2);
        ClientProcess client = StartClient("client_1", StartNaiveTracker().Port, "-timeout", "1");
        client.WaitUntilComplete();

        // Another client's timer of the same length, started later, has run out.
        chunks.DealTo(Folder.MakeFolder("client_2"), 1);
        Assert.Equal(3, StartClient("client_2", StartNaiveTracker().Port, "-timeout", "1").WaitForExit());
        Assert.False(client.HasExited);
        client.Terminate();
        Assert.Equal(0, client.WaitForExit());
        Assert.Empty(client.Errors.All);
    }

    [Fact]
    public void ASignal_EndsItWith0_AlsoWhileChunksAreMissing()
    {
        ClientProcess client = StartIncomplete(StartTracker().Port, "-timeout", "300", "-exit_when_complete", "300");
        _ = client.ReadyLine;
        client.Interrupt();
        Assert.Equal(0, client.WaitForExit());
    }

    [RootFact]
    public void AFullDisk_EndsItWith4_WhenItWasToExitAndNothingCanBeStored()
    {
        const int chunkBytes = 600_000;
        var chunks = new ChunkSet(Random, 8, chunkBytes);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, chunks.Indexes);
        OtherMachine.WithSmallDisk(Folder.MakeFolder("client_1"), 2 << 20, () =>
        {
            chunks.DealTo(Folder["client_1"], []);
            ClientProcess client = StartClient("client_1", tracker.Port, "-exit_when_complete");
            Assert.Equal(4, client.WaitForExit());
            string[] errors = [.. client.Errors.All];
            Assert.All(errors[..^1], line => Assert.Contains("can't store chunks in", line));
            Assert.Contains("nothing could be stored in", errors[^1]);
            Assert.DoesNotContain(Directory.GetFiles(Folder["client_1"]),
                path => path.EndsWith(".part", StringComparison.Ordinal));

            // What fitted is kept and listed.
            int[] stored = chunks.Indexes.Where(
                index => File.Exists(Path.Combine(Folder["client_1"], $"chunk_{index}"))).ToArray();
            Assert.NotEmpty(stored);
            // The trouble is told again if a chunk found room in between, which the order of arrival decides.
            Assert.InRange(errors.Length, 2, 2 + stored.Length);
            Assert.All(stored, index => chunks.AssertChunk(index, Path.Combine(Folder["client_1"], $"chunk_{index}")));
            Assert.Equal([.. stored.Select(index => $"{index},chunk_{index}"), "8,LASTCHUNK"],
                File.ReadAllLines(Path.Combine(Folder["client_1"], "local_chunks.txt")));
        });
    }

    [Theory]
    [InlineData("-timeout", "0")]
    [InlineData("-timeout", "soon")]
    [InlineData("-timeout", "-1")]
    [InlineData("-exit_when_complete=x")]
    public void WrongSeconds_AreExitCode2(params string[] arguments)
    {
        ClientProcess client = StartIncomplete(1, arguments);
        Assert.Equal(2, client.WaitForExit());
        Assert.Contains("number of seconds", client.Errors.All[0]);
    }

    // Has chunks 2 and 6 of 6.
    private ClientProcess StartIncomplete(int trackerPort, params string[] more)
    {
        new ChunkSet(Random, 6, 1000).DealTo(Folder.MakeFolder("client_1"), 2, 6);
        return StartClient("client_1", trackerPort, more);
    }
}
