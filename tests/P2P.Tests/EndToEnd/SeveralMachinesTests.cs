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
    public void ClientsOnOtherMachines_FindTheTrackerByName_AndEachOtherUnderTheAddressesTheyComeFrom() =>
        OtherMachine.WithOwnNetwork(() =>
        {
            var machines = new Machines();
            var chunks = new ChunkSet(Random, 30, 50_000);
            string hosts = Folder["hosts"];
            File.WriteAllText(hosts,
                "127.0.0.1 localhost\n192.168.9.1 tracker.example  tracker # the machine that all know\n");
            NativeProcess tracker = Own(new NativeProcess("unshare", Folder.Path,
                machines.On("192.168.9.1", hosts, NativePrograms.Tracker, "-bind", "0.0.0.0")));
            tracker.Output.WaitForFirst(line =>
                line.StartsWith("P2PTracker listening on 0.0.0.0:5100", StringComparison.Ordinal), "the tracker");

            // By full name, by short name, without the port, and by address.
            NativeProcess[] clients =
                new[] { "tracker.example:5100", "tracker", "192.168.9.1:5100" }.Select((address, i) =>
                {
                    chunks.DealTo(Folder.MakeFolder($"client_{i + 2}"), chunks.Indexes.Where(index => index % 3 == i));
                    return Own(new NativeProcess("unshare", Folder.Path,
                        machines.On($"192.168.9.{i + 2}", hosts, NativePrograms.Client,
                            "-folder", Folder[$"client_{i + 2}"], "-transfer_port", "7001", "-tracker", address,
                            "-verbose")));
                }).ToArray();

            foreach ((NativeProcess client, int i) in clients.Select((client, i) => (client, i + 2)))
            {
                client.Output.WaitForFirst(line => line.StartsWith($"client_{i}: complete, all 30 ",
                    StringComparison.Ordinal), $"client_{i} to be complete");
                chunks.AssertComplete(Folder[$"client_{i}"]);
            }
            // Who had the chunk at the start is listed for it under its own address, and fetched from there.
            for (int i = 2; i <= 4; i++)
            {
                Assert.Contains($"P2PTracker,LOCAL_CHUNKS,{(i == 2 ? 3 : i - 2)},192.168.9.{i},7001", Log.Lines);
                Assert.Contains(Log.Lines, line => line.Contains(",REQUEST_CHUNK,")
                    && line.EndsWith($",192.168.9.{i},7001", StringComparison.Ordinal));
            }
            Assert.DoesNotContain(Log.Lines, line =>
                line.StartsWith("P2PTracker,GET_CHUNK_FROM,", StringComparison.Ordinal) && line.Contains("localhost"));
            // Whatever one of them has got from another came over one connection.
            Assert.True(Log.Lines.Count(line => line.StartsWith("client_2,REQUEST_CHUNK,", StringComparison.Ordinal)
                && line.EndsWith(",192.168.9.3,7001", StringComparison.Ordinal)) > 1);
            clients[0].Terminate();
            clients[1].Errors.WaitForFirst(line => IsFrom2(line) && line.EndsWith(": it has ended the lane",
                StringComparison.Ordinal), "client_2's lane to client_3 to end");
            Assert.Single(clients[1].Errors.All, IsFrom2);
            foreach (NativeProcess process in clients.Append(tracker))
            {
                process.Terminate();
                Assert.Equal(0, process.WaitForExit());
            }

            static bool IsFrom2(string line) => line.Contains("connection from peer 192.168.9.2:");
        });

    // The one that starts before the tracker can't know better than to listen for its own machine alone.
    [MachinesFact]
    public void OnTheTrackersMachine_AClientIsReachedByOthers_AndReachesThem() => OtherMachine.WithOwnNetwork(() =>
    {
        var machines = new Machines();
        var chunks = new ChunkSet(Random, 30, 50_000);
        string hosts = Folder["hosts"];
        File.WriteAllText(hosts, "127.0.0.1 localhost\n");
        for (int i = 1; i <= 3; i++)
            chunks.DealTo(Folder.MakeFolder($"client_{i}"), chunks.Indexes.Where(index => index % 3 == i - 1));

        NativeProcess first = Own(new NativeProcess("unshare", Folder.Path,
            machines.On("192.168.9.1", hosts, NativePrograms.Client, "-folder", Folder["client_1"])));
        first.Errors.WaitForFirst(line => line.Contains("no tracker at localhost:5100 yet"),
            "client_1 to look for the tracker");
        NativeProcess OnTheSame(string program, params string[] arguments) =>
            Own(new NativeProcess("nsenter", Folder.Path, [$"--net=/proc/{first.Id}/ns/net", program, .. arguments]));
        NativeProcess tracker = OnTheSame(NativePrograms.Tracker, "-bind", "0.0.0.0");
        NativeProcess second = OnTheSame(NativePrograms.Client, "-folder", Folder["client_2"],
            "-transfer_port", "7002");
        NativeProcess elsewhere =
            Own(new NativeProcess("unshare", Folder.Path, machines.On("192.168.9.3", hosts, NativePrograms.Client,
                "-folder", Folder["client_3"], "-transfer_port", "7003", "-tracker", "192.168.9.1")));

        NativeProcess[] clients = [first, second, elsewhere];
        foreach ((NativeProcess client, int i) in clients.Select((client, i) => (client, i + 1)))
        {
            client.Output.WaitForFirst(line => line.StartsWith($"client_{i}: complete, all 30 ",
                StringComparison.Ordinal), $"client_{i} to be complete");
            chunks.AssertComplete(Folder[$"client_{i}"]);
        }
        // Each is told of peers of the tracker's machine by the address that it can use, and so does the log say.
        Assert.Contains(Log.Lines,
            line => line.StartsWith("P2PTracker,GET_CHUNK_FROM,1,192.168.9.1,7002", StringComparison.Ordinal));
        Assert.Contains(Log.Lines,
            line => line.StartsWith("P2PTracker,GET_CHUNK_FROM,1,localhost,7002", StringComparison.Ordinal));
        Assert.Contains(Log.Lines, line => line.StartsWith("client_3,REQUEST_CHUNK,", StringComparison.Ordinal)
            && line.Contains(",192.168.9.1,"));
        Assert.Contains(Log.Lines,
            line => line.Contains(",REQUEST_CHUNK,") && line.EndsWith(",192.168.9.3,7003", StringComparison.Ordinal));
        Assert.Contains("P2PTracker,LOCAL_CHUNKS,1,localhost,7002", Log.Lines);
        Assert.Contains(
            "client_2: the tracker serves other machines too, so they can connect to port 7002", second.Output.All);
        foreach (NativeProcess process in clients.Append(tracker))
        {
            process.Terminate();
            Assert.Equal(0, process.WaitForExit());
        }
    });

    [RootFact]
    public void OnTheTrackersMachine_APortThatIsTakenOnAnotherAddress_IsTold_AndTheRestGoesOn() =>
        OtherMachine.WithOwnNetwork(() =>
        {
            var chunks = new ChunkSet(Random, 2, 1000);
            for (int i = 1; i <= 2; i++)
                chunks.DealTo(Folder.MakeFolder($"client_{i}"), i);
            TrackerProcess tracker = Own(new TrackerProcess(Folder.Path, "-port", "5100", "-bind", "0.0.0.0"));
            _ = tracker.ReadyLine;
            string other = OtherMachine.OtherAddress.ToString();
            ClientProcess first = Own(new ClientProcess(Folder.Path, "client_1", Folder["client_1"], "-folder",
                "client_1", "-transfer_port", "7001", "-bind", other, "-tracker", other));
            _ = first.ReadyLine;
            ClientProcess second = Own(new ClientProcess(Folder.Path, "client_2", Folder["client_2"], "-folder",
                "client_2", "-transfer_port", "7001"));

            second.Errors.WaitForFirst(line =>
                line == "client_2: peers on other machines can't connect, port 7001 is taken on another address "
                    + "of this machine; give another with -transfer_port, or none", "the port to be told of");
            // Once, however often the tracker comes back:
            // client_3 has chunk 2 only from a client that has found it again.
            tracker.Kill();
            tracker.WaitForExit();
            _ = Own(new TrackerProcess(Folder.Path, "-port", "5100", "-bind", "0.0.0.0")).ReadyLine;
            chunks.DealTo(Folder.MakeFolder("client_3"));
            ClientProcess third =
                Own(new ClientProcess(Folder.Path, "client_3", Folder["client_3"], "-folder", "client_3"));
            third.WaitUntilComplete();
            chunks.AssertComplete(Folder["client_3"]);
            Assert.Single(second.Errors.All, line => line.Contains("can't connect"));
        });
}
