using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.CompilerServices;
using P2P.Tests.Support;

[assembly: InternalsVisibleTo("P2P.Stress")]

namespace P2P.Tests.Faults.Fuzz;

/// <summary>A property that didn't hold, with the input that shows it.</summary>
internal sealed class FuzzException(string message) : Exception(message)
{
    /// <exception cref="FuzzException">The property does not hold.</exception>
    public static void Expect(bool holds, string what)
    {
        if (!holds) throw new FuzzException(what);
    }
}

/// <summary>
/// Runs the cases in turn, each with a random source that follows from the seed and its number: the same seed is the
/// same run. Some thousands of it are a test; P2P.Stress runs it for as long as one likes.
/// </summary>
internal static class Fuzzing
{
    /// <summary>Runs, and returns how often each case ran.</summary>
    /// <param name="goesOn">Asked before each case, with its number; false ends the run.</param>
    /// <exception cref="FuzzException">A case failed; the message says which one, and with which input.</exception>
    public static IReadOnlyDictionary<string, long> Run(int seed, Func<long, bool> goesOn)
    {
        using var folder = new TempFolder();
        for (int index = 1; index <= 9; index++)
            File.WriteAllText(folder[$"chunk_{index}"], $"{index}");
        folder.MakeFolder("folder");
        File.CreateSymbolicLink(folder["link_in"], "chunk_1");
        File.CreateSymbolicLink(folder["link_out"], "/etc/hosts");

        (string Name, Action<Random> Run)[] cases =
        [
            (nameof(FuzzCases.FramerAgreesWithReference), FuzzCases.FramerAgreesWithReference),
            (nameof(FuzzCases.LinesCutAnywhere_AreTheMessagesSent), FuzzCases.LinesCutAnywhere_AreTheMessagesSent),
            (nameof(FuzzCases.UnframedMessages_AreTheMessagesSent), FuzzCases.UnframedMessages_AreTheMessagesSent),
            (nameof(FuzzCases.AnswersCutAnywhere_EndWhole), FuzzCases.AnswersCutAnywhere_EndWhole),
            (nameof(FuzzCases.AnswerReaderSurvivesAnything), FuzzCases.AnswerReaderSurvivesAnything),
            (nameof(FuzzCases.LocalChunksFileAgreesWithReference),
                random => FuzzCases.LocalChunksFileAgreesWithReference(random, folder.Path)),
        ];
        var counts = new Dictionary<string, long>();
        for (long number = 0; goesOn(number); number++)
        {
            (string name, Action<Random> run) = cases[number % cases.Length];
            try
            {
                run(new Random(unchecked((int)(seed * 1_000_003L + number))));
            }
            catch (Exception e)
            {
                throw new FuzzException(
                    $"{name}, seed {seed}, number {number}: {(e is FuzzException ? e.Message : e)}");
            }
            counts[name] = counts.GetValueOrDefault(name) + 1;
        }
        return counts;
    }
}
