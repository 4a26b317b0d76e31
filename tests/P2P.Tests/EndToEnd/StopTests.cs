using System;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// Both programs end within a second of a signal, whatever they are waiting for. Times are measured, so nothing runs
/// beside these; and other work on the machine only makes it slower, so the best of several starts counts.
/// </summary>
[Collection(Alone.Name)]
public sealed class StopTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void AClientWhoseTrackerIsNotThere_StopsWithinASecond()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        using Socket refusing = FreePort.Refusing(out int port);
        AssertStopsWithinASecond(name =>
        {
            ClientProcess client = StartClient(name, port, chunks, 1);
            _ = client.ReadyLine;
            return client;
        });
    }

    [Fact]
    public void AClientWhoseTrackerDoesNotRead_StopsWithinASecond()
    {
        var chunks = new ChunkSet(Random, 3, 1000);
        NaiveTracker tracker = StartNaiveTracker(new TrackerManners { UnreadAtFirst = Patience.Limit });
        AssertStopsWithinASecond(name =>
        {
            ClientProcess client = StartClient(name, tracker.Port, chunks, 1, 2);
            Log.WaitUntil(lines => lines.Any(line => line.StartsWith($"{name},", StringComparison.Ordinal)),
                "the first announcement");
            return client;
        });
    }

    [Fact]
    public void AClientInMidTransfer_StopsWithinASecond()
    {
        var chunks = new ChunkSet(Random, 3, 300_000);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, [2, 3], new PeerManners { BytesAtMost = 100_000, End = PeerEnd.Silence });
        AssertStopsWithinASecond(name =>
        {
            ClientProcess client = StartClient(name, tracker.Port, chunks, 1);
            FolderWatch.WaitForFile(client.ChunkFolder,
                file => file.StartsWith(".chunk_", StringComparison.Ordinal), "a temporary file");
            return client;
        });
    }

    [Fact]
    public void AClientThatIsBeingFetchedFrom_StopsWithinASecond()
    {
        var chunks = new ChunkSet(Random, 1, 64 << 20);
        NaiveTracker tracker = StartNaiveTracker();
        AssertStopsWithinASecond(name =>
        {
            ClientProcess client = StartClient(name, tracker.Port, chunks, 1);
            FakeFetcher fetcher = Own(new FakeFetcher(client.Port, receiveBytes: 64 << 10));
            fetcher.Ask("REQUEST_CHUNK,1");
            fetcher.ReadSome(1 << 20);
            return client;
        });
    }

    [Fact]
    public void ATrackerWithManyClients_StopsWithinASecond() => AssertStopsWithinASecond(_ =>
    {
        TrackerProcess tracker = StartTracker();
        for (int i = 1; i <= 100; i++)
            Connect(tracker.Port).AnnounceAsLines(i, 5000 + i);
        return tracker;
    });

    /// <param name="start">Starts a program, a client under the name given,
    /// and brings it into the state in question.</param>
    private static void AssertStopsWithinASecond(Func<string, NativeProcess> start)
    {
        foreach (int attempt in Patience.Attempts("an end within a second of the signal"))
        {
            using NativeProcess process = start($"client_{attempt}");
            var watch = Stopwatch.StartNew();
            if (attempt % 2 == 0) process.Interrupt();
            else process.Terminate();
            Assert.Equal(0, process.WaitForExit());
            Assert.DoesNotContain(process.Errors.All, line => line.Contains("internal error"));
            if (watch.Elapsed < TimeSpan.FromSeconds(1))
                return;
        }
    }
}
