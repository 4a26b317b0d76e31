using System;
using System.IO;
using System.Text.RegularExpressions;

namespace P2P.Benchmarks.Support;

/// <summary>Our tracker as it ships, with its log on, on a free port of its own.</summary>
internal sealed class TrackerProcess : IDisposable
{
    private readonly string _log;

    /// <param name="address">The address to listen on; null for this machine alone.</param>
    public TrackerProcess(NativePrograms programs, string folder, string? address = null)
    {
        _log = Path.Combine(folder, "logs.log");
        Process = ChildProcess.Start(folder, programs.Tracker,
            ["-port", "0", .. address == null ? [] : new[] { "-bind", address }]);
        string line = Process.WaitForLine("P2PTracker listening on ", TimeSpan.FromSeconds(20));
        Port = int.Parse(Regex.Match(line, @":(\d+), log ").Groups[1].Value);
    }

    public ChildProcess Process { get; }

    public int Port { get; }

    /// <summary>Empties the log, which grows by 100 MB a second under load. It is opened for appending,
    /// so this is allowed.</summary>
    public void EmptyLog()
    {
        using var log = new FileStream(_log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        log.SetLength(0);
    }

    /// <summary>Stops it, and reads what it says to have done.</summary>
    public (long Questions, long AllocatedBytes) Stop()
    {
        Match counts = Regex.Match(Process.Stop()[^1], @" (\d+) questions?, .*?(\d+) bytes allocated$");
        return counts.Success
            ? (long.Parse(counts.Groups[1].Value), long.Parse(counts.Groups[2].Value))
            : throw new BenchmarkException($"no counts from {Process.Describe()}");
    }

    public void Dispose() => Process.Dispose();
}
