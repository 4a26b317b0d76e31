using System;
using System.Linq;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>Ten seconds of fuzzing. For longer: <c>dotnet run --project tests/P2P.Stress -c Release -- fuzz MINUTES [SEED]</c>.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void TenSecondsOfRandomInput_FindNoDifferenceToTheSlowImplementations()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("P2P_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (run again with P2P_TEST_SEED={seed})");
        var counts = Fuzzing.Run(seed, TimeSpan.FromSeconds(10));
        foreach (var (name, count) in counts)
            output.WriteLine($"{count,9} {name}");
        Assert.True(counts.Values.Min() > 100);
    }
}
