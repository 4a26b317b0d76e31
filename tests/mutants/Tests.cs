using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace P2P.Mutants;

/// <summary>Some of the tests, and how long they may take.</summary>
/// <param name="Names">Parts of full names; a test that has one of them is meant. Empty for all tests.</param>
internal sealed record Stage(string Name, bool NeedsPrograms, TimeSpan Limit, params string[] Names)
{
    // Folders of src, and of what unit and which system tests are about them. A folder that is not here goes with the
    // one it is in. A wrong line here costs time, no more: in the end everything is run.
    private static readonly (string Folder, string Unit, string System)[] Map =
    [
        ("P2P.Shared", "Protocol. PropertyTests", "GradingTests TrackerDialect HostileInput"),
        ("P2P.Shared/Cli", "ClientOptions", "CommandLine Readiness Diagnosis ReportTests FileCommand StopTests"),
        ("P2P.Shared/Logging", "Logging.", "LogTests GradingTests DiskFault"),
        ("P2P.Shared/Posix", "FolderStore PartialChunk LocalChunksFile FileCopy Logging.",
            "FolderTests FileCommand WholeFile ServingTests DiskFault"),
        ("P2P.Shared/Protocol", "Protocol. PropertyTests AnswerReader", "Dialect PiecesTests GradingTests"),
        ("P2P.Shared/Transport", "Transport.",
            "GradingTests ServingTests FetchingTests HostileInput PeerFault TrackerFault"),
        ("P2PTracker", "Tests.Tracker.",
            "TrackerGrading TrackerList TrackerDialect SystemGrading TrackerFault HostileInput LogTests"),
        ("P2PTracker/Http", "Tracker.Http.", "HttpTests"),
        ("P2PClient", "Tests.Client. Simulation.",
            "ClientGrading SystemGrading FetchingTests FolderTests ServingTests ClientTrackerDialect PeerFault"),
        ("P2PClient/Commands", "Client.Files.", "FileCommand LeftoverTests"),
        ("P2PClient/Names", "Client.Names. ClientOptions PeerBook", "NameTests SeveralMachines"),
        ("P2PClient/Sets", "Client.Files.SetFiles Client.Files.ChunkSums", "SetTests"),
        ("P2PClient/Store", "Client.Files. FolderStore PartialChunk LocalChunksFile",
            "ArrivalTests FolderTests WholeFile"),
        ("P2PClient/Finish", "", "EndingTests WholeFile"),
        ("P2PClient/Report", "Client.Report.", "ReportTests CommandLine EndingTests"),
    ];

    public static Stage Everything { get; } = new("all tests", true, TimeSpan.FromMinutes(12));

    /// <summary>The tests for a mutant in this folder of src, those first that are quick and near.</summary>
    public static IEnumerable<Stage> For(string folder)
    {
        (_, string unit, string system) = Map
            .Where(each => $"{folder}/".StartsWith($"{each.Folder}/", StringComparison.Ordinal))
            .MaxBy(each => each.Folder.Length);
        if (!string.IsNullOrEmpty(unit))
            yield return new("the folder's unit tests", false, TimeSpan.FromMinutes(1.5), unit.Split(' '));
        if (!string.IsNullOrEmpty(system))
            yield return new("its system tests", true, TimeSpan.FromMinutes(4), system.Split(' '));
        yield return Everything;
    }
}

/// <summary>Runs tests until one fails.</summary>
internal sealed partial class TestRunner(WorkCopy copy)
{
    /// <summary>Runs the tests of a stage, and returns what failed first, or null if all passed.</summary>
    /// <remarks>A test counts as failed if it fails again by itself: some fail now and then on a busy machine, and
    /// would kill mutants that they know nothing of. One that does not is left out of the next attempt.</remarks>
    public string? FindFailure(Stage stage)
    {
        string wanted = string.Join('|',
            stage.Names.Select(name => "FullyQualifiedName~" + name).DefaultIfEmpty("FullyQualifiedName~."));
        string filter = $"({wanted})";
        while (Run(filter, stage.Limit) is { } failure)
        {
            if (failure.Test is not { } test) return failure.Text;
            // Of a theory all cases have one name.
            string method = test.Split('(')[0];
            if (Run($"FullyQualifiedName={method}", stage.Limit) is { } again) return again.Text;
            Console.WriteLine($"      {test} failed, but not when run again");
            filter += $"&FullyQualifiedName!={method}";
        }
        return null;
    }

    private (string? Test, string Text)? Run(string filter, TimeSpan limit)
    {
        string? failed = null;
        int? exitCode = copy.Run(limit, line =>
        {
            if (FailedTest().Match(line) is { Success: true } match) failed = match.Groups[1].Value;
            return failed is null;
        }, "dotnet", "test", System.IO.Path.Combine(copy.TestFolder, "P2P.Tests.dll"), "--filter", filter);
        if (failed is not null) return (failed, failed.Replace("P2P.Tests.", ""));
        return exitCode switch
        {
            0 => null,
            null => (null, $"a hang: not over after {limit.TotalSeconds:F0} s"),
            _ => (null, "a crash of the test host"),
        };
    }

    // As xunit's runner prints it at once; the test platform's own lines come later, many at a time.
    [GeneratedRegex(@"^\[xUnit\.net [^]]*\]\s+(.+) \[FAIL\]")]
    private static partial Regex FailedTest();
}
