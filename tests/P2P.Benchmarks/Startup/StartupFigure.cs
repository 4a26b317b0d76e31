using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Startup;

/// <summary>From exec to the first connection, memory and size, against programs that only listen.</summary>
internal sealed class StartupFigure : IFigure
{
    public string Name => "startup";

    public IReadOnlyList<Tool> Tools => [Tool.Gcc];

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        using var work = WorkFolder.Make();
        context.Progress("building the listeners");
        var listeners = new List<(string Name, string Path)>();
        if (Listeners.BuildC(work) is { } c)
            listeners.Add((Listeners.CName, c));
        listeners.Add(("empty NativeAOT", Listeners.BuildAot(work)));
        string folder = work.MakeFolder("client");
        ChunkFiles.List(folder, [], count: 1);

        using var tracker =
            StartRace.Prepare(port => new SpawnPlan(work.Path, context.Programs.Tracker, "-port", $"{port}"));
        using var client = StartRace.Prepare(
            port => new SpawnPlan(work.Path, context.Programs.Client, "-folder", folder, "-transfer_port", $"{port}"));
        StartRace[] races = [tracker, client,
            .. listeners.Select(each => StartRace.Prepare(port => new SpawnPlan(work.Path, each.Path, $"{port}")))];
        context.Progress($"{context.ManyRuns} starts of each");
        // The first start reads the file from the disk.
        foreach (StartRace race in races)
            race.Run();
        double[][] results = Medians.Of(context.ManyRuns, races.Select(race => (Func<double[]>)race.Run).ToArray());

        var table =
            new ResultTable($"Start-up: from exec to the first connection, medians of {context.ManyRuns} starts");
        (string Name, string Path)[] ours =
            [("P2PTracker", context.Programs.Tracker), ("P2PClient", context.Programs.Client)];
        for (int our = 0; our < ours.Length; our++)
            for (int their = 0; their < listeners.Count; their++)
            {
                double[] us = results[our], them = results[ours.Length + their];
                string what = $"{ours[our].Name}, {listeners[their].Name}";
                table.Add($"{what}: time", us[0], them[0], "{0:F2} ms",
                    our == 0 && listeners[their].Name == Listeners.CName ? "5 times" : null);
                table.Add($"{what}: memory", us[1] / 1e6, them[1] / 1e6, "{0:F2} MB", "6 MB");
                table.Add($"{what}: size", Megabytes(ours[our].Path),
                    Megabytes(listeners[their].Path), "{0:F2} MB", "3 MB");
            }
        foreach (StartRace race in races)
            race.Dispose();
        yield return table;
    }

    private static double Megabytes(string path) => new FileInfo(path).Length / 1e6;
}
