using System;
using System.IO;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>What the clients of one round have in common.</summary>
/// <param name="WorkFolder">Where their processes run and share one `logs.log`.</param>
/// <param name="Description">The sums of its chunks, for clients that have a folder with them; null: none.</param>
internal sealed record ChaosSwarm(
    string WorkFolder, ChunkSet Chunks, int TrackerPort, ChaosCounts Counts, byte[]? Description = null)
{
    public string LogPath { get; } = Path.Combine(WorkFolder, "logs.log");

    /// <summary>A process that takes longer to start or to end hangs; both take milliseconds.</summary>
    public static readonly TimeSpan ProcessPatience = TimeSpan.FromSeconds(10);

    /// <summary>A signal as it is called on a command line.</summary>
    public static string NameOf(int signal) => signal switch
    {
        Libc.SigKill => "kill -9",
        Libc.SigTerm => "SIGTERM",
        Libc.SigHup => "SIGHUP",
        _ => $"signal {signal}",
    };
}
