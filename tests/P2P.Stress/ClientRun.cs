using System;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>One process of a client, with a name of its own in the log, and what lay in its folder of chunks before it
/// began; null if it has none.</summary>
internal sealed class ClientRun(ClientProcess process, FolderLook? before, string history)
{
    // What the programs print only when something has gone wrong that nobody did to them.
    private static readonly string[] Faults =
        ["internal error", "Unhandled", "Access to the path", "Exception", "   at "];

    public ClientProcess Process => process;

    public FolderLook? Before => before;

    /// <summary>How the run before it ended, and what lay in the folder then.</summary>
    public string History => history;

    /// <summary>It was refused because another client has its folder, so it may not have sent anything.</summary>
    public bool IsRefused { get; set; }

    /// <summary>It has printed its first line: it has the folder, listens, and minds signals.</summary>
    public bool IsReady => process.Output.Count > 0;

    /// <summary>Waits until it is ready; false if it has ended instead, or hangs.</summary>
    public bool WaitUntilReady() => process.Output.TryWaitFor(_ => true, ChaosSwarm.ProcessPatience);

    /// <summary>Waits until it has everything; false if the time is up, or it has ended.</summary>
    public bool WaitUntilComplete(TimeSpan limit) =>
        process.Output.TryWaitFor(line => line.Contains(": complete, "), limit);

    /// <summary>Whether it complained of what can't be, of a disk that has room, or of files that nobody has
    /// touched.</summary>
    public bool HasComplained(bool isOnSmallDisk, bool hasChangedFiles) => process.Errors.All.Any(line =>
        Faults.Any(line.Contains) || (!isOnSmallDisk && line.Contains("can't store chunks"))
            || (!hasChangedFiles && line.Contains("has gone or changed")));
}
