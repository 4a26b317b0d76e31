using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using P2P.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>How fast a client sends at most (-upload_limit), and how many chunks at a time (-upload_slots).</summary>
[Waits(18)]
public sealed class UploadLimitTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int Bytes = RateCheck.Bytes;
    private readonly ITestOutputHelper _output = output;

    [Theory]
    [InlineData(1, Bytes)]
    [InlineData(8, Bytes)]
    [InlineData(8, 16_000)]
    public async Task OverConnections_NoMoreIsSentThanTheLimit(int fetchers, int chunkBytes)
    {
        var chunks = new ChunkSet(Random, Math.Max(Bytes / chunkBytes, 1), chunkBytes);
        ClientProcess seed = StartSeed(chunks, "-upload_limit", "1M");
        var watch = Stopwatch.StartNew();
        int each = fetchers == 1 ? Bytes : Bytes / fetchers;
        Task<long>[] reading = [.. Enumerable.Range(0, fetchers).Select(_ => Task.Factory.StartNew(() =>
        {
            long received = 0;
            for (int index = 1; received < each; index++)
            {
                using var fetcher = new FakeFetcher(seed.Port);
                fetcher.Ask($"REQUEST_CHUNK,{index}");
                fetcher.ReadSome((int)Math.Min(each - received, chunkBytes));
                received += fetcher.Bytes.Length;
            }
            return received;
        }, TaskCreationOptions.LongRunning))];
        long[] received = await Task.WhenAll(reading);
        RateCheck.AssertWithinLimit(received.Sum(), watch.Elapsed, _output);
    }

    [Theory]
    [InlineData(1, Bytes / 3)]
    [InlineData(4, Bytes / 3)]
    [InlineData(4, 5000)]
    public async Task OverLanes_NoMoreIsSentThanTheLimit(int lanes, int chunkBytes)
    {
        int perLane = Bytes / lanes / chunkBytes + 1;
        var chunks = new ChunkSet(Random, perLane, chunkBytes);
        ClientProcess seed = StartSeed(chunks, "-upload_limit", "1M");
        var watch = Stopwatch.StartNew();
        Task[] reading = [.. Enumerable.Range(0, lanes).Select(_ => Task.Factory.StartNew(() =>
        {
            using var lane = new RawLane(seed.Port);
            foreach (int[] asked in chunks.Indexes.Chunk(100))
            {
                lane.Send(string.Concat(asked.Select(index => $"REQUEST_CHUNK,{index}\n")));
                foreach (int _ in asked)
                {
                    (LanePiece last, byte[] chunk) = lane.Receive();
                    chunks.AssertChunk(last.ChunkIndex, chunk, "the lane");
                }
            }
        }, TaskCreationOptions.LongRunning))];
        await Task.WhenAll(reading);
        RateCheck.AssertWithinLimit((long)lanes * perLane * chunkBytes, watch.Elapsed, _output);
    }

    [Fact]
    public void TheDescriptionOfASet_KeepsTheLimit()
    {
        byte[] content = new byte[40_000];
        Random.NextBytes(content);
        File.WriteAllBytes(Folder["file"], content);
        NativeProcess split = Own(new NativeProcess(
            NativePrograms.Client, Folder.Path, "split", "file", "-folder", "seed", "-chunk_size", "200"));
        Assert.Equal(0, split.WaitForExit());
        ClientProcess seed = StartClient("seed", StartTracker().Port, "-upload_limit", "1K");
        seed.WaitUntilComplete();

        var watch = Stopwatch.StartNew();
        using var fetcher = FakeFetcher.Fetch(seed.Port, $"REQUEST_CHUNK,{SetSyntax.DescriptionIndex}");
        Assert.Equal(StreamEnd.Clean, fetcher.End);
        Assert.Equal(File.ReadAllBytes(Folder["seed/chunks.crc"]), fetcher.Bytes.ToArray());
        Assert.True(fetcher.Bytes.Length > 3000, $"{fetcher.Bytes.Length} bytes are too few");
        double most = 1024 * (1 + 1.05 * watch.Elapsed.TotalSeconds);      // the first step comes at once
        Assert.True(fetcher.Bytes.Length < most, $"{fetcher.Bytes.Length} bytes in {watch.Elapsed.TotalSeconds} s");
    }

    // Without a limit all of it is there in a fraction of the time.
    [Fact]
    public void WithoutALimit_ThereIsNone()
    {
        var chunks = new ChunkSet(Random, 4, 8 << 20);
        ClientProcess seed = StartSeed(chunks);
        var watch = Stopwatch.StartNew();
        foreach (int index in chunks.Indexes)
        {
            using var fetcher = FakeFetcher.Fetch(seed.Port, $"REQUEST_CHUNK,{index}");
            chunks.AssertChunk(index, fetcher.Bytes, "what was served");
        }
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"32 MB took {watch.Elapsed.TotalSeconds:F1} s");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task AsManyAreServedAtATime_AsThereAreSlots(int slots)
    {
        var chunks = new ChunkSet(Random, 2, 600_000);
        ClientProcess seed = StartSeed(chunks, "-upload_limit", "1M", "-upload_slots", $"{slots}");
        using FakeFetcher first = new(seed.Port), second = new(seed.Port);
        first.Ask("REQUEST_CHUNK,1");
        first.ReadSome(1);
        second.Ask("REQUEST_CHUNK,2");
        var watch = Stopwatch.StartNew();
        Task<TimeSpan> reading = Task.Factory.StartNew(() =>
        {
            Assert.Equal(StreamEnd.Clean, first.ReadToEnd());
            return watch.Elapsed;
        }, TaskCreationOptions.LongRunning);
        second.ReadSome(1);
        TimeSpan begin = watch.Elapsed;
        TimeSpan left = await reading - begin;
        // With one slot the second one's first bytes come directly behind the first one's last; with more, the two
        // share the rate.
        string times = $"it began after {begin}, the first one ended {left} later";
        if (slots == 1) Assert.True(left < begin, times);
        else Assert.True(left > begin, times);
    }

    private ClientProcess StartSeed(ChunkSet chunks, params IEnumerable<string> more)
    {
        chunks.DealTo(Folder.MakeFolder("seed"), chunks.Indexes);
        ClientProcess seed = StartClient("seed", StartTracker().Port, more);
        seed.WaitUntilComplete();
        return seed;
    }
}
