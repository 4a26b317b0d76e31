using System;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>A tracker and three clients, each on a machine of its own.</summary>
public sealed class SeveralMachinesTests(ITestOutputHelper output) : SystemTest(output)
{
    [MachinesFact]
    public void ClientsOnOtherMachines_FindTheTrackerByName_AndEachOtherUnderTheAddressesTheyComeFrom() => OtherMachine.WithOwnNetwork(() =>
    {
        var machines = new Machines();
        var chunks = new ChunkSet(Random, 30, 50_000);
        var hosts = Folder["hosts"];
        File.WriteAllText(hosts, "127.0.0.1 localhost\n192.168.9.1 tracker.example  tracker # the machine that all know\n");
        var tracker = Own(new NativeProcess("unshare", Folder.Path, machines.On("192.168.9.1", hosts, NativePrograms.Tracker, "-bind", "0.0.0.0")));
        tracker.Output.WaitForFirst(line => line.StartsWith("P2PTracker listening on 0.0.0.0:5100", StringComparison.Ordinal), "the tracker");

        // By full name, by short name, without the port, and by address.
        var clients = new[] { "tracker.example:5100", "tracker", "192.168.9.1:5100" }.Select((address, i) =>
        {
            chunks.DealTo(Folder.MakeFolder($"client_{i + 2}"), chunks.Indexes.Where(index => index % 3 == i));
            return Own(new NativeProcess("unshare", Folder.Path, machines.On($"192.168.9.{i + 2}", hosts, NativePrograms.Client,
                "-folder", Folder[$"client_{i + 2}"], "-transfer_port", "7001", "-tracker", address)));
        }).ToArray();

        foreach (var (client, i) in clients.Select((client, i) => (client, i + 2)))
        {
            client.Output.WaitForFirst(line => line.StartsWith($"client_{i}: complete, all 30 ", StringComparison.Ordinal), $"client_{i} to be complete");
            chunks.AssertComplete(Folder[$"client_{i}"]);
        }
        // Who had the chunk at the start is listed for it under its own address, and fetched from there.
        for (int i = 2; i <= 4; i++)
        {
            Assert.Contains($"P2PTracker,LOCAL_CHUNKS,{(i == 2 ? 3 : i - 2)},192.168.9.{i},7001", Log.Lines);
            Assert.Contains(Log.Lines, line => line.Contains(",REQUEST_CHUNK,") && line.EndsWith($",192.168.9.{i},7001", StringComparison.Ordinal));
        }
        Assert.DoesNotContain(Log.Lines, line => line.StartsWith("P2PTracker,GET_CHUNK_FROM,", StringComparison.Ordinal) && line.Contains("localhost"));
        foreach (var process in clients.Append(tracker))
        {
            process.Terminate();
            Assert.Equal(0, process.WaitForExit());
        }
    });
}
