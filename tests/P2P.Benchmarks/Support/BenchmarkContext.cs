using System;

namespace P2P.Benchmarks.Support;

/// <summary>What the command line says, for every figure.</summary>
/// <param name="Programs">Ours.</param>
/// <param name="Runs">How often each program is measured; they take turns.</param>
/// <param name="IsQuick">Just to see that it works: shorter, and once.</param>
internal sealed record BenchmarkContext(NativePrograms Programs, int Runs, bool IsQuick)
{
    /// <summary>How long one measurement of a rate takes.</summary>
    public TimeSpan RateTime => TimeSpan.FromSeconds(IsQuick ? 0.5 : 2);

    /// <summary>Runs of what takes milliseconds only.</summary>
    public int ManyRuns => IsQuick ? 5 : Math.Max(41, Runs);

    /// <summary>Says on stderr what is being measured, so that a long figure is seen to go on.</summary>
    public void Progress(string what) => Console.Error.WriteLine($"... {what}");
}
