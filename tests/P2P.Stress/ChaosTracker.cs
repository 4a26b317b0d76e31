using System;
using System.Collections.Generic;
using System.Threading;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>The tracker of a round: its processes one after the other, on one port.</summary>
/// <param name="onStart">Called whenever it listens again.</param>
internal sealed class ChaosTracker(ChaosSwarm swarm, Action onStart) : IDisposable
{
    private readonly List<TrackerProcess> _runs = [];

    public void Start()
    {
        _runs.Add(new TrackerProcess(swarm.WorkFolder, "-port", $"{swarm.TrackerPort}"));
        _ = _runs[^1].ReadyLine;
        onStart();
    }

    public void Restart(int signal, TimeSpan pause)
    {
        End(signal);
        Thread.Sleep(pause);
        Start();
        swarm.Counts.TrackerRestarts++;
    }

    public void End(int signal)
    {
        TrackerProcess tracker = _runs[^1];
        tracker.Signal(signal);
        if (!tracker.HasExitedWithin(ChaosSwarm.ProcessPatience))
        {
            Fault($"{ChaosSwarm.NameOf(signal)} doesn't end the tracker\n{tracker.Describe()}");
            tracker.Kill();
        }
        bool isClean = tracker.WaitForExit() == (signal == Libc.SigKill ? 128 + signal : 0);
        if (tracker.HasFailedAssertion)
            swarm.Counts.Add(Violation.FailedAssertions, $"an assertion does not hold\n{tracker.Describe()}");
        else if (!isClean)
            Fault($"the tracker ended badly after {ChaosSwarm.NameOf(signal)}\n{tracker.Describe()}");
    }

    public void Dispose()
    {
        foreach (TrackerProcess tracker in _runs)
            tracker.Dispose();
    }

    private void Fault(string what) => swarm.Counts.Add(Violation.OtherFaults, what);
}
