using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Transfer;

/// <summary>One curl that fetches all chunks from an nginx into new files.</summary>
internal sealed class CurlFetch(WorkFolder work, NginxServer server, TransferPlan plan)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private int _runs;

    /// <returns>Seconds from starting curl to its end; CPU seconds of the server, then of curl.</returns>
    public double[] Run(params IEnumerable<string> options)
    {
        string folder = work.MakeFolder($"curl_{++_runs}"), list = work["curl.conf"];
        File.WriteAllLines(list, Enumerable.Range(1, plan.Count).Select(ChunkFiles.NameOf)
            .Select(name => $"url = \"http://127.0.0.1:{server.Port}/{name}\"\noutput = \"{folder}/{name}\""));
        double serverBefore = server.Process.CpuSeconds;
        var watch = Stopwatch.StartNew();
        using var curl =
            ChildProcess.Start(work.Path, "curl", ["--silent", "--show-error", "--fail", "--config", list, .. options]);
        ProcessEnd end = curl.WaitForExit(Patience);
        double seconds = watch.Elapsed.TotalSeconds;
        end.ThrowIfFailed(curl);
        double serverCpu = server.Process.CpuSeconds - serverBefore;
        ChunkFiles.Check(folder, plan.Count, plan.ChunkBytes);
        plan.Leave(folder);
        return [seconds, serverCpu, end.CpuSeconds];
    }
}
