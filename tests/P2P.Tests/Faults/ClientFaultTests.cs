using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Faults;

/// <summary>
/// Clients that are killed at random moments and started again in their folders: nothing is lost that was had, nothing
/// is fetched again that was listed, and nothing temporary stays. A chunk that nobody has before the last kill keeps
/// all of them at work until then, however fast they are.
/// </summary>
[Waits(10)]
public sealed class ClientFaultTests(ITestOutputHelper output) : SystemTest(output)
{
    private const int Clients = 8;
    private const int Kills = 24;
    private readonly ITestOutputHelper _output = output;

    [Fact]
    public void EightClientsKilledAtRandomMoments_FinishAfterTheirRestarts()
    {
        var chunks = new ChunkSet(Random, 400, _ => Random.Next(1, 60_000));
        TrackerProcess tracker = StartTracker();
        IEnumerable<int>[] hands = chunks.Scatter(Random, Clients)
            .Select(hand => hand.Where(index => index != chunks.Count)).ToArray();
        var runs = new ClientProcess[Clients];
        var listedAtStart = new Dictionary<string, HashSet<int>>();       // by the name of the run
        int[] runNumbers = new int[Clients];
        for (int i = 0; i < Clients; i++)
        {
            chunks.DealTo(Folder.MakeFolder($"client_{i}"), hands[i]);
            Run(i);
        }

        int parts = 0;
        for (int kill = 1, next = 0; kill <= Kills; kill++)
        {
            next += Random.Next(100, 400);
            next = Log.WaitUntil(lines => lines.Count >= next, "the swarm to go on").Count;
            int victim = Random.Next(Clients);
            runs[victim].Kill();
            runs[victim].WaitForExit();
            parts += Directory.GetFiles(runs[victim].ChunkFolder, ".*.part").Length;
            Run(victim);
        }

        Assert.All(runs, run => Assert.DoesNotContain(run.Output.All, line => line.Contains(": complete, all ")));
        StartPeer(tracker, chunks, [chunks.Count]);
        foreach (ClientProcess run in runs)
            run.WaitUntilComplete();
        _output.WriteLine($"{Kills} kills, {parts} temporary files left by the killed");
        foreach (ClientProcess run in runs)
        {
            run.Terminate();
            Assert.Equal(0, run.WaitForExit());
        }
        foreach ((string name, HashSet<int> listed) in listedAtStart)
            Assert.Empty(RequestsOf(name).Intersect(listed));

        // A start that finds everything there cleans up what is left, and asks for nothing.
        for (int i = 0; i < Clients; i++)
        {
            Run(i);
            runs[i].WaitUntilComplete();
            chunks.AssertComplete(runs[i].ChunkFolder);
            Assert.Empty(Directory.GetFiles(runs[i].ChunkFolder, "*.part"));
            Assert.Empty(RequestsOf(runs[i].Name));
        }

        void Run(int i)
        {
            string folder = Folder[$"client_{i}"];
            string name = $"client_{i}.{++runNumbers[i]}";
            listedAtStart[name] = ListedIn(folder);
            runs[i] = Own(new ClientProcess(Folder.Path, name, folder, "-folder", folder, "-name", name, "-tracker",
                $"localhost:{tracker.Port}"));
            _ = runs[i].Port;
        }
    }

    [Fact]
    public void WhatAKilledClientLeftBehind_GoesAtItsNextStart()
    {
        var chunks = new ChunkSet(Random, 3, 100_000);
        NaiveTracker tracker = StartNaiveTracker();
        StartPeer(tracker, chunks, [2, 3], new PeerManners { BytesAtMost = 50_000, End = PeerEnd.Silence });
        ClientProcess client = StartClient("client_1", tracker.Port, chunks, 1);
        FolderWatch.WaitForFile(client.ChunkFolder,
            name => name.EndsWith(".part", StringComparison.Ordinal), "a temporary file");
        client.Kill();
        client.WaitForExit();
        Assert.NotEmpty(Directory.GetFiles(client.ChunkFolder, ".*.part"));

        using var quiet = new NaiveTracker();
        ClientProcess again = StartClient("client_1", quiet.Port);
        Assert.StartsWith("client_1: 1 of 3 chunks", again.ReadyLine);
        Assert.Empty(Directory.GetFiles(client.ChunkFolder, "*.part"));
        Assert.Empty(again.Errors.All);
    }

    private HashSet<int> ListedIn(string folder) => File.ReadLines(Path.Combine(folder, "local_chunks.txt"))
        .Select(line => line.Split(',')).Where(fields => fields[1] != "LASTCHUNK")
        .Select(fields => int.Parse(fields[0])).ToHashSet();

    private IEnumerable<int> RequestsOf(string name) => Log.Lines
        .Where(line => line.StartsWith($"{name},REQUEST_CHUNK,", StringComparison.Ordinal))
        .Select(line => int.Parse(line.Split(',')[2]));
}
