using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>Chunks that have to be read from the disk before they can be sent.</summary>
[Waits(4)]
public sealed class ColdFileTests(ITestOutputHelper output) : SystemTest(output)
{
    private readonly ITestOutputHelper _output = output;

    [SlowDiskFact]
    public Task WhileAColdChunkIsRead_NobodyElseWaits() =>
        AssertOthersAreServed(coldChunks: 1, bytesPerSecond: 1 << 19);

    // More than are served at a time.
    [SlowDiskFact]
    public Task WhileFourColdChunksAreRead_NobodyElseWaits() =>
        AssertOthersAreServed(coldChunks: 4, bytesPerSecond: 1 << 21);

    private async Task AssertOthersAreServed(int coldChunks, int bytesPerSecond)
    {
        // Reading the cold chunks takes four seconds. A loop that waits for the disk holds the others up for each step
        // of half a second. Uploads that keep their turns while they wait for the disk hold them up most of the time,
        // for a second at most each. A busy machine holds up whoever is asked: a client that reads nothing from the
        // disk, asked in turns with the other, shows for how long.
        const int servedMin = 20;
        var heldUpMax = TimeSpan.FromSeconds(0.25);
        int small = coldChunks + 1, last = coldChunks + 2;
        var chunks = new ChunkSet(Random, last, index => index < small ? 4 * bytesPerSecond / coldChunks : 3000);
        chunks.DealTo(Folder.MakeFolder("client_1"), chunks.Indexes);
        chunks.DealTo(Folder.MakeFolder("warm"), chunks.Indexes);
        int trackerPort = StartNaiveTracker().Port;
        int warmPort = StartClient("warm", trackerPort).Port;
        SlowDisk disk = Own(new SlowDisk(Folder.Path, bytesPerSecond));
        LimitedProcess client = Own(new LimitedProcess(1024, "sh", Folder.Path, [.. disk.Enter, NativePrograms.Client,
            "-folder", Folder["client_1"], "-name", "client_1", "-tracker", $"localhost:{trackerPort}"]));
        int port = client.Port;
        AssertServed(port, chunks, small);
        foreach (int _ in Patience.Attempts("others served while a cold chunk was read"))
        {
            (int served, TimeSpan heldUp, TimeSpan warmHeldUp) =
                await ServeColdAsync(port, warmPort, chunks, coldChunks);
            _output.WriteLine($"{served} served meanwhile, held up for {heldUp.TotalSeconds:F2} s, "
                + $"those of the other client for {warmHeldUp.TotalSeconds:F2} s");
            if (served >= servedMin && heldUp <= heldUpMax + 2 * warmHeldUp)
                break;
        }
        SlowDisk.DropFromMemory(Path.Combine(Folder["client_1"], $"chunk_{last}"));
        AssertServed(port, chunks, last);
    }

    private static void AssertServed(int port, ChunkSet chunks, int index)
    {
        using var fetcher = FakeFetcher.Fetch(port, $"REQUEST_CHUNK,{index}");
        Assert.Equal(StreamEnd.Clean, fetcher.End);
        chunks.AssertChunk(index, fetcher.Bytes, "what comes from a slow disk");
    }

    /// <summary>Has the first chunks fetched from the disk.</summary>
    /// <returns>How often the next chunk could be fetched meanwhile, and for how long it was held up; as often it was
    /// fetched from a client that has nothing else to do.</returns>
    private async Task<(int Served, TimeSpan HeldUp, TimeSpan WarmHeldUp)> ServeColdAsync(
        int port, int warmPort, ChunkSet chunks, int coldChunks)
    {
        int[] indexes = [.. Enumerable.Range(1, coldChunks)];
        foreach (int index in indexes)
            SlowDisk.DropFromMemory(Path.Combine(Folder["client_1"], $"chunk_{index}"));
        var all = Stopwatch.StartNew();
        var cold = Task.WhenAll(indexes.Select(index => Task.Run(() => AssertServed(port, chunks, index))));
        int served = 0;
        TimeSpan heldUp = default, warmHeldUp = default;
        for (; !cold.IsCompleted; served++)
        {
            heldUp += HeldUp(port);
            warmHeldUp += HeldUp(warmPort);
        }
        await cold;
        Assert.True(all.Elapsed > TimeSpan.FromSeconds(0.5), "the chunks were not read from the disk");
        return (served, heldUp, warmHeldUp);

        TimeSpan HeldUp(int from)
        {
            var one = Stopwatch.StartNew();
            AssertServed(from, chunks, coldChunks + 1);
            return one.ElapsedMilliseconds < 100 ? TimeSpan.Zero : one.Elapsed;
        }
    }
}
