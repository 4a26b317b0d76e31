using System;
using System.Diagnostics;
using System.IO;
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
    public async Task WhileAColdChunkIsRead_NobodyElseWaits()
    {
        // Reading the cold chunk takes four seconds. A loop that waits for the disk serves others between two sends of
        // it, five times in all; a busy machine may hold a client up, but not for a fifth of a second each time.
        const int bytesPerSecond = 1 << 19, servedMin = 20;
        var chunks = new ChunkSet(Random, 3, index => index == 1 ? 4 * bytesPerSecond : 3000);
        chunks.DealTo(Folder.MakeFolder("client_1"), chunks.Indexes);
        var disk = Own(new SlowDisk(Folder.Path, bytesPerSecond));
        var client = Own(new LimitedProcess(1024, "sh", Folder.Path, [.. disk.Enter, NativePrograms.Client,
            "-folder", Folder["client_1"], "-name", "client_1", "-tracker", $"localhost:{StartNaiveTracker().Port}"]));
        int port = client.Port;
        AssertServed(port, chunks, 2);
        foreach (int _ in Patience.Attempts("others served while a cold chunk was read"))
        {
            int served = await ServeColdAsync(port, chunks);
            _output.WriteLine($"{served} served meanwhile");
            if (served >= servedMin)
                break;
        }
        SlowDisk.DropFromMemory(Path.Combine(Folder["client_1"], "chunk_3"));
        AssertServed(port, chunks, 3);
    }

    private static void AssertServed(int port, ChunkSet chunks, int index)
    {
        using var fetcher = FakeFetcher.Fetch(port, $"REQUEST_CHUNK,{index}");
        Assert.Equal(StreamEnd.Clean, fetcher.End);
        chunks.AssertChunk(index, fetcher.Bytes, "what comes from a slow disk");
    }

    /// <summary>Has chunk 1 fetched from the disk, and returns how often chunk 2 could be fetched meanwhile.</summary>
    private async Task<int> ServeColdAsync(int port, ChunkSet chunks)
    {
        SlowDisk.DropFromMemory(Path.Combine(Folder["client_1"], "chunk_1"));
        var all = Stopwatch.StartNew();
        var cold = Task.Run(() => AssertServed(port, chunks, 1));
        int served = 0;
        for (; !cold.IsCompleted; served++)
            AssertServed(port, chunks, 2);
        await cold;
        Assert.True(all.Elapsed > TimeSpan.FromSeconds(0.5), "chunk 1 was not read from the disk");
        return served;
    }
}
