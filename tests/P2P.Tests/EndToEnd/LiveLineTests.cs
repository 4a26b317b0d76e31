using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>The live line on the screen of a real terminal, whose window changes.</summary>
[Waits(5)]
public sealed class LiveLineTests(ITestOutputHelper output) : SystemTest(output)
{
    [TmuxFact]
    public void TheLine_SaysWhyNothingComes_FitsAWindowThatShrinks_AndCtrlCLeavesASummary()
    {
        int port = StartTracker().Port;
        using var screen = new TmuxScreen(Folder.Path, 120,
            $"{NativePrograms.Client} -folder client_1 -chunks 30 -tracker localhost:{port}");
        const string reason = "waiting: nobody has 30 chunks", rest = "  0 of 30 chunks  client_1";
        // After ten seconds this is a line of its own as well.
        const string waiting = $"client_1: {reason} (1-30); start a client that does";
        string[] lines = screen.WaitUntil(
            lines => lines[^1] == $"  0 % [{new string('.', 19)}] {reason}{rest}", "the reason");
        string start = lines[0];
        Assert.StartsWith("client_1: 0 of 30 chunks, serving on port ", start);

        foreach ((int columns, string line) in new[]
        {
            (80, $"  0 % [.............] {reason}{rest}"),
            (50, $"  0 % [........] {reason}"),
            (40, $"  0 % {reason}"),
            (200, $"  0 % [..............................] {reason}{rest}"),
        })
        {
            screen.Resize(columns);
            lines = screen.WaitUntil(lines => lines[^1] == line, $"the line at {columns} columns");
            Assert.Equal(line, Assert.Single(lines, each => each.Contains('%')));
            // Nothing is left of the line before; the terminal may have moved the top of others out of the window.
            Assert.All(lines[..^1], each => Assert.True(
                start.EndsWith(each, StringComparison.Ordinal) || waiting.EndsWith(each, StringComparison.Ordinal),
                string.Join('\n', lines)));
        }

        screen.Press("C-c");
        lines = screen.WaitForLine(line => line.StartsWith("client_1: stopped"), "the end of the client");
        lines = [.. lines.Where(line => line != waiting)];
        Assert.Equal(2, lines.Length);
        Assert.Equal(start, lines[0]);
        Assert.Matches(@"^client_1: stopped after \S+ \w+: 0 of 30 chunks$", lines[1]);
    }

    [TmuxFact]
    public void ASeedsLine_ShowsPeersAndBytesServed()
    {
        var chunks = new ChunkSet(Random, 3, 100_000);
        chunks.DealTo(Folder.MakeFolder("seed"), chunks.Indexes);
        int port = StartTracker().Port;
        using var screen = new TmuxScreen(Folder.Path, 80,
            $"{NativePrograms.Client} -folder seed -tracker localhost:{port}");
        screen.WaitUntil(lines => lines[^1] == "seeding  3 chunks  seed", "the line of a seed without a peer");
        chunks.DealTo(Folder.MakeFolder("client_1"), []);
        StartClient("client_1", port).WaitUntilComplete();
        screen.WaitUntil(lines => lines[^1].Contains("  300 kB served  "), "the bytes served");
        screen.WaitUntil(lines => Regex.IsMatch(lines[^1], "^seeding  1 peer  300 kB served  3 chunks  seed$"),
            "the peer that stays");
        screen.Press("C-c");
        screen.WaitForLine(
            line => Regex.IsMatch(line, @"^seed: stopped after \S+ s: all 3 chunks, 300 kB served$"), "the end");
    }

    // A hole of 64 GB takes more than a second to read, and no room.
    [TmuxFact]
    public void Verify_ShowsItsProgress_AndASignalEndsItInALine()
    {
        Folder.MakeFolder("parts");
        using (FileStream file = File.Create(Folder["parts/chunk_1"])) file.SetLength(64L << 30);
        File.WriteAllText(Folder["parts/local_chunks.txt"], "1,chunk_1\n1,LASTCHUNK\n");
        using var screen = new TmuxScreen(Folder.Path, 80, $"{NativePrograms.Client} verify -folder parts");
        screen.WaitUntil(lines => lines.Any(line => Regex.IsMatch(line,
            @"^ [ \d]\d % \[#*\.+\] \S+ [MG]B/s  \d+:\d\d left  \S+ (MB )?of 68\.7 GB  verifying parts$")), "progress");
        screen.Press("C-c");
        string[] lines = screen.WaitForLine(
            line => line == "P2PClient: verify was ended by SIGINT: the folder is as it was", "the end");
        Assert.DoesNotContain(lines, line => line.Contains('%'));
    }

    // Holes again: what a client reads before it serves, and while it puts the file together.
    [TmuxTheory]
    [InlineData("reading movie", "-seed movie -chunk_size 1G", "P2PClient: the start was ended by SIGINT: ")]
    [InlineData("checking movie", "fetch -out movie", "P2PClient: the start was ended by SIGINT: ")]
    [InlineData("checking movie", "fetch -out movie -folder new", "P2PClient: the start was ended by SIGINT: ")]
    [InlineData("joining copy", "-folder parts -out copy", "parts: stopped after ")]
    public void AClientThatReadsLongFiles_ShowsItsProgress(string work, string arguments, string end)
    {
        int port = StartTracker().Port;
        MakeHole("movie", 64);
        MakeHole(Folder.MakeFolder("parts") + "/chunk_1", 64);
        File.WriteAllText(Folder["parts/local_chunks.txt"], "1,chunk_1\n1,LASTCHUNK\n");
        File.WriteAllText(Folder["parts/chunks.crc"], $"1,{64L << 30},00000000\n1,CRC32C\n");
        MakeHole(Folder.MakeFolder("new") + "/chunk_1", 64);
        File.WriteAllText(Folder["new/local_chunks.txt"], "1,LASTCHUNK\n");
        if (arguments.StartsWith("fetch"))
        {
            StartClient("parts", port);
            Log.WaitUntil(lines => lines.Any(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,1,")), "the set");
        }
        if (arguments.EndsWith("-folder new")) work = "checking new";

        using var screen = new TmuxScreen(
            Folder.Path, 80, $"{NativePrograms.Client} {arguments} -tracker localhost:{port}");
        screen.WaitUntil(lines => lines.Any(line => Regex.IsMatch(line,
            $@"^ [ \d]\d % \[#*\.+\] \S+ [MG]B/s  \d+:\d\d left  \S+ (MB )?of 68\.7 GB  {work}$")), "progress");
        screen.Press("C-c");
        string[] lines = screen.WaitForLine(line => line.StartsWith(end), "the end");
        Assert.DoesNotContain(lines, line => line.Contains('%'));
        Assert.DoesNotContain(Directory.GetFileSystemEntries(Folder.Path), path => path.EndsWith(".part"));
    }

    // A terminal that keeps every byte, and more than a second's work, which would show.
    [TmuxTheory]
    [InlineData("-quiet")]
    [InlineData("-json")]
    [InlineData("", "dumb")]
    public void WhereNoLineIsWanted_NoneIsShownWhileAnOriginalIsRead(string option, string term = "screen")
    {
        MakeHole("movie", 6);
        using var script = new NativeProcess("script", Folder.Path, "-qec",
            $"TERM={term} {NativePrograms.Client} -seed movie -chunk_size 1G -tracker localhost:{StartTracker().Port} "
            + $"{option} -exit_when_complete 0", "typed");
        Assert.Equal(0, script.WaitForExit());
        Assert.DoesNotContain("%", File.ReadAllText(Folder["typed"]));
        Assert.DoesNotContain("\e", File.ReadAllText(Folder["typed"]));
    }

    [TmuxFact]
    public void ADumbTerminal_GetsLinesAlone()
    {
        var chunks = new ChunkSet(Random, 8, 1000);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, chunks.Indexes);
        chunks.DealTo(Folder.MakeFolder("client_1"), []);
        using var screen = new TmuxScreen(Folder.Path, 120, $"TERM=dumb {NativePrograms.Client} -folder client_1 "
            + $"-exit_when_complete 0 -tracker localhost:{tracker.Port} >/dev/tty; printf 'end'");
        string[] lines = screen.WaitForLine(line => line == "end", "the end");
        Assert.Equal(
            ["client_1: 0 of", "client_1: 25 %", "client_1: 50 %", "client_1: 75 %", "client_1: comp", "client_1: stop",
                "end"],
            lines[..7].Select(line => line[..Math.Min(line.Length, 14)]));
    }

    private void MakeHole(string name, int gigabytes)
    {
        using FileStream file = File.Create(Path.Combine(Folder.Path, name));
        file.SetLength((long)gigabytes << 30);
    }
}
