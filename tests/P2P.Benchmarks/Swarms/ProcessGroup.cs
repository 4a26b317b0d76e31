using System;
using System.Collections.Generic;
using System.Diagnostics;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>The processes of one swarm.</summary>
internal sealed class ProcessGroup : IDisposable
{
    private readonly List<ChildProcess> _processes = [];

    public IReadOnlyList<ChildProcess> All => _processes;

    public void Add(ChildProcess process) => _processes.Add(process);

    /// <summary>Waits until each of them has printed a line with that text.</summary>
    /// <param name="patience">For all together.</param>
    /// <param name="isMeant">Which of them; null for all.</param>
    public void WaitForLines(string text, TimeSpan patience, Func<int, bool>? isMeant = null)
    {
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < _processes.Count; i++)
            if (isMeant?.Invoke(i) ?? true)
                _processes[i].WaitForLine(text, patience - watch.Elapsed);
    }

    public void Dispose() => _processes.ForEach(process => process.Dispose());
}
