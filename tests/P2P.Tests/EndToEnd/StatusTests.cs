using System;
using System.IO;
using System.Linq;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>What clients learn from the tracker's page: <c>status</c>, and when everybody has everything.</summary>
public sealed class StatusTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void Status_ShowsEachPeer()
    {
        var chunks = new ChunkSet(Random, 4, 1000);
        TrackerProcess tracker = StartTracker();
        ClientProcess seed = StartClient("seed", tracker.Port, chunks, chunks.Indexes);
        NaiveClient other = Connect(tracker.Port);
        other.Announce(2, 5001);
        other.Ask(4);
        Log.WaitUntil(
            lines => lines.Count(line => line.StartsWith("P2PTracker,LOCAL_CHUNKS,")) == 5, "5 announcements");
        string[] lines = [.. Run("status", "-tracker", $"localhost:{tracker.Port}").Output.All];
        Assert.StartsWith($"localhost:{tracker.Port}, up 0 min: 2 peers, 1 complete; 4 chunks", lines[0]);
        Assert.Contains(
            lines, line => line.StartsWith($"localhost:{seed.Port} ") && line.EndsWith(" 4  100 %  complete"));
        Assert.Contains(lines, line => line.StartsWith("localhost:5001 ") && line.EndsWith(" 1   25 %  fetching"));
        Assert.Equal("rarest: chunks 1, 3, 4, at 1 peer", lines[^1]);
        string json = Assert.Single(Run("status", "-tracker", $"localhost:{tracker.Port}", "-json").Output.All);
        Assert.Equal(2, SwarmStatus.TryParse(json.Replace("{\"host\"", "\n{\"host\""))!.Rows.Count);
    }

    [Fact]
    public void WithoutATrackerOrItsPage_StatusSaysSo()
    {
        TrackerProcess tracker = StartTracker("-http", "off");
        NativeProcess refused = Run(5, "status", "-tracker", $"localhost:{tracker.Port}");
        Assert.Contains("-http off", Assert.Single(refused.Errors.All));
        Assert.Contains("nothing listens there",
            Assert.Single(Run(5, "status", "-tracker", $"localhost:{FreePort.Next()}").Errors.All));
    }

    [Fact]
    public void ASeed_WaitsUntilSoManyPeersHaveEverything()
    {
        var chunks = new ChunkSet(Random, 6, 20_000);
        TrackerProcess tracker = StartTracker();
        chunks.DealTo(Folder.MakeFolder("zoë"), chunks.Indexes);
        ClientProcess seed = StartClient("zoë", tracker.Port, "-exit_when_complete", "0", "-until_peers", "2");
        seed.WaitUntilComplete();
        chunks.DealTo(Folder.MakeFolder("first"), []);
        Assert.Equal(0, StartClient("first", tracker.Port, "-exit_when_complete", "0").WaitForExit());
        Assert.False(seed.HasExited);
        StartClient("second", tracker.Port, chunks).WaitUntilComplete();
        Assert.Equal(0, seed.WaitForExit());
        Assert.Empty(seed.Errors.All);
    }

    [Fact]
    public void ATrackerThatTellsNothing_IsNamedOnce()
    {
        var chunks = new ChunkSet(Random, 1, 100);
        TrackerProcess tracker = StartTracker("-http", "off");
        chunks.DealTo(Folder.MakeFolder("seed"), 1);
        ClientProcess seed = StartClient("seed", tracker.Port, "-exit_when_complete", "0", "-until_peers", "1");
        Assert.Contains("for -until_peers", seed.Waiting.WaitForCount(1, "a line about it")[0]);
        Assert.False(seed.HasExited);
    }

    private NativeProcess Run(params string[] arguments) => Run(0, arguments);

    private NativeProcess Run(int exitCode, params string[] arguments)
    {
        NativeProcess process = Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));
        Assert.Equal(exitCode, process.WaitForExit());
        return process;
    }
}
