#!/usr/bin/env -S dotnet run --
#:package Microsoft.CodeAnalysis.CSharp
#:property PublishAot=false
#:include mutants/*.cs

// Breaks the source on purpose and sees whether the tests notice: the suite of a suite. Each mutant is one small change
// somewhere in src. First come the unit tests of the folder it is in, then, with native programs that have it, the
// system tests of that folder, and if all of them pass, all tests there are. Who survives is a test that is missing, or
// a change that changes nothing.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using P2P.Mutants;

const string Usage = """
    usage: dotnet run tests/mutants.cs -- [options]
      -count <number>      mutants (default 40)
      -seed <number>       makes the same mutants again (default: by chance; it is printed)
      -from <number>       leaves out those before this one, as when a run was ended early
      -survivors <number>  how many may survive (default 4): more, and the exit code is 1
      -without <folder>    none from this folder of src, as P2P.Shared/Transport; may be given several times
      -list                only shows the mutants
      -trust               does not run all tests on the source as it is first
    """;

int count = 40, from = 1, seed = Random.Shared.Next(), survivorsMax = 4;
bool trust = false, list = false;
List<string> without = [];
for (int i = 0; i < args.Length; i++)
{
    string value = i + 1 < args.Length ? args[i + 1] : "";
    bool known = args[i] switch
    {
        "-count" => int.TryParse(value, out count),
        "-from" => int.TryParse(value, out from),
        "-seed" => int.TryParse(value, out seed),
        "-survivors" => int.TryParse(value, out survivorsMax),
        "-without" => value != "",
        "-trust" => trust = true,
        "-list" => list = true,
        _ => false,
    };
    if (!known)
    {
        Console.Error.WriteLine(Usage);
        return args[i] is "-help" or "-h" ? 0 : 2;
    }
    if (args[i] == "-without") without.Add(value);
    if (args[i] is not ("-trust" or "-list")) i++;
}

Console.WriteLine($"{count} mutants, seed {seed} (again: -seed {seed})");
var clock = Stopwatch.StartNew();
using var copy = new WorkCopy();
// However the program is told to end, the processes that it started end, and the copy goes.
void Abandon(PosixSignalContext context)
{
    copy.Dispose();
    Environment.Exit(128 + (context.Signal == PosixSignal.SIGINT ? 2 : 15));
}
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Abandon);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Abandon);

copy.Build();
var compiler = new Compiler(copy);
Console.WriteLine($"{Elapsed()} built");
var tests = new TestRunner(copy);
(List<Mutant> mutants, int refused) = Draw();
Console.WriteLine($"{Elapsed()} drawn; {refused} more did not compile");
if (list)
{
    foreach (Mutant mutant in mutants) Console.WriteLine($"{mutant.Kind}, {mutant.Place}: {mutant.Change}");
    return 0;
}
if (!trust)
{
    // Where the suite fails by itself, every mutant would be killed, and nothing would be known.
    if (tests.FindFailure(Stage.Everything) is { } failure)
    {
        Console.Error.WriteLine($"Without any mutant, {failure}.");
        return 1;
    }
    Console.WriteLine($"{Elapsed()} all tests pass on the source as it is");
}

List<(Mutant Mutant, Stage? Stage, string? Killer)> results = [];
foreach (Mutant mutant in mutants.Skip(from - 1))
{
    TimeSpan began = clock.Elapsed;
    (Stage? stage, string? killer) = Try(mutant);
    results.Add((mutant, stage, killer));
    Console.WriteLine($"{Elapsed()} {from - 1 + results.Count}. {mutant.Place}: {mutant.Change}\n      "
        + $"{killer ?? "SURVIVED"} ({(clock.Elapsed - began).TotalSeconds:F0} s, {stage?.Name ?? "all tests"})");
}

Console.WriteLine("\n| | folder | place | mutation | killed by |\n| --- | --- | --- | --- | --- |");
foreach ((int index, (Mutant mutant, _, string? killer)) in results.Index())
    Console.WriteLine(
        $"| {from + index} | {mutant.Folder} | {Path.GetFileName(mutant.Place)} | {InTable(mutant.Change)} | "
        + $"{InTable(killer ?? "SURVIVED")} |");
int survivors = results.Count(each => each.Killer is null);
IEnumerable<string> killed = results.Where(each => each.Stage is not null).CountBy(each => each.Stage!.Name)
    .Select(each => $"{each.Value} by {each.Key}");
Console.WriteLine($"\nseed {seed}: {results.Count} mutants, {results.Count - survivors} killed "
    + $"({string.Join(", ", killed)}), {survivors} survived; {clock.Elapsed.TotalMinutes:F0} minutes");
return survivors > survivorsMax ? 1 : 0;

// Every folder gives one, so that none is left out; the others come from all of src, and a folder with more code gives
// more. The kind is drawn before the place, since otherwise nearly all would be constants and dropped statements.
(List<Mutant> Drawn, int Refused) Draw()
{
    var random = new Random(seed);
    var pool = copy.SourceFiles.SelectMany(Mutations.Of).Where(each => !without.Contains(each.Folder)).ToList();
    var owing = pool.Select(each => each.Folder).Distinct().OrderBy(_ => random.Next()).ToList();
    List<Mutant> drawn = [];
    int refused = 0;
    while (drawn.Count < count && pool.Count > 0)
    {
        string folder = owing.Count > 0 ? owing[0] : pool[random.Next(pool.Count)].Folder;
        IGrouping<string, Mutant>[] kinds = pool.Where(each => each.Folder == folder)
            .GroupBy(each => each.Kind).ToArray();
        Mutant[] ofKind = kinds[random.Next(kinds.Length)].ToArray();
        Mutant mutant = ofKind[random.Next(ofKind.Length)];
        pool.Remove(mutant);
        bool compiles = compiler.TryCompile(mutant) is not null;
        if (compiles) drawn.Add(mutant);
        else refused++;
        // A folder that has given one, or has none that compiles, owes none any more.
        if (compiles || pool.TrueForAll(each => each.Folder != folder)) owing.Remove(folder);
    }
    // One after the other from the same program: publishing the next one has only that program to compile.
    return ([.. drawn.OrderBy(each => each.Place, StringComparer.Ordinal)], refused);
}

(Stage? Stage, string? Killer) Try(Mutant mutant)
{
    compiler.TryCompile(mutant)!.Install();
    copy.Write(mutant.Path, mutant.Text);
    try
    {
        bool published = false;
        foreach (Stage stage in Stage.For(mutant.Folder))
        {
            if (stage.NeedsPrograms && !published)
            {
                copy.Publish();
                published = true;
            }
            if (tests.FindFailure(stage) is { } killer) return (stage, killer);
        }
        return (null, null);
    }
    finally
    {
        copy.Write(mutant.Path, mutant.Original);
    }
}

string Elapsed() => $"{clock.Elapsed:hh\\:mm\\:ss}";

static string InTable(string text) => text.Replace("|", "\\|");
