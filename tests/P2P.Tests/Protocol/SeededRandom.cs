using System;
using Xunit.Abstractions;

namespace P2P.Tests.Protocol;

/// <summary>The source of a test's random input. Its seed is printed,
/// and can be given to see the same run again.</summary>
internal static class SeededRandom
{
    private const string SeedVariable = "P2P_TEST_SEED";

    public static Random Create(ITestOutputHelper output)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out int given)
            ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (run again with {SeedVariable}={seed})");
        return new Random(seed);
    }

    public static T Pick<T>(this Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
