using System.Collections.Generic;
using System.Linq;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
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
        Job job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
        ManualConfig config = ManualConfig.CreateEmpty().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default)
            .AddLogger(NullLogger.Instance).AddColumnProvider(DefaultColumnProviders.Instance)
            .WithArtifactsPath(work.Path);
        context.Progress("BenchmarkDotNet");
        Summary summary = BenchmarkRunner.Run<MicroBenchmarks>(config);
        if (summary.HasCriticalValidationErrors || summary.Reports.Any(report => report.ResultStatistics == null))
        {
            IEnumerable<string> errors = summary.ValidationErrors.Select(error => error.Message);
            throw new BenchmarkException($"BenchmarkDotNet failed: {string.Join("; ", errors)}");
        }

        var table = new ResultTable("Pieces of the tracker's way of a message (jitted, by BenchmarkDotNet)");
        foreach (BenchmarkReport report in summary.Reports)
        {
            string what = report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'');
            table.Add($"{what}: time", report.ResultStatistics!.Median, double.NaN, "{0:F1} ns");
            long? allocated = report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase);
            table.Add($"{what}: allocated", allocated ?? double.NaN, double.NaN, "{0:F0} bytes", "0");
        }
        yield return table;
    }
}
