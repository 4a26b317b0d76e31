using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>A program whose processes form a swarm.</summary>
internal interface ISwarmProgram
{
    /// <summary>What must be installed; null for ours.</summary>
    Tool? Tool { get; }

    /// <summary>Starts everybody, and ends everybody when all have everything.</summary>
    /// <returns>Seconds until the last peer was complete.</returns>
    /// <exception cref="BenchmarkException">It never was.</exception>
    double Run(SwarmPlan plan, SwarmFiles files, ISwarmNetwork network);
}
