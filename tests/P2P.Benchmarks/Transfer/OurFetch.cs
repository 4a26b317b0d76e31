using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Transfer;

/// <summary>A tracker and a seed that has announced everything; each run starts a client that fetches it all.</summary>
internal sealed class OurFetch : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly BenchmarkContext _context;
    private readonly WorkFolder _work;
    private readonly TransferPlan _plan;
    private readonly TrackerProcess _tracker;
    private readonly ChildProcess _seed;
    private int _runs;

    public OurFetch(BenchmarkContext context, WorkFolder work, string seedFolder, TransferPlan plan)
    {
        (_context, _work, _plan) = (context, work, plan);
        _tracker = new TrackerProcess(context.Programs, work.Path);
        _seed = StartClient(seedFolder);
        WaitUntilAnnounced();
    }

    /// <returns>Seconds from starting the client until it has everything; CPU seconds of the seed,
    /// then of the client.</returns>
    public double[] Run()
    {
        string folder = _work.MakeFolder($"client_{++_runs}");
        ChunkFiles.List(folder, [], _plan.Count);
        double seedBefore = _seed.CpuSeconds;
        var watch = Stopwatch.StartNew();
        using ChildProcess client = StartClient(folder);
        client.WaitForLine(": complete, all ", Patience);
        double seconds = watch.Elapsed.TotalSeconds;
        double seedCpu = _seed.CpuSeconds - seedBefore, clientCpu = client.CpuSeconds;
        ChunkFiles.Check(folder, _plan.Count, _plan.ChunkBytes);
        client.Stop();
        _plan.Leave(folder);
        return [seconds, seedCpu, clientCpu];
    }

    public void Dispose()
    {
        _seed.Dispose();
        _tracker.Dispose();
    }

    private ChildProcess StartClient(string folder) =>
        ChildProcess.Start(_work.Path, _context.Programs.Client, "-folder", folder, "-tracker",
            $"localhost:{_tracker.Port}");

    private void WaitUntilAnnounced()
    {
        for (var watch = Stopwatch.StartNew(); CountAnnounced() < _plan.Count; Thread.Sleep(20))
            if (watch.Elapsed > Patience)
                throw new BenchmarkException($"has not announced everything: {_seed.Describe()}");

        int CountAnnounced() => File.ReadLines(_work["logs.log"])
            .Count(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,", StringComparison.Ordinal));
    }
}
