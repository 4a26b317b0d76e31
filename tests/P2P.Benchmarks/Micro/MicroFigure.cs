using System.Collections.Generic;
using System.Linq;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Micro;

/// <summary>
/// Nanoseconds and allocated bytes of the pieces, by BenchmarkDotNet. In this process, under the jitting runtime:
/// good for comparing one version with another, not for what the native programs need.
/// </summary>
internal sealed class MicroFigure : IFigure
{
    public string Name => "micro";

    public IReadOnlyList<Tool> Tools => [];

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        using var work = WorkFolder.Make();
        var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
        var config = ManualConfig.CreateEmpty().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddLogger(NullLogger.Instance)
            .AddColumnProvider(DefaultColumnProviders.Instance).WithArtifactsPath(work.Path);
        context.Progress("BenchmarkDotNet");
        var summary = BenchmarkRunner.Run<MicroBenchmarks>(config);
        if (summary.HasCriticalValidationErrors || summary.Reports.Any(report => report.ResultStatistics == null))
            throw new BenchmarkException($"BenchmarkDotNet failed: {string.Join("; ", summary.ValidationErrors.Select(error => error.Message))}");

        var table = new ResultTable("Pieces of the tracker's way of a message (jitted, by BenchmarkDotNet)");
        foreach (var report in summary.Reports)
        {
            string what = report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'');
            table.Add($"{what}: time", report.ResultStatistics!.Median, double.NaN, "{0:F1} ns");
            table.Add($"{what}: allocated", report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? double.NaN, double.NaN, "{0:F0} bytes", "0");
        }
        yield return table;
    }
}
