using System;
using System.Net.Sockets;
using System.Text;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>sd_notify: whoever started the programs as services hears when they listen, and never before.</summary>
public sealed class ReadinessTests(ITestOutputHelper output) : SystemTest(output)
{
    [Theory]
    [InlineData("P2PTracker", false)]
    [InlineData("P2PTracker", true)]
    [InlineData("P2PClient", false)]
    [InlineData("P2PClient", true)]
    public void WhenItListens_AProgramSaysReady(string program, bool isAbstract)
    {
        string name = isAbstract ? $"@p2p-test-{Environment.ProcessId}-{program}" : Folder["notify"];
        using var service = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        service.ReceiveTimeout = Patience.SocketMilliseconds;
        service.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + name[1..] : name));
        new ChunkSet(Random, 1, 100).DealTo(Folder.MakeFolder("client_1"), 1);
        int port = FreePort.Next();
        string[] arguments = program == "P2PTracker" ? [NativePrograms.Tracker, "-port", $"{port}"]
            : [NativePrograms.Client, Folder["client_1"], "-transfer_port", $"{port}", "-tracker", "localhost:1"];
        Own(new NativeProcess("env", Folder.Path, [$"NOTIFY_SOCKET={name}", .. arguments]));

        byte[] buffer = new byte[100];
        Assert.Equal("READY=1", Encoding.ASCII.GetString(buffer, 0, service.Receive(buffer)));
        using var connection = new TcpClient("localhost", port);
        Assert.True(connection.Connected);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("/nowhere/notify")]
    [InlineData("@")]
    [InlineData("")]
    public void AServiceManagerThatIsNotThere_HindersNobody(string name)
    {
        NativeProcess tracker =
            Own(new NativeProcess("env", Folder.Path, $"NOTIFY_SOCKET={name}", NativePrograms.Tracker, "-port", "0"));
        tracker.Output.WaitForFirst(
            line => line.StartsWith("P2PTracker listening", StringComparison.Ordinal), "its line");
        Assert.Empty(tracker.Errors.All);
    }
}
