using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Transfer;

/// <summary>From one peer to another over loopback, files in the page cache, into new files;
/// against nginx and curl.</summary>
internal sealed class TransferFigure : IFigure
{
    private static readonly (string Name, string[] Options)[] SmallFetches =
    [
        ("a connection each", ["--header", "Connection: close"]),
        ("8 connections at a time, one for each chunk",
            ["--header", "Connection: close", "--parallel", "--parallel-max", "8"]),
        ("one connection for all", []),
        ("8 connections for all", ["--parallel", "--parallel-max", "8"]),
    ];

    public string Name => "transfer";

    public IReadOnlyList<Tool> Tools => [Tool.Nginx, Tool.Curl];

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        var table = new ResultTable("Transfer: seed to one client over loopback, against nginx (sendfile) and curl");
        Measure(context, table, new TransferPlan("1 GiB in 1 chunk", 1, 1L << 30), [("curl", [])]);
        Measure(context, table, new TransferPlan("4,096 chunks of 4 KiB", 4096, 4096), SmallFetches);
        yield return table;
    }

    private static void Measure(BenchmarkContext context, ResultTable table, TransferPlan plan,
        (string Name, string[] Options)[] fetches)
    {
        using var work = WorkFolder.Make();
        string seedFolder = work.MakeFolder("seed");
        ChunkFiles.Write(seedFolder, plan.Count, plan.ChunkBytes);
        ChunkFiles.List(seedFolder, Enumerable.Range(1, plan.Count), plan.Count);
        using var ours = new OurFetch(context, work, seedFolder, plan);
        using NginxServer? nginx = Tool.Nginx.IsThere && Tool.Curl.IsThere
            ? new NginxServer(work, seedFolder, IPAddress.Loopback)
            : null;
        CurlFetch? curl = nginx == null ? null : new CurlFetch(work, nginx, plan);
        foreach ((string name, string[] options) in fetches)
        {
            context.Progress($"{plan.Name}, curl: {name}");
            (double[] Ours, double[] Peer) result =
                Medians.OfPair(context.Runs, ours.Run, curl == null ? null : () => curl.Run(options));
            string what = fetches.Length == 1 ? plan.Name : $"{plan.Name} (curl: {name})";
            table.Add($"{what}: time", result.Ours[0], result.Peer[0], "{0:F3} s");
            table.Add($"{what}: CPU of the sender", result.Ours[1], result.Peer[1], "{0:F3} s");
            table.Add($"{what}: CPU of the receiver", result.Ours[2], result.Peer[2], "{0:F3} s");
        }
    }
}
