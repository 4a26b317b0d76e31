using System.Collections.Generic;

namespace P2P.Benchmarks.Support;

/// <summary>One command of the program: measures, and fills one table or several.</summary>
internal interface IFigure
{
    /// <summary>As on the command line.</summary>
    string Name { get; }

    /// <summary>Programs that ours is compared with.</summary>
    IReadOnlyList<Tool> Tools { get; }

    /// <summary>Measures everything.</summary>
    /// <returns>Each table as soon as it is complete.</returns>
    IEnumerable<ResultTable> Measure(BenchmarkContext context);
}
