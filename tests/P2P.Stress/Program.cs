using System;
using System.Globalization;
using P2P.Tests.Faults.Fuzz;

namespace P2P.Stress;

/// <summary>The long runs that are no part of `dotnet test`: fuzzing, and the chaos test.</summary>
internal static class Program
{
    private const string Usage = """
        usage: dotnet run --project tests/P2P.Stress -c Release -- fuzz <minutes> [seed]
               dotnet run --project tests/P2P.Stress -c Release -- chaos <minutes> [seed]
          fuzz    random bytes for the framing, the readers and local_chunks.txt, against slow second implementations
          chaos   swarms of 12 clients with kills, stops, restarts of the tracker and bad peers
        The exit code is 0 only if everything was right.
        """;

    private static int Main(string[] arguments)
    {
        if (arguments.Length is < 2 or > 3 || arguments[0] is not ("fuzz" or "chaos")
            || !double.TryParse(arguments[1], CultureInfo.InvariantCulture, out double minutes)
            || !int.TryParse(arguments.Length == 3 ? arguments[2] : $"{Random.Shared.Next()}", out int seed))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        var duration = TimeSpan.FromMinutes(minutes);
        Console.WriteLine($"{arguments[0]}, {minutes} minutes, seed {seed}");
        return arguments[0] == "fuzz" ? Fuzz(seed, duration) : Chaos.Run(seed, duration);
    }

    private static int Fuzz(int seed, TimeSpan duration)
    {
        try
        {
            foreach (var (name, count) in Fuzzing.Run(seed, duration))
                Console.WriteLine($"{count,11} {name}");
            Console.WriteLine("no difference");
            return 0;
        }
        catch (FuzzException e)
        {
            Console.WriteLine(e.Message);
            return 1;
        }
    }
}
