using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>A tracker that the client finds by a name in DNS: /etc/resolv.conf, and a real name server.</summary>
[Waits(8)]
public sealed class NameTests(ITestOutputHelper output) : SystemTest(output)
{
    private const string Hosts = "127.0.0.1 localhost\n";
    private const string Server = $"nameserver {NameServer.Address}\n";
    private static readonly string Machine = OtherMachine.OtherAddress.ToString();
    private static readonly IPAddress SilentServer = IPAddress.Parse("127.0.0.55");

    [NameServerFact]
    public void ATracker_IsFoundByEachKindOfName() => OtherMachine.WithOwnNetwork(() =>
    {
        NameServer server = Own(new NameServer(Folder,
            $"host-record=hub.a.example,{Machine}", $"host-record=other.b.example,{Machine}",
            "host-record=six.example,::1",
            "host-record=both.example,10.77.0.9,::1", "cname=alias.b.example,other.b.example",
            "cname=long.example,alias.b.example"));
        var chunks = new ChunkSet(Random, 3, 1000);
        TrackerProcess tracker = StartTracker("-bind", "::");
        chunks.DealTo(Folder.MakeFolder("seed"), chunks.Indexes);
        Own(new ClientProcess(Folder.Path, "seed", Folder["seed"],
            ["-folder", Folder["seed"], "-tracker", $"{Machine}:{tracker.Port}"])).WaitUntilComplete();

        (string Name, string ResolvConf)[] cases =
        [
            ("hub.a.example", Server),
            ("hub.a.example.", $"{Server}search b.example\n"),
            ("HUB", $"search no.example a.example\n{Server}"),
            ("hub", $"domain a.example\n{Server}"),
            ("hub.a", $"{Server}options ndots:2\nsearch example\n"),
            ("six.example", Server),                            // has an IPv6 address alone
            ("both.example", Server),                           // no program listens at the first one
            ("long.example", Server),                           // an alias of an alias
            ("alias", $"{Server}search b.example\n"),
            ("hub.a.example", $"nameserver 127.0.0.54\n{Server}"),      // nobody is at the first one
        ];
        List<NativeProcess> clients = [];
        foreach ((string name, string resolvConf) in cases)
        {
            chunks.DealTo(Folder.MakeFolder($"client_{clients.Count}"));
            clients.Add(StartClient($"client_{clients.Count}", resolvConf, $"{name}:{tracker.Port}"));
        }
        for (int i = 0; i < clients.Count; i++)
        {
            clients[i].Output.WaitForFirst(line => line.StartsWith($"client_{i}: complete, all 3 ",
                StringComparison.Ordinal), $"{cases[i]} to be found");
            chunks.AssertComplete(Folder[$"client_{i}"]);
            Assert.Empty(clients[i].Errors.All);
        }
        server.Errors.WaitForFirst(line => line.Contains("query[A] HUB.no.example "), "the question for HUB");
        server.Errors.WaitForFirst(line => line.Contains("query[AAAA] six.example "), "the question for six");
        Assert.DoesNotContain(server.Errors.All, line => line.Contains("query[A] hub.a.example.b.example "));
        Assert.DoesNotContain(server.Errors.All, line => line.Contains("query[A] localhost"));
    });

    [NameServerFact]
    public void AServerThatIsSilent_IsPassedOver_AndTheClientServesMeanwhile() => OtherMachine.WithOwnNetwork(() =>
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = Patience.SocketMilliseconds,
        };
        silent.Bind(new IPEndPoint(SilentServer, 53));
        Own(new NameServer(Folder, $"host-record=hub.example,{Machine}"));
        var chunks = new ChunkSet(Random, 3, 1000);
        TrackerProcess tracker = StartTracker("-bind", "0.0.0.0");
        chunks.DealTo(Folder.MakeFolder("patient"), 1);
        NativeProcess patient = StartClient("patient", $"nameserver {SilentServer}\noptions timeout:30\n",
            $"hub.example:{tracker.Port}", ["-transfer_port", "7001", "-timeout", "2"]);
        byte[] question = new byte[512];
        Assert.True(silent.Receive(question) > 0);
        using (var fetcher = FakeFetcher.Fetch(7001, "REQUEST_CHUNK,1"))
            Assert.Equal(chunks[1], fetcher.Bytes.ToArray());
        Assert.Equal(5, patient.WaitForExit());
        Assert.Equal(
            $"patient: there was no tracker at hub.example:{tracker.Port} within 2 s, 2 of 3 chunks are missing (2-3); "
            + "the address of hub.example is still being looked up; see that the name is right, or give an address "
            + "with -tracker", Assert.Single(patient.Errors.All));

        chunks.DealTo(Folder.MakeFolder("client"), chunks.Indexes);
        NativeProcess client = StartClient("client",
            $"nameserver {SilentServer}\n{Server}options timeout:1 attempts:1\n", $"hub.example:{tracker.Port}");
        WaitUntilAnnounced(3);
        Assert.Empty(client.Errors.All);
    });

    // One that fetches a set waits for it before its loop runs.
    [NameServerFact]
    public void ASilentServer_DoesNotKeepAFetch_BeyondItsTime() => OtherMachine.WithOwnNetwork(() =>
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = Patience.SocketMilliseconds,
        };
        silent.Bind(new IPEndPoint(SilentServer, 53));
        foreach (int _ in Patience.Attempts("an end within a second of the time"))
        {
            NativeProcess client = Own(new NativeProcess("unshare", Folder.Path, NameServer.With(Folder,
                $"nameserver {SilentServer}\noptions timeout:5\n", Hosts, NativePrograms.Client,
                ["fetch", "-out", "copy", "-tracker", "hub.example", "-timeout", "2"])));
            Assert.True(silent.Receive(new byte[512]) > 0);
            var clock = Stopwatch.StartNew();
            Assert.Equal(5, client.WaitForExit());
            Assert.Equal(
                "P2PClient: the address of hub.example is still being looked up; see that the name is right, or give "
                + "an address with -tracker; the time is up", Assert.Single(client.Errors.All));
            if (clock.Elapsed < TimeSpan.FromSeconds(3)) break;
            while (silent.Available > 0) silent.Receive(new byte[512]);
        }
    });

    [NameServerFact]
    public void ANameThatIsNotKnownYet_IsToldOnce_AndFoundWhenItIs_AlsoAtAnotherAddress() =>
        OtherMachine.WithOwnNetwork(() =>
        {
            NameServer server = Own(new NameServer(Folder));
            var chunks = new ChunkSet(Random, 3, 1000);
            TrackerProcess tracker = StartTracker("-bind", Machine);
            string port = tracker.Port.ToString();
            chunks.DealTo(Folder.MakeFolder("client"), 1, 2);
            NativeProcess client = StartClient("client", $"{Server}search a.example\n", $"hub:{port}");
            client.Errors.WaitForFirst(line => line == "client: the name hub is not in /etc/hosts, and no address is "
                + $"known to {NameServer.Address}, asked for hub.a.example and hub; trying again: see that the name is "
                + "right, or give an address with -tracker", "the name to be told");
            server.Tell($"{Machine} hub.a.example\n");
            WaitUntilAnnounced(2);
            Assert.Single(client.Errors.All);

            // The tracker moves to another address of its name, with the one chunk that the client lacks.
            server.Tell("10.77.0.2 hub.a.example\n");
            tracker.Kill();
            tracker.WaitForExit();
            _ = Own(new TrackerProcess(Folder.Path, "-port", port, "-bind", "10.77.0.2")).ReadyLine;
            chunks.DealTo(Folder.MakeFolder("seed"), 3);
            Own(new ClientProcess(Folder.Path, "seed", Folder["seed"],
                ["-folder", Folder["seed"], "-tracker", $"10.77.0.2:{port}"])).WaitUntilComplete();
            client.Output.WaitForFirst(line => line.StartsWith("client: complete, all 3 ", StringComparison.Ordinal),
                "the client to be complete");
            chunks.AssertComplete(Folder["client"]);
        });

    [NameServerFact]
    public void ANameOfThisMachine_IsNeverAskedFor() => OtherMachine.WithOwnNetwork(() =>
    {
        NameServer server = Own(new NameServer(Folder, "host-record=known.example,10.77.0.1"));
        var chunks = new ChunkSet(Random, 1, 1000);
        TrackerProcess tracker = StartTracker();
        string[] names = ["localhost", "LocalHost.", "p2p.localhost", "127.0.0.1", "known.example"];
        for (int i = 0; i < names.Length; i++)
        {
            chunks.DealTo(Folder.MakeFolder($"client_{i}"), 1);
            NativeProcess client = StartClient($"client_{i}", $"{Server}search example\n", $"{names[i]}:{tracker.Port}",
                ["-transfer_port", $"{7001 + i}"], $"{Hosts}127.0.0.1 known.example\n");
            Log.WaitUntil(lines => lines.Contains($"P2PTracker,LOCAL_CHUNKS,1,localhost,{7001 + i}"), names[i]);
            Assert.Empty(client.Errors.All);
        }
        Assert.DoesNotContain(server.Errors.All, line => line.Contains("query["));
    });

    private void WaitUntilAnnounced(int index) => Log.WaitUntil(lines => lines.Any(line =>
        line.StartsWith($"P2PTracker,LOCAL_CHUNKS,{index},", StringComparison.Ordinal)), "the tracker to be found");

    private NativeProcess StartClient(
        string name, string resolvConf, string tracker, string[]? more = null, string hosts = Hosts) =>
        Own(new NativeProcess("unshare", Folder.Path, NameServer.With(Folder, resolvConf, hosts, NativePrograms.Client,
            ["-folder", Folder[name], "-tracker", tracker, .. more ?? []])));
}
