using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// One client of a round: its folder, and its processes one after the other. Each run has a name of its own, so that
/// the log tells what a client asked for after it was killed; the folder is looked at between any two runs. Every
/// signal goes to a process that this client started.
/// </summary>
internal sealed class ChaosClient(ChaosSwarm swarm, int number, string folder, IReadOnlyList<int> dealt,
    SmallDisk? disk) : IDisposable
{
    private readonly List<ClientRun> _runs = [];
    private FolderLook? _look;
    private string _history = "its first run";

    /// <summary>All of its runs, the refused ones too.</summary>
    public IReadOnlyList<ClientRun> Runs => _runs;

    /// <summary>The run that goes on now; null before the first and between two.</summary>
    public ClientRun? Run { get; private set; }

    /// <summary>By the round's clock; zero if it isn't stopped.</summary>
    public TimeSpan StoppedUntil { get; private set; }

    public bool IsStopped => StoppedUntil != TimeSpan.Zero;

    /// <summary>The disk of its own that it has, or null.</summary>
    public SmallDisk? Disk => disk;

    /// <summary>Makes the folder as it was at first; a client that has lost it begins again with that. Not while it
    /// runs.</summary>
    public void Deal()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        swarm.Chunks.DealTo(Directory.CreateDirectory(folder).FullName, dealt);
        _look = Look();
        _history = "the folder was new";
    }

    public void Start() => Run = Launch();

    /// <summary>Starts another client in the same folder, by mistake. It must be refused, and do no harm; of two that
    /// begin at the same time either may be the one.</summary>
    public void StartSecond()
    {
        swarm.Counts.SecondClients++;
        (ClientRun first, ClientRun second, string[] chunks) = (Run!, Launch(), Directory.GetFiles(folder, "chunk_*"));
        if (second.WaitUntilReady())
        {
            if (first.IsReady || first.WaitUntilReady())
            {
                Count(Violation.SecondClientsNotRefused, $"both serve from {folder}", first, second);
                second.IsRefused = true;
                second.Process.Kill();
                second.Process.WaitForExit();
                return;
            }
            (Run, first, second) = (second, second, first);
        }
        second.IsRefused = true;
        if (!second.Process.HasExitedWithin(ChaosSwarm.ProcessPatience))
            second.Process.Kill();
        bool isClear = second.Process.WaitForExit() is > 0 and < 128 && second.Process.Output.Count == 0
            && second.Process.Errors.All is [var line] && line.Contains(folder) && line.Contains("another ");
        if (!isClear)
            Count(Violation.SecondClientsNotRefused, "no clear refusal", second);
        if (first.Process.HasExited || !chunks.All(File.Exists))
            Count(Violation.SecondClientsNotRefused, $"it has harmed the first, {Look().Describe()}", first, second);
    }

    public void Stop(TimeSpan until)
    {
        swarm.Counts.Stops++;
        StoppedUntil = until;
        Run!.Process.Signal(Libc.SigStop);
    }

    public void Continue()
    {
        StoppedUntil = TimeSpan.Zero;
        Run?.Process.Signal(Libc.SigContinue);
    }

    /// <summary>Sends the signal that ends it, and doesn't wait.</summary>
    /// <returns>What waits, and looks at what is left.</returns>
    public Action BeginEnd(int signal)
    {
        ClientRun run = Run!;
        bool mustBeClean = signal != Libc.SigKill && run.IsReady;
        run.Process.Signal(signal);
        Continue();
        Run = null;
        return () => EndOf(run, signal, mustBeClean);
    }

    /// <summary>Whether its folder holds chunks and their list, and nothing else.</summary>
    public bool IsTidy() => Look().Strays.Count == 0;

    /// <summary>Counts what it has fetched, what it lacks at the end although it called itself complete, and what its
    /// runs have complained of.</summary>
    public void Judge()
    {
        FolderLook look = Look();
        if (look.Held.Count < swarm.Chunks.Count && _runs.Last(run => !run.IsRefused).WaitUntilComplete(TimeSpan.Zero))
            Count(Violation.OtherFaults, $"it called itself complete: {look.Describe()}");
        var fetched = look.Held.Except(dealt).ToList();
        swarm.Counts.ChunksFetched += fetched.Count;
        swarm.Counts.Bytes += fetched.Sum(index => (long)swarm.Chunks[index].Length);
        foreach (ClientRun run in _runs.Where(run => run.Process.HasFailedAssertion))
            Count(Violation.FailedAssertions, "an assertion does not hold", run);
        foreach (ClientRun run in _runs.Where(run => run.HasComplained(isOnSmallDisk: disk is not null)))
            Count(Violation.OtherFaults, "complains of what can't be", run);
    }

    /// <summary>Counts files that have no business where everything has arrived.</summary>
    public void JudgeLeftovers()
    {
        FolderLook look = Look();
        if (look.Strays.Count > 0)
            swarm.Counts.Add(Violation.LeftoverFiles, $"all is complete: {look.Describe()}", look.Strays.Count);
    }

    public void Dispose()
    {
        foreach (ClientRun run in _runs)
            run.Process.Dispose();
    }

    private ClientRun Launch()
    {
        string name = $"c{number}.{_runs.Count + 1}";
        string[] arguments = ["-folder", folder, "-name", name, "-tracker", $"localhost:{swarm.TrackerPort}"];
        var run = new ClientRun(new ClientProcess(swarm.WorkFolder, name, folder, arguments), _look!, _history);
        _runs.Add(run);
        return run;
    }

    private void EndOf(ClientRun run, int signal, bool mustBeClean)
    {
        ClientProcess process = run.Process;
        if (!process.HasExitedWithin(ChaosSwarm.ProcessPatience))
        {
            Count(Violation.HungClients, $"{ChaosSwarm.NameOf(signal)} doesn't end it", run);
            process.Kill();
        }
        int exitCode = process.WaitForExit();
        process.Dispose();
        _look = Look();
        bool isDiskFull = disk is { IsFull: true };
        _history = $"{process.Name} was ended by {ChaosSwarm.NameOf(signal)}, exit code {exitCode}"
            + $"{(isDiskFull ? ", on a full disk" : "")}; then {_look.Describe()}";
        var wrong = _look.Wrong.Except(run.Before.Wrong).ToList();
        if (wrong.Count > 0)
        {
            string asked = new ChaosLog(swarm.LogPath).Describe(process.Name, wrong);
            swarm.Counts.Add(Violation.WrongBytes, $"{_history}\n{asked}", _look.WrongBytes);
        }
        if (!run.Before.Held.All(_look.Held.Contains))
            Count(Violation.OtherFaults, $"chunks that it had have gone or changed: {_history}");
        if (_look.Held.Count < swarm.Chunks.Count)
            swarm.Counts.EndsBeforeComplete++;

        // Before it is ready, a signal may do what it does to any program.
        bool wasClean = exitCode == 0 && signal != Libc.SigKill;
        if (!wasClean && (mustBeClean || exitCode != 128 + signal))
            Count(Violation.OtherFaults, $"ended badly: {_history}", run);
        if (!wasClean)
            return;
        // A full disk can't take the list, so what that lacks must stay where the next run finds it.
        int strays = _look.Strays.Count(name => !isDiskFull || name.EndsWith(".part", StringComparison.Ordinal));
        if (strays > 0)
            swarm.Counts.Add(Violation.LeftoverFiles, $"after a clean end: {_history}", strays);
        if (_look.Unlisted.Count > 0 && !isDiskFull)
            Count(Violation.OtherFaults, $"a clean end left the list behind: {_history}");
    }

    private void Count(Violation violation, string what, params IEnumerable<ClientRun> runs) =>
        swarm.Counts.Add(violation, $"{what}\n{string.Concat(runs.Select(run => run.Process.Describe()))}");

    private FolderLook Look() => new(folder, swarm.Chunks);
}
