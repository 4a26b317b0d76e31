using System;
using System.Diagnostics;
using System.IO;
using P2P.Benchmarks.Support;
using P2P.Benchmarks.Swarms;
using P2P.Benchmarks.Transfer;

namespace P2P.Benchmarks.Long;

/// <summary>What people use instead from one machine to another: an nginx at peer 0, and at peer 1 a curl that fetches
/// the same bytes as one file.</summary>
internal sealed class CurlTransfer : ISwarmProgram
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    public Tool? Tool => Tool.Curl;

    public double Run(SwarmPlan plan, SwarmFiles files, ISwarmNetwork network)
    {
        using var work = WorkFolder.Make();
        string run = files.NewFolder(), served = files.DealData(run, 0), folder = files.DealData(run, 1);
        using NginxServer nginx = network.AtPeer(0, () => new NginxServer(work, served, network.AddressOf(0)));
        string url = $"http://{network.AddressOf(0)}:{nginx.Port}/{SwarmFiles.DataName}";
        string file = Path.Combine(folder, SwarmFiles.DataName);
        var watch = Stopwatch.StartNew();
        using ChildProcess curl = network.AtPeer(1, () =>
            ChildProcess.Start(run, "curl", "--silent", "--show-error", "--fail", "--output", file, url));
        ProcessEnd end = curl.WaitForExit(Timeout);
        double seconds = watch.Elapsed.TotalSeconds;
        end.ThrowIfFailed(curl);
        files.CheckData(folder);
        files.Empty(run);
        return seconds;
    }
}
