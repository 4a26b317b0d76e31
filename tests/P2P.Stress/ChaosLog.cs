using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// Reads what a round has left in `logs.log`: lines that have no form of the specification or nobody's name, and
/// requests of a client for a chunk that it had: one that lay in the folder, whole, when the run before had ended. What
/// was in flight at the kill has no final name there, and doesn't count. A request that follows the run's own
/// announcement was on its way when another source had sent the chunk: it is counted as overtaken, and is no violation.
/// </summary>
internal sealed class ChaosLog(string path)
{
    private const int LinesShown = 8;
    private readonly string[] _lines = new LogReader(path).Text.Split('\n');

    /// <summary>Counts what must not happen.</summary>
    /// <param name="runs">All of the round.</param>
    public void Judge(IReadOnlyList<ClientRun> runs, ChaosCounts counts)
    {
        var runsByName = runs.ToDictionary(run => run.Process.Name);
        var again = new LinesByRun();
        var refused = new LinesByRun();
        var announced = new HashSet<(string Name, string Index)>();
        counts.LogLines += _lines.Length - 1;
        if (_lines[^1].Length > 0)
            counts.Add(Violation.TornLogLines, $"the log ends without a line end: '{_lines[^1]}'");
        for (int i = 0; i < _lines.Length - 1; i++)
        {
            string[] fields = _lines[i].Split(',');
            ClientRun? run = null;
            bool isKnown = fields[0] == "P2PTracker" || runsByName.TryGetValue(fields[0], out run);
            if (!isKnown || !LogOrder.HasForm(_lines[i]))
                counts.Add(Violation.TornLogLines, $"line {i + 1} of {_lines.Length - 1}, between those beside it:\n"
                    + string.Join('\n', _lines[Math.Max(0, i - 1)..Math.Min(_lines.Length, i + 2)]));
            if (run is { IsRefused: true })
                refused.Add(run, Numbered(i));
            if (run is null || fields is not [_, "LOCAL_CHUNKS" or "REQUEST_CHUNK", _, _, _])
                continue;
            if (fields[1] == "LOCAL_CHUNKS")
                announced.Add((fields[0], fields[2]));
            else if (int.TryParse(fields[2], out int index) && run.Before?.Held.Contains(index) == true)
                again.Add(run, Numbered(i));
            else if (announced.Contains((fields[0], fields[2])))
                counts.Overtaken++;
        }
        foreach ((ClientRun run, List<string> lines) in refused)
            counts.Add(Violation.SecondClientsNotRefused, $"{run.Process.Name} sent {lines.Count} lines, {lines[0]}");
        foreach ((ClientRun run, List<string> lines) in again)
            counts.Add(Violation.ChunksFetchedTwice, $"{run.Process.Name} asked for what it had; before it began: "
                + $"{run.History}\n{string.Join('\n', lines.Take(LinesShown))}", lines.Count);
    }

    /// <summary>Whom a run has asked for some chunks, and which clients have announced those ports.</summary>
    public string Describe(string name, IEnumerable<int> indexes)
    {
        var starts = indexes.Select(index => $"{name},REQUEST_CHUNK,{index},").ToList();
        var asked = Enumerable.Range(0, _lines.Length).Where(i => starts.Any(_lines[i].StartsWith)).ToList();
        return string.Join('\n', asked.Select(i => $"{Numbered(i)}, a port of {OwnersOf(_lines[i].Split(',')[^1])}"));
    }

    private string OwnersOf(string port)
    {
        IEnumerable<string> announcements =
            _lines.Where(line => line.Contains(",LOCAL_CHUNKS,") && line.EndsWith($",{port}"));
        return string.Join(' ', announcements.Select(line => line[..line.IndexOf(',')]).Distinct());
    }

    private string Numbered(int i) => $"line {i + 1}: {_lines[i]}";

    private sealed class LinesByRun : Dictionary<ClientRun, List<string>>
    {
        public void Add(ClientRun run, string line)
        {
            if (!TryGetValue(run, out List<string>? lines))
                Add(run, lines = []);
            lines.Add(line);
        }
    }
}
