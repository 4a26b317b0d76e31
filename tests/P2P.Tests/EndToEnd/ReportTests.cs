using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading;
using P2P.Tests.Faults;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>What a client prints while it works: for people, for programs, on a terminal,
/// and nothing when asked.</summary>
[Waits(9)]
public sealed class ReportTests(ITestOutputHelper output) : SystemTest(output)
{
    private const string Escape = "\x1b[J";

    [Fact]
    public void WithoutATerminal_ThereIsALineAtTheStartAtEachQuarterAndAtTheEnd()
    {
        (ClientProcess client, _) = FetchAll(20);
        IReadOnlyList<string> lines = client.Output.All;
        Assert.Equal(6, lines.Count);
        Assert.StartsWith("client_1: 0 of 20 chunks, serving on port ", lines[0]);
        for (int quarter = 1; quarter <= 3; quarter++)
            Assert.Matches(
                $@"^client_1: {25 * quarter} %, {5 * quarter} of 20 chunks, \d+(\.\d+)? kB fetched, \S+ \S+/s$",
                lines[quarter]);
        Assert.Matches(
            @"^client_1: complete, all 20 chunks, 20 fetched from 1 peer, 600 kB in \S+ s, \S+ .?B/s; "
                + "serving until idle for 0 s$", lines[4]);
        Assert.Matches(@"^client_1: stopped after \S+ s: all 20 chunks, 600 kB in \S+ s, \S+ .?B/s$", lines[5]);
    }

    [Fact]
    public void ASingleChunk_IsTold()
    {
        (ClientProcess client, _) = FetchAll(1);
        Assert.StartsWith("client_1: 0 of 1 chunk, serving on port ", client.Output.All[0]);
        Assert.Matches(
            @"^client_1: complete, the only chunk, 1 fetched from 1 peer, 30\.0 kB in ", client.Output.All[1]);
        Assert.Contains(": the only chunk, 30.0 kB in ", client.Output.All[2]);
    }

    [Fact]
    public void Quiet_SaysNothing()
    {
        (ClientProcess client, _) = FetchAll(8, "-quiet");
        Assert.Empty(client.Output.All);
        Assert.Empty(client.Errors.All);
    }

    [Fact]
    public void Json_IsOneEventALine()
    {
        (ClientProcess client, NaiveTracker tracker) = FetchAll(8, "-json", "-out", "a \"quoted\" name");
        JsonElement[] events = client.Output.All.Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(
            ["start", "progress", "progress", "progress", "complete", "joined", "stopped"], events.Select(Kind));
        Assert.All(events, each => Assert.Equal("client_1", each.GetProperty("name").GetString()));
        Assert.Equal((8, 0), (Number(events[0], "chunks"), Number(events[0], "have")));
        Assert.Equal(Folder["client_1"], events[0].GetProperty("folder").GetString());
        Assert.Equal($"localhost:{tracker.Port}", events[0].GetProperty("tracker").GetString());
        Assert.InRange(Number(events[0], "port"), 1, 65535);
        Assert.Equal([2, 4, 6], events[1..4].Select(each => Number(each, "have")));
        Assert.Equal((8, 8, 1, 8 * 30_000), (Number(events[4], "chunks"), Number(events[4], "fetched"),
            Number(events[4], "peers"), Number(events[4], "bytes")));
        Assert.Equal(Folder["a \"quoted\" name"], events[5].GetProperty("file").GetString());
        Assert.Equal(8 * 30_000, Number(events[5], "bytes"));
        Assert.Equal(0, Number(events[6], "exit_code"));
    }

    [Fact]
    public void Json_TellsTheExitCodeOfAnEarlyEnd()
    {
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", StartTracker().Port, "-json", "-timeout", "1");
        Assert.Equal(3, client.WaitForExit());
        JsonElement last = JsonDocument.Parse(client.Output.All[^1]).RootElement;
        Assert.Equal(("stopped", 3), (Kind(last), Number(last, "exit_code")));
        Assert.Equal((2, 1, 0, 0),
            (Number(last, "chunks"), Number(last, "have"), Number(last, "bytes"), Number(last, "served")));
        JsonElement error = JsonDocument.Parse(client.Output.All[^2]).RootElement;
        Assert.Equal(("error", "incomplete"), (Kind(error), error.GetProperty("reason").GetString()));
        Assert.Equal(client.Errors.All[^1], $"client_1: {error.GetProperty("text").GetString()}");
    }

    [Fact]
    public void Json_TellsOfATrackerThatIsLost_AndFoundAgain()
    {
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1);
        TrackerProcess first = StartTracker();
        ClientProcess client = StartClient("client_1", first.Port, "-json");
        Log.WaitFor("client_1,WHERE_CHUNK,2");
        first.Kill();
        client.Output.WaitForFirst(line => line.Contains("\"event\":\"tracker_lost\""), "the loss");
        Own(new TrackerProcess(Folder.Path, "-port", $"{first.Port}"));
        client.Output.WaitForFirst(line => line.Contains("\"event\":\"tracker_found\""), "the return");
        client.Interrupt();
        Assert.Equal(0, client.WaitForExit());
        JsonElement[] events = client.Output.All.Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(["start", "tracker_lost", "tracker_found", "stopped"], events.Select(Kind));
        Assert.Equal($"localhost:{first.Port}", events[1].GetProperty("tracker").GetString());
    }

    [Theory]
    [InlineData("P2PClient", "unknown option -tracer, did you mean -tracker?", "-json", "-tracer", "hub")]
    [InlineData("nowhere", "there is no folder ", "-folder", "nowhere", "--json")]
    public void Json_TellsWhyAClientDoesNotStart(string name, string text, params string[] arguments)
    {
        NativeProcess client = Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));
        Assert.Equal(2, client.WaitForExit());
        Assert.StartsWith($"P2PClient: {text}", Assert.Single(client.Errors.All));
        JsonElement error = JsonDocument.Parse(Assert.Single(client.Output.All)).RootElement;
        Assert.Equal(("error", 2), (Kind(error), Number(error, "exit_code")));
        Assert.Equal((name, "start"), (error.GetProperty("name").GetString(), error.GetProperty("reason").GetString()));
        Assert.StartsWith(text, error.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("no_tracker", "no tracker at localhost:")]
    [InlineData("folder", "local_chunks.txt, line 1: ")]
    [InlineData("command", "the program of -on_complete ended with exit code 7")]
    [InlineData("out", "there is a file copy already")]
    public void Json_TellsOfTrouble(string reason, string text)
    {
        var chunks = new ChunkSet(Random, 2, 1000);
        chunks.DealTo(Folder.MakeFolder("client_1"), reason == "no_tracker" ? [1] : [1, 2]);
        File.WriteAllText(Folder["copy"], "another file");
        string list = Folder["client_1/local_chunks.txt"];
        if (reason == "folder") File.WriteAllText(list, $"9,chunk_9\n{File.ReadAllText(list)}");
        using Socket refusing = FreePort.Refusing(out int unused);
        int port = reason == "no_tracker" ? unused : StartNaiveTracker().Port;
        ClientProcess client = StartClient("client_1", port, ["-json", "-exit_when_complete", "0",
            .. reason == "command" ? ["-on_complete", "exit 7"]
                : reason == "out" ? new[] { "-out", "copy" } : []]);
        client.Output.WaitForFirst(line => line.StartsWith(
            $"{{\"event\":\"error\",\"name\":\"client_1\",\"reason\":\"{reason}\",\"text\":\"{text}",
            StringComparison.Ordinal), "the event");
    }

    [Fact]
    public void QuietAndJson_ExcludeEachOther()
    {
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1);
        Assert.Equal(2, StartClient("client_1", 1, "-json", "-quiet").WaitForExit());
    }

    // `script` is the terminal; it prints what the client writes, whose redraws begin with a carriage return.
    [Theory]
    [InlineData(120)]
    [InlineData(60)]
    [InlineData(20)]
    public void OnATerminal_OneLiveLineFitsItsWidth_AndNothingIsLeftAtTheEnd(int columns)
    {
        var chunks = new ChunkSet(Random, 6, 2_000_000);
        NaiveTracker tracker = StartNaiveTracker();
        // The first chunk comes at once, the others slowly until the terminal has shown what it should.
        using var hasShown = new ManualResetEventSlim();
        ScriptedPeer peer = Own(new ScriptedPeer((peer, socket, index) =>
        {
            int sent = 0;
            for (; peer.Requests.Count > 1 && sent < chunks[index].Length && !hasShown.Wait(50); sent += 10_000)
                ScriptedPeer.Send(socket, chunks[index].AsSpan(sent, 10_000));
            ScriptedPeer.Send(socket, chunks[index].AsSpan(sent));
            return PeerEnd.Clean;
        }));
        tracker.Offer(chunks.Indexes, peer.Port);
        chunks.DealTo(Folder.MakeFolder("client_1"), []);
        var watch = Stopwatch.StartNew();
        NativeProcess terminal = StartOnTerminal(columns,
            $"-timeout 600 -exit_when_complete 0 -on_complete 'echo done' -tracker localhost:{tracker.Port}");
        Screen screen = new("");
        FolderWatch.WaitUntil(Folder.Path, () => ShowsProgress(screen = ReadScreen(), columns),
            "progress on the terminal",
            () => string.Join("\n", screen.Live));
        hasShown.Set();
        Assert.Equal(0, terminal.WaitForExit());

        screen = ReadScreen();
        Assert.All(screen.Live, line => Assert.InRange(line.Length, 1, columns - 1));
        Assert.True(screen.Live.Count <= 10 + 10 * watch.Elapsed.TotalSeconds,
            $"drawn {screen.Live.Count} times in {watch.Elapsed}");
        Assert.Equal(4, screen.Lines.Count);
        Assert.StartsWith("client_1: 0 of 6 chunks, serving", screen.Lines[0]);
        Assert.StartsWith("client_1: complete, all 6 chunks", screen.Lines[1]);
        Assert.Equal("done", screen.Lines[2]);
        Assert.StartsWith("client_1: stopped after ", screen.Lines[3]);
        Assert.Equal("", screen.Last.Trim());
    }

    [Fact]
    public void OnATerminal_ALongNameIsLeftOut()
    {
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1);
        NaiveTracker tracker = StartNaiveTracker();
        NativeProcess terminal = StartOnTerminal(120,
            $"-timeout 600 -name {new string('n', 100)} -tracker localhost:{tracker.Port}");
        FolderWatch.WaitUntil(Folder.Path, () => ReadScreen().Live.Count > 0, "a live line", terminal.Describe);
        terminal.Terminate();
        terminal.WaitForExit();
        Assert.Equal(" 50 % [##########.........] 1 of 2 chunks", ReadScreen().Live[0]);
    }

    [Fact]
    public void OnATerminal_TroubleIsALineOfItsOwn()
    {
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("client_1"), 1);
        using Socket refusing = FreePort.Refusing(out int port);
        NativeProcess terminal = StartOnTerminal(80, $"-timeout 6 -tracker localhost:{port}");
        Assert.Equal(5, terminal.WaitForExit());
        Screen screen = ReadScreen();
        Assert.Equal(4, screen.Lines.Count);
        Assert.StartsWith($"client_1: no tracker at localhost:{port} yet, trying again", screen.Lines[1]);
        Assert.StartsWith($"client_1: there was no tracker at localhost:{port} within 6 s", screen.Lines[2]);
        Assert.Matches(@"^client_1: stopped after \S+ s: 1 of 2 chunks$", screen.Lines[3]);
        Assert.Contains(screen.Live, line => line.Contains("] waiting: no tracker  1 of 2 chunks"));
        Assert.Equal("", screen.Last.Trim());
    }

    private (ClientProcess Client, NaiveTracker Tracker) FetchAll(int count, params string[] more)
    {
        var chunks = new ChunkSet(Random, count, 30_000);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, chunks.Indexes);
        chunks.DealTo(Folder.MakeFolder("client_1"), []);
        ClientProcess client = StartClient("client_1", tracker.Port, ["-exit_when_complete", "0", .. more]);
        Assert.Equal(0, client.WaitForExit());
        return (client, tracker);
    }

    private NativeProcess StartOnTerminal(int columns, string arguments) => Own(new NativeProcess("script", Folder.Path,
        "-qefc", $"stty cols {columns} -onlcr; export TERM=linux; exec {NativePrograms.Client} "
            + $"-folder {Folder["client_1"]} {arguments}",
        Folder["typescript"]));

    private Screen ReadScreen() => new(File.Exists(Folder["typescript"]) ? File.ReadAllText(Folder["typescript"]) : "");

    // Only a wide terminal has room for everything.
    private static bool ShowsProgress(Screen screen, int columns) =>
        screen.Live.Count >= 2 && (columns < 120 || screen.Live.Any(line => Regex.IsMatch(line,
            @"^ [\d ]\d % \[#*\.+\] \S+ .?B/s  \d+:\d\d left  [1-5] of 6 chunks  \S+ MB  1 peer  client_1$")));

    private static string Kind(JsonElement each) => each.GetProperty("event").GetString()!;

    private static int Number(JsonElement each, string key) => each.GetProperty(key).GetInt32();

    /// <summary>What a terminal shows after these characters: the lines that stay,
    /// and every state of the last one.</summary>
    private sealed class Screen
    {
        public Screen(string text)
        {
            int column = 0;
            if (text.StartsWith("Script started", StringComparison.Ordinal)) text = text[(text.IndexOf('\n') + 1)..];
            if (text.IndexOf("\nScript done", StringComparison.Ordinal) is > 0 and var end) text = text[..end];
            foreach (string part in Regex.Split(text, @"(\r|\n|\x1b\[J)").Where(part => part.Length > 0))
            {
                switch (part)
                {
                    case "\n":
                        Lines.Add(Last);
                        (Last, column) = ("", 0);
                        break;
                    case "\r":
                        column = 0;
                        break;
                    case Escape:
                        Last = Last[..column];
                        if (Last.Trim().Length > 0) Live.Add(Last);
                        break;
                    default:
                        Last = Last[..column] + part
                            + (Last.Length > column + part.Length ? Last[(column + part.Length)..] : "");
                        column += part.Length;
                        break;
                }
            }
        }

        public List<string> Lines { get; } = [];

        public List<string> Live { get; } = [];

        public string Last { get; private set; } = "";
    }
}
