using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>The options of both native programs, their defaults, and what they say about wrong ones.</summary>
public sealed class CommandLineTests : SystemTest
{
    private readonly ChunkSet _chunks;

    public CommandLineTests(ITestOutputHelper output) : base(output) => _chunks = new ChunkSet(Random, 4, 1000);

    [RootFact]
    public void WithoutAnyOption_EverythingIsAsTheAssignmentSays() => OtherMachine.WithOwnNetwork(() =>
    {
        using var tracker = new TrackerProcess(Folder.Path);
        Assert.StartsWith("P2PTracker listening on localhost:5100, log ", tracker.ReadyLine);
        using var six = new NaiveClient(5100, IPAddress.IPv6Loopback);
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", six.Ask(1));

        // As graders invoke it, and as users do (PROTOCOL 8.1).
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2);
        _chunks.DealTo(Folder.MakeFolder("folder 2"), 3, 4);
        using var first = new ClientProcess(Folder.Path, "client_1", Folder["client_1"], Folder["client_1"]);
        using var second = new ClientProcess(Folder.Path, "client_2", Folder["folder 2"],
            "-folder", Folder["folder 2"], "-transfer_port", "7001", "-name", "client_2");

        first.WaitUntilComplete();
        second.WaitUntilComplete();
        _chunks.AssertComplete(first.ChunkFolder);
        _chunks.AssertComplete(second.ChunkFolder);
        Assert.Equal("client_2: 2 of 4 chunks, serving on port 7001, tracker localhost:5100", second.ReadyLine);
        Assert.Contains("client_1,REQUEST_CHUNK,3,localhost,7001", Log.Lines);
    });

    [Theory]
    [InlineData("-folder", "{folder}", "-name", "client_1", "-tracker", "{tracker}", "-transfer_port", "{port}")]
    [InlineData("--folder", "{folder}", "--name", "client_1", "--tracker", "{tracker}", "--transfer_port", "{port}")]
    [InlineData("-folder={folder}", "-name=client_1", "-tracker={tracker}", "-transfer_port={port}")]
    [InlineData("--tracker={tracker}", "--transfer_port={port}", "--name=client_1", "{folder}")]
    [InlineData("{folder}", "-tracker", "{tracker}", "-transfer_port", "{port}")]
    [InlineData("{folder}/", "-tracker", "{tracker}", "-transfer_port", "{port}")]
    public void OptionsAreTaken_InEverySpelling(params string[] arguments)
    {
        NaiveTracker tracker = StartNaiveTracker();
        int port = FreePort.Next();
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2, 3);
        ClientProcess client =
            Own(new ClientProcess(Folder.Path, "client_1", Folder["client_1"], arguments.Select(Filled)));

        Assert.Equal(
            $"client_1: 3 of 4 chunks, serving on port {port}, tracker localhost:{tracker.Port}", client.ReadyLine);
        Log.WaitFor("client_1,WHERE_CHUNK,4");

        string Filled(string argument) => argument.Replace("{folder}", Folder["client_1"])
            .Replace("{tracker}", $"localhost:{tracker.Port}").Replace("{port}", $"{port}");
    }

    [Fact]
    public void ANameTakenFromTheFolder_IsMadeFitForTheLog()
    {
        NaiveTracker tracker = StartNaiveTracker();
        _chunks.DealTo(Folder.MakeFolder("my folder,1"), 1, 2, 3);
        ClientProcess client = Own(new ClientProcess(Folder.Path, "my_folder_1", Folder["my folder,1"],
            Folder["my folder,1"], "-tracker", $"127.0.0.1:{tracker.Port}"));

        Assert.StartsWith("my_folder_1: 3 of 4 chunks", client.ReadyLine);
        Log.WaitFor("my_folder_1,WHERE_CHUNK,4");
    }

    // 500 characters of two bytes each.
    [Fact]
    public void AName_MayHaveAThousandBytes_AndOneWithMoreIsRefused()
    {
        NaiveTracker tracker = StartNaiveTracker();
        string name = new string('\u00e9', 500);
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2, 3);
        ClientProcess client = Own(new ClientProcess(Folder.Path, name, Folder["client_1"],
            "-folder", Folder["client_1"], "-tracker", $"localhost:{tracker.Port}", "-name", name));
        Assert.StartsWith($"{name}: 3 of 4 chunks", client.ReadyLine);
        Log.WaitFor($"{name},WHERE_CHUNK,4");

        NativeProcess refused = Start("P2PClient", "-folder", Folder["client_1"], "-name", name + "x");
        Assert.Equal(2, refused.WaitForExit());
        Assert.Equal("P2PClient: -name has 1001 bytes: give one of 1 to 1000 (see -help)", refused.Errors.All[0]);
    }

    [Fact]
    public void TheLog_GoesWhereItIsTold()
    {
        TrackerProcess tracker = Own(new TrackerProcess(Folder.Path, "-port=0", $"-log={Folder["tracker's.log"]}"));
        Assert.EndsWith($", log {Folder["tracker's.log"]}", tracker.ReadyLine);
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1, 2, 3, 4);
        StartClient("client_1", tracker.Port, "-log", Folder["client's.log"]).WaitUntilComplete();

        new LogReader(Folder["tracker's.log"]).WaitUntil(lines => lines.Count == 4, "four announcements");
        Assert.Equal(4, new LogReader(Folder["client's.log"]).Lines.Count);
        Assert.False(File.Exists(Log.Path));
    }

    [Theory]
    [InlineData("P2PTracker", "-port", "-bind", "-log", "-http", "-help", "-version")]
    [InlineData("P2PClient", "-folder", "-transfer_port", "-name", "-tracker", "-bind", "-framing",
        "-log", "-help", "-version")]
    public void Help_NamesEveryOption(string program, params string[] options)
    {
        foreach (string spelling in new[] { "-help", "--help", "-h", "--h" })
        {
            NativeProcess process = Start(program, spelling);
            Assert.Equal(0, process.WaitForExit());
            string help = string.Join('\n', process.Output.All);
            Assert.All(options, option => Assert.Contains(option, help));
            Assert.Empty(process.Errors.All);
            Assert.All(process.Output.All, line => Assert.InRange(line.Length, 0, 79));
        }
    }

    [Theory]
    [InlineData("P2PTracker")]
    [InlineData("P2PClient")]
    public void Version_IsOneLine(string program)
    {
        NativeProcess process = Start(program, "-version");
        Assert.Equal(0, process.WaitForExit());
        Assert.Contains(program, Assert.Single(process.Output.All));
        Assert.Empty(process.Errors.All);
    }

    [Theory]
    [InlineData("P2PTracker", "-port")]
    [InlineData("P2PTracker", "-port", "x")]
    [InlineData("P2PTracker", "-port", "65536")]
    [InlineData("P2PTracker", "-port", "-1")]
    [InlineData("P2PTracker", "-bind", "nonsense")]
    [InlineData("P2PTracker", "-allow", "10.0.0.0/33")]
    [InlineData("P2PTracker", "-nonsense")]
    [InlineData("P2PTracker", "-prot", "0")]
    [InlineData("P2PTracker", "surplus")]
    [InlineData("P2PTracker", "-port", "0", "-log", "")]
    [InlineData("P2PClient")]
    [InlineData("P2PClient", "-folder")]
    [InlineData("P2PClient", "-folder", "{folder}", "-nonsense")]
    [InlineData("P2PClient", "-folder", "{folder}", "-transfer_port", "x")]
    [InlineData("P2PClient", "-folder", "{folder}", "-transfer_port", "65536")]
    [InlineData("P2PClient", "-folder", "{folder}", "-framing", "other")]
    [InlineData("P2PClient", "-folder", "{folder}", "-tracker", "localhost:x")]
    [InlineData("P2PClient", "-folder", "{folder}", "-tracker", "localhost:65536")]
    [InlineData("P2PClient", "-folder", "{folder}", "-name", "a,b")]
    [InlineData("P2PClient", "-folder", "{folder}", "-name", "a b")]
    [InlineData("P2PClient", "-folder", "{folder}", "-name", "a\nb")]
    [InlineData("P2PClient", "-folder", "{folder}", "-name", "")]
    [InlineData("P2PClient", "-folder", "{folder}", "-log", "")]
    [InlineData("P2PClient", "-folder", "{folder}", "-upload_limit", "500")]
    [InlineData("P2PClient", "-folder", "{folder}", "-allow", "nonsense")]
    [InlineData("P2PClient", "{folder}", "{folder}")]
    public void WrongArguments_AreToldInOneLine_AndExitCode2(string program, params string[] arguments)
    {
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        NativeProcess process =
            Start(program, arguments.Select(each => each.Replace("{folder}", Folder["client_1"])).ToArray());

        Assert.Equal(2, process.WaitForExit());
        Assert.Empty(process.Output.All);
        string line = Assert.Single(process.Errors.All);
        Assert.StartsWith($"{program}: ", line);
        Assert.EndsWith(" (see -help)", line);
        Assert.False(File.Exists(Log.Path), "a program that does not start writes no log");
    }

    [Fact]
    public void ATrackerWhosePortIsTaken_SaysSo_WithExitCode1()
    {
        TrackerProcess running = StartTracker();
        NativeProcess tracker = Start("P2PTracker", "-port", $"{running.Port}");

        Assert.Equal(1, tracker.WaitForExit());
        Assert.Contains($"{running.Port}", Assert.Single(tracker.Errors.All));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", Connect(running.Port).Ask(1));
    }

    [Theory]
    [InlineData("P2PTracker", "-port", "0", "-bind", "192.0.2.1")]
    [InlineData("P2PClient", "-folder", "{folder}", "-bind", "192.0.2.1")]
    public void AForeignAddressToListenOn_IsBlamed_WithExitCode1(string program, params string[] arguments)
    {
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        NativeProcess process =
            Start(program, arguments.Select(each => each.Replace("{folder}", Folder["client_1"])).ToArray());

        Assert.Equal(1, process.WaitForExit());
        Assert.Contains("192.0.2.1 is no address of this machine", Assert.Single(process.Errors.All));
    }

    [Fact]
    public void AClientWhosePortIsTaken_SaysSo_WithExitCode1()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        NaiveTracker tracker = StartNaiveTracker();
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        ClientProcess client = StartClient("client_1", tracker.Port, "-transfer_port", $"{port}");

        Assert.Equal(1, client.WaitForExit());
        Assert.Contains($"{port}", Assert.Single(client.Errors.All));
        Assert.Empty(tracker.Accepted.All);              // it announced nothing that it can't serve
    }

    [Theory]
    [InlineData("P2PTracker")]
    [InlineData("P2PClient")]
    public void ALogThatCannotBeWritten_IsAClearError(string program)
    {
        _chunks.DealTo(Folder.MakeFolder("client_1"), 1);
        string log = Path.Combine(Folder["nowhere"], "logs.log");
        NativeProcess process = Start(program,
            program == "P2PTracker" ? ["-port", "0", "-log", log] : ["-folder", Folder["client_1"], "-log", log]);

        Assert.Equal(4, process.WaitForExit());
        Assert.Contains(log, Assert.Single(process.Errors.All));
    }

    private NativeProcess Start(string program, params string[] arguments) =>
        Own(new NativeProcess(program == "P2PTracker" ? NativePrograms.Tracker : NativePrograms.Client,
            Folder.Path, arguments));
}
