using System;
using System.Diagnostics;
using System.Globalization;
using P2P.Tests.Faults.Fuzz;
using P2P.Tests.Simulation;

namespace P2P.Stress;

/// <summary>The long runs that are no part of `dotnet test`: fuzzing, and the chaos test.</summary>
internal static class Program
{
    private const string Usage = """
        usage: dotnet run --project tests/P2P.Stress -c Release -- fuzz <minutes> [seed]
               dotnet run --project tests/P2P.Stress -c Release -- chaos <minutes> [seed]
               dotnet run --project tests/P2P.Stress -c Release -- sets <minutes> [seed]
               dotnet run --project tests/P2P.Stress -c Release -- simulate <clients> [seed]
               dotnet run --project tests/P2P.Stress -c Release -- page <file.png> [peers chunks width height dark]
          fuzz       random bytes for the framing, the readers and local_chunks.txt, against slow second implementations
          chaos      swarms of 12 clients with kills, stops, full disks (as root), second clients in a folder, restarts
                     of the tracker and bad peers; counts what must not happen, and says what is needed to look into it
          sets       the same with seeds and receivers in place: files and folders, receivers that go on where they
                     were, originals that change, targets on full disks; a round's seed is that of a first round
          simulate   one seed and some clients with the product's own decisions on a simulated network
          page       a picture of the tracker's page, as it stands in the README
        The exit code is 0 only if everything was right.
        """;

    private static int Main(string[] arguments)
    {
        // Unless the user says otherwise, the native programs are those with assertions.
        if (Environment.GetEnvironmentVariable("P2P_CHECKED") is null)
            Environment.SetEnvironmentVariable("P2P_CHECKED", "1");
        if (arguments is ["page", var file, ..]) return PagePicture.Make(file, arguments[2..]);
        if (arguments.Length is < 2 or > 3 || arguments[0] is not ("fuzz" or "chaos" or "sets" or "simulate")
            || !double.TryParse(arguments[1], CultureInfo.InvariantCulture, out double number)
            || !int.TryParse(arguments.Length == 3 ? arguments[2] : $"{Random.Shared.Next()}", out int seed))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }
        if (arguments[0] == "simulate") return Simulate(seed, (int)number);
        var duration = TimeSpan.FromMinutes(number);
        Console.WriteLine($"{arguments[0]}, {number} minutes, seed {seed}");
        return arguments[0] switch
        {
            "fuzz" => Fuzz(seed, duration),
            "sets" => Chaos.Run(seed, duration, (roundSeed, counts) => new SetRound(roundSeed, counts)),
            _ => Chaos.Run(seed, duration, (roundSeed, counts) => new ChaosRound(roundSeed, counts)),
        };
    }

    private static int Simulate(int seed, int clients)
    {
        var setup = new SwarmSetup(clients, Chunks: 64);
        var swarm = new SimulatedSwarm(setup, seed);
        double seconds = swarm.Run();
        Console.WriteLine(
            $"{clients} clients, {setup.Chunks} chunks, seed {seed}: {seconds:F2} s, {seconds / setup.BoundSeconds:F2} "
            + $"times the bound of {setup.BoundSeconds:F2} s, {swarm.Questions} questions");
        return 0;
    }

    private static int Fuzz(int seed, TimeSpan duration)
    {
        try
        {
            var watch = Stopwatch.StartNew();
            foreach ((string name, long count) in Fuzzing.Run(seed, _ => watch.Elapsed < duration))
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
