using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// One client of a round, of whatever kind: its processes one after the other. Each run has a name of its own, so that
/// the log tells what a client asked for after it was killed. Every signal goes to a process that this client started.
/// </summary>
internal abstract class ChaosMember(ChaosSwarm swarm) : IDisposable
{
    private readonly List<ClientRun> _runs = [];

    /// <summary>All of its runs, the refused ones too.</summary>
    public IReadOnlyList<ClientRun> Runs => _runs;

    /// <summary>The run that goes on now; null before the first and between two.</summary>
    public ClientRun? Run { get; protected set; }

    /// <summary>By the round's clock; zero if it isn't stopped.</summary>
    public TimeSpan StoppedUntil { get; private set; }

    public bool IsStopped => StoppedUntil != TimeSpan.Zero;

    public ChaosSwarm Swarm => swarm;

    public void Start() => Run = Launch();

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

    public void Dispose()
    {
        foreach (ClientRun run in _runs)
            run.Process.Dispose();
    }

    /// <summary>Starts a process.</summary>
    /// <param name="number">Of the run, from 1: belongs into its name.</param>
    protected abstract ClientRun Make(int number);

    /// <summary>Looks at what a run has left.</summary>
    /// <param name="signal">That ended it; 0 if it has ended by itself.</param>
    /// <param name="mustBeClean">It was up, and minds this signal.</param>
    protected abstract void OnEnded(ClientRun run, int signal, int exitCode, bool mustBeClean);

    protected ClientRun Launch()
    {
        ClientRun run = Make(_runs.Count + 1);
        _runs.Add(run);
        return run;
    }

    protected void EndOf(ClientRun run, int signal, bool mustBeClean)
    {
        ClientProcess process = run.Process;
        if (!process.HasExitedWithin(ChaosSwarm.ProcessPatience))
        {
            Count(Violation.HungClients, $"{ChaosSwarm.NameOf(signal)} doesn't end it", run);
            process.Kill();
        }
        int exitCode = process.WaitForExit();
        process.Dispose();
        OnEnded(run, signal, exitCode, mustBeClean);
    }

    /// <summary>Waits for the end of a run that was to be refused, because another one has its folder or file, and
    /// counts it unless it says so in one line.</summary>
    /// <param name="what">What it must name.</param>
    protected void JudgeRefusal(ClientRun second, string what)
    {
        second.IsRefused = true;
        if (!second.Process.HasExitedWithin(ChaosSwarm.ProcessPatience))
            second.Process.Kill();
        bool isClear = second.Process.WaitForExit() is > 0 and < 128 && second.Process.Output.Count == 0
            && second.Process.Errors.All is [var line] && line.Contains(what) && line.Contains("another ");
        if (!isClear)
            Count(Violation.SecondClientsNotRefused, "no clear refusal", second);
    }

    /// <summary>Two runs serve from the same folder or file: counts it, and ends the second.</summary>
    protected void CountBoth(string what, ClientRun first, ClientRun second)
    {
        Count(Violation.SecondClientsNotRefused, what, first, second);
        second.IsRefused = true;
        second.Process.Kill();
        second.Process.WaitForExit();
    }

    /// <summary>Counts what its runs have complained of.</summary>
    protected void JudgeRuns(bool isOnSmallDisk, bool hasChangedFiles = false)
    {
        foreach (ClientRun run in _runs.Where(run => run.Process.HasFailedAssertion))
            Count(Violation.FailedAssertions, "an assertion does not hold", run);
        foreach (ClientRun run in _runs.Where(run => run.HasComplained(isOnSmallDisk, hasChangedFiles)))
            Count(Violation.OtherFaults, "complains of what can't be", run);
    }

    protected void Count(Violation violation, string what, params IEnumerable<ClientRun> runs) =>
        swarm.Counts.Add(violation, $"{what}\n{string.Concat(runs.Select(run => run.Process.Describe()))}");
}
