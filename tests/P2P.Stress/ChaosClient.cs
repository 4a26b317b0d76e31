using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>A client with a folder of chunks, which is looked at between any two runs.</summary>
internal sealed class ChaosClient(ChaosSwarm swarm, int number, string folder, IReadOnlyList<int> dealt,
    SmallDisk? disk) : ChaosMember(swarm)
{
    private FolderLook? _look;
    private string _history = "its first run";

    /// <summary>The disk of its own that it has, or null.</summary>
    public SmallDisk? Disk => disk;

    public string Folder => folder;

    /// <summary>Makes the folder as it was at first; a client that has lost it begins again with that. Not while it
    /// runs.</summary>
    public void Deal()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Swarm.Chunks.DealTo(Directory.CreateDirectory(folder).FullName, dealt);
        if (Swarm.Description is { } description)
            File.WriteAllBytes(Path.Combine(folder, FolderLook.Sums), description);
        _look = Look();
        _history = "the folder was new";
    }

    /// <summary>Starts another client in the same folder, by mistake. It must be refused, and do no harm; of two that
    /// begin at the same time either may be the one.</summary>
    public void StartSecond()
    {
        Swarm.Counts.SecondClients++;
        (ClientRun first, ClientRun second, string[] chunks) = (Run!, Launch(), Directory.GetFiles(folder, "chunk_*"));
        if (second.WaitUntilReady())
        {
            if (first.IsReady || first.WaitUntilReady())
            {
                CountBoth($"both serve from {folder}", first, second);
                return;
            }
            (Run, first, second) = (second, second, first);
        }
        JudgeRefusal(second, folder);
        if (first.Process.HasExited || !chunks.All(File.Exists))
            Count(Violation.SecondClientsNotRefused, $"it has harmed the first, {Look().Describe()}", first, second);
    }

    /// <summary>Whether its folder holds chunks and their list, and nothing else.</summary>
    public bool IsTidy() => Look().Strays.Count == 0;

    /// <summary>Counts what it has fetched, what it lacks at the end although it called itself complete, and what its
    /// runs have complained of.</summary>
    public void Judge()
    {
        FolderLook look = Look();
        if (look.Held.Count < Swarm.Chunks.Count && Runs.Last(run => !run.IsRefused).WaitUntilComplete(TimeSpan.Zero))
            Count(Violation.OtherFaults, $"it called itself complete: {look.Describe()}");
        var fetched = look.Held.Except(dealt).ToList();
        Swarm.Counts.ChunksFetched += fetched.Count;
        Swarm.Counts.Bytes += fetched.Sum(index => (long)Swarm.Chunks[index].Length);
        JudgeRuns(isOnSmallDisk: disk is not null);
    }

    /// <summary>Counts files that have no business where everything has arrived.</summary>
    public void JudgeLeftovers()
    {
        FolderLook look = Look();
        if (look.Strays.Count > 0)
            Swarm.Counts.Add(Violation.LeftoverFiles, $"all is complete: {look.Describe()}", look.Strays.Count);
    }

    protected override ClientRun Make(int run)
    {
        string name = $"c{number}.{run}";
        string[] arguments = ["-folder", folder, "-name", name, "-tracker", $"localhost:{Swarm.TrackerPort}"];
        return new ClientRun(new ClientProcess(Swarm.WorkFolder, name, folder, arguments), _look, _history);
    }

    protected override void OnEnded(ClientRun run, int signal, int exitCode, bool mustBeClean)
    {
        string name = run.Process.Name;
        _look = Look();
        bool isDiskFull = disk is { IsFull: true };
        _history = $"{name} was ended by {ChaosSwarm.NameOf(signal)}, exit code {exitCode}"
            + $"{(isDiskFull ? ", on a full disk" : "")}; then {_look.Describe()}";
        var wrong = _look.Wrong.Except(run.Before!.Wrong).ToList();
        if (wrong.Count > 0)
        {
            string asked = new ChaosLog(Swarm.LogPath).Describe(name, wrong);
            Swarm.Counts.Add(Violation.WrongBytes, $"{_history}\n{asked}", _look.WrongBytes);
        }
        if (!run.Before.Held.All(_look.Held.Contains))
            Count(Violation.OtherFaults, $"chunks that it had have gone or changed: {_history}");
        if (_look.Held.Count < Swarm.Chunks.Count)
            Swarm.Counts.EndsBeforeComplete++;

        // Before it is ready, a signal may do what it does to any program.
        bool wasClean = exitCode == 0 && signal != Libc.SigKill;
        if (!wasClean && (mustBeClean || exitCode != 128 + signal))
            Count(Violation.OtherFaults, $"ended badly: {_history}", run);
        if (!wasClean)
            return;
        // A full disk can't take the list, so what that lacks must stay where the next run finds it.
        int strays = _look.Strays.Count(stray => !isDiskFull || stray.EndsWith(".part", StringComparison.Ordinal));
        if (strays > 0)
            Swarm.Counts.Add(Violation.LeftoverFiles, $"after a clean end: {_history}", strays);
        if (_look.Unlisted.Count > 0 && !isDiskFull)
            Count(Violation.OtherFaults, $"a clean end left the list behind: {_history}");
    }

    private FolderLook Look() => new(folder, Swarm.Chunks);
}
