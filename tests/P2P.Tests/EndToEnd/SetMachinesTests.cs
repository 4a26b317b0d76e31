using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using P2P.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>A tracker, a seed and receivers that know the tracker alone, each on a machine of its own, and a stranger
/// among them.</summary>
public sealed class SetMachinesTests(ITestOutputHelper output) : SystemTest(output)
{
    private const string Hub = "192.168.9.1", Seed = "192.168.9.2", Stranger = "192.168.9.100";
    private const int TrackerPort = 5100, TransferPort = 7001;
    private static readonly string[] Receivers = ["192.168.9.3", "192.168.9.4"];
    private readonly ITestOutputHelper _output = output;

    [MachinesFact]
    public void AFolder_ReachesOtherMachines_AndAStrangerAmongThemSeesNothingOfItsDescription() =>
        OtherMachine.WithOwnNetwork(() =>
        {
            var machines = new Machines();
            string hosts = Prepare();
            TestTree.Make(Folder["tree"], Random);
            using var tap = new WireTap();
            NativeProcess tracker = Own(new NativeProcess("unshare", Folder.Path,
                machines.On(Hub, hosts, NativePrograms.Tracker, "-bind", "0.0.0.0")));
            tracker.Output.WaitForFirst(line => line.StartsWith("P2PTracker listening on 0.0.0.0:5100",
                StringComparison.Ordinal), "the tracker");

            // It says that it has ten of the chunks, and ends every connection unanswered.
            ConcurrentQueue<string> asked = [];
            using TcpListener stranger = Listen(asked, port: 0);
            using var announcer = new TcpClient(Hub, TrackerPort);
            int strangersPort = ((IPEndPoint)stranger.LocalEndpoint).Port;
            for (int index = 1; index <= 10; index++)
                announcer.Client.Send(Encoding.ASCII.GetBytes($"LOCAL_CHUNKS,{index},localhost,{strangersPort}\n"));
            Log.WaitFor($"P2PTracker,LOCAL_CHUNKS,10,{Stranger},{strangersPort}");

            NativeProcess seed = Start(machines, Seed, hosts,
                "-seed", Folder["tree"], "-chunk_size", "4K", "-tracker", "tracker");
            NativeProcess[] receivers =
            [
                Start(machines, Receivers[0], hosts, "fetch", "-out", Folder["copy1"], "-tracker", "tracker.example"),
                Start(machines, Receivers[1], hosts, "fetch", "-out", Folder["copy2"], "-tracker", $"{Hub}:5100"),
            ];
            foreach (NativeProcess receiver in receivers)
            {
                receiver.Output.WaitForFirst(
                    line => line.Contains(": complete, all ", StringComparison.Ordinal), "a receiver to be complete");
            }
            foreach (NativeProcess process in receivers.Append(seed).Append(tracker))
            {
                process.Terminate();
                Assert.Equal(0, process.WaitForExit());
            }
            string expected = TestTree.Describe(Folder["tree"]);
            Assert.Equal(expected, TestTree.Describe(Folder["copy1"]));
            Assert.Equal(expected, TestTree.Describe(Folder["copy2"]));

            Assert.All(asked, text => Assert.Matches(@"^REQUEST_CHUNK,([1-9]|10)\z", text));
            Assert.Equal(0, announcer.Available);
            AssertOnlyBetweenOurs(tap.End());
            _output.WriteLine($"{tap.Segments} segments seen, the stranger was asked {asked.Count} times");
            Assert.DoesNotContain($"{SetSyntax.DescriptionIndex}", Log.Text);
        });

    [MachinesFact]
    public void AStrangersTrackerOnAnotherMachine_GetsAnnouncementsAlone() => OtherMachine.WithOwnNetwork(() =>
    {
        var machines = new Machines();
        string hosts = Prepare();
        File.WriteAllBytes(Folder["movie"], new byte[10_000]);
        ConcurrentQueue<string> received = [];
        using TcpListener tracker = Listen(received, TrackerPort);
        NativeProcess fetch = Start(machines, Receivers[0], hosts, "fetch", "-out", "copy", "-tracker", Stranger);
        Assert.Equal(2, fetch.WaitForExit());
        Assert.Contains("is no P2PTracker", Assert.Single(fetch.Errors.All));
        Assert.Empty(received);
        NativeProcess seed = Start(machines, Seed, hosts,
            "-seed", Folder["movie"], "-chunk_size", "4K", "-name", "seed", "-tracker", Stranger);
        Log.WaitFor($"seed,LOCAL_CHUNKS,3,localhost,{TransferPort}");
        FolderWatch.WaitUntil(Folder.Path, () => !received.IsEmpty, "a message", () => "");
        seed.Terminate();
        Assert.Equal(0, seed.WaitForExit());
        Assert.Matches(@"^(LOCAL_CHUNKS,[1-3],localhost,7001\n)+\z", string.Concat(received));
    });

    private string Prepare()
    {
        Machines.Join(Stranger);
        File.WriteAllText(Folder["hosts"], $"127.0.0.1 localhost\n{Hub} tracker.example tracker\n");
        return Folder["hosts"];
    }

    private NativeProcess Start(Machines machines, string address, string hosts, params string[] arguments) =>
        Own(new NativeProcess("unshare", Folder.Path, machines.On(address, hosts, NativePrograms.Client,
            [.. arguments, "-transfer_port", $"{TransferPort}"])));

    // Notes what each connection brings, and resets it when it has brought something.
    private static TcpListener Listen(ConcurrentQueue<string> received, int port)
    {
        var listener = new TcpListener(IPAddress.Parse(Stranger), port);
        listener.Start();
        new Thread(() =>
        {
            byte[] buffer = new byte[4096];
            try
            {
                while (true)
                {
                    using Socket socket = listener.AcceptSocket();
                    int bytes = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out _);
                    if (bytes > 0) received.Enqueue(Encoding.ASCII.GetString(buffer, 0, bytes));
                    socket.Close(0);
                }
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException)
            {
                // The test is over: the listener has been stopped, during a call or between two.
            }
        }) { IsBackground = true }.Start();
        return listener;
    }

    private static void AssertOnlyBetweenOurs(IReadOnlyCollection<WireText> texts)
    {
        WireText[] requests = [.. texts.Where(each => each.Text.Contains($"{SetSyntax.DescriptionIndex}"))];
        Assert.Equal(Receivers, requests.Select(each => $"{each.From.Address}").Distinct().Order());
        Assert.All(requests, request =>
        {
            Assert.Equal($"REQUEST_CHUNK,{SetSyntax.DescriptionIndex}\n", request.Text);
            Assert.Contains($"{request.To.Address}", Receivers.Append(Seed));
            Assert.Equal(TransferPort, request.To.Port);
        });
        string[] ours = [.. Receivers, Seed, Hub];
        foreach (WireText text in texts)
        {
            string[] lines = text.Text.Split('\n');
            bool isForOurs = lines.Any(line =>
                line.StartsWith("SET", StringComparison.Ordinal) || line.StartsWith("LANE", StringComparison.Ordinal));
            if (isForOurs)
                Assert.True(ours.Contains($"{text.From.Address}") && ours.Contains($"{text.To.Address}"), $"{text}");
            if ($"{text.To.Address}" == Stranger) Assert.StartsWith("REQUEST_CHUNK,", text.Text);
        }
        Assert.Contains(texts, text => text.Text.StartsWith("LANE,1\nSET,", StringComparison.Ordinal));
        Assert.Contains(texts, text => text.Text == "SET\n" && text.To.Port == TrackerPort);
    }
}
