using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>A few thousand cases of each kind. For more:
/// <c>dotnet run --project tests/P2P.Stress -c Release -- fuzz MINUTES [SEED]</c>.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void RandomInput_FindsNoDifferenceToTheSlowImplementations()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("P2P_TEST_SEED"), out int given)
            ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (run again with P2P_TEST_SEED={seed})");
        IReadOnlyDictionary<string, long> counts = Fuzzing.Run(seed, number => number < 30_000);
        foreach ((string name, long count) in counts)
            output.WriteLine($"{count,9} {name}");
        Assert.Equal(5000, counts.Values.Min());
    }
}
