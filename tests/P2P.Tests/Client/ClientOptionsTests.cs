using System;
using System.IO;
using System.Linq;
using System.Net;
using P2P.Cli;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

public sealed class ClientOptionsTests
{
    private static readonly IPAddress[] Loopback = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    [Theory]
    [InlineData("-folder /tmp/x -name me -transfer_port 7001")]
    [InlineData("--folder /tmp/x --name me --transfer_port 7001")]
    [InlineData("-folder=/tmp/x -name=me -transfer_port=7001")]
    [InlineData("--folder=/tmp/x --name=me --transfer_port=7001")]
    [InlineData("/tmp/x -name me -transfer_port 7001")]
    [InlineData("-name me /tmp/x -transfer_port 7001")]
    [InlineData("-transfer_port=7001 --name me /tmp/x/")]
    public void TheOptions_MayBeWrittenInAnyOfTheUsualWays(string arguments)
    {
        ClientOptions options = Parse(arguments);
        Assert.Equal("/tmp/x", options.Folder);
        Assert.Equal("me", options.Name);
        Assert.Equal(7001, options.TransferPort);
    }

    [Fact]
    public void WithAFolderAlone_EverythingHasItsDefault()
    {
        ClientOptions options = Parse("/tmp/client_1");
        Assert.Equal("client_1", options.Name);
        Assert.Equal(0, options.TransferPort);
        Assert.Equal("logs.log", options.LogPath);
        Assert.Equal("localhost:5100", options.TrackerName);
        Assert.Equal(5100, options.TrackerPort);
        Assert.Equal(Loopback, options.TrackerAddresses);
        Assert.Equal(Loopback, options.BindAddresses);
        Assert.True(options.IsTrackerLocal);
        Assert.Equal(Framing.Auto, options.Framing);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-name me")]
    [InlineData("-folder")]
    [InlineData("-folder=")]
    [InlineData("-folder /tmp/x /tmp/y")]
    [InlineData("/tmp/x /tmp/y")]
    [InlineData("/tmp/x -folder /tmp/y")]
    [InlineData("-folder /tmp/x -folder /tmp/y")]
    [InlineData("-folder /tmp/x -folder=/tmp/y")]
    [InlineData("/tmp/x -nonsense 1")]
    [InlineData("/tmp/x -nonsense")]
    [InlineData("/tmp/x ---name me")]
    [InlineData("/tmp/x -Name me")]
    [InlineData("/tmp/x -=me")]
    [InlineData("/tmp/x -name")]
    [InlineData("/tmp/x -help=yes")]
    [InlineData("/tmp/x -framing lines")]
    [InlineData("/tmp/x -framing=")]
    public void ArgumentsThatAreWrong_AreRefused(string arguments) => AssertRefused(arguments);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1", 1)]
    [InlineData("65535", 65535)]
    public void ATransferPort_Is0To65535(string port, int expected) =>
        Assert.Equal(expected, Parse($"/tmp/x -transfer_port {port}").TransferPort);

    [Theory]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("65536")]
    [InlineData("99999999999")]
    [InlineData("0x10")]
    [InlineData("7001x")]
    [InlineData("")]
    public void ATransferPortThatIsNone_IsRefused(string port) => AssertRefused($"/tmp/x -transfer_port={port}");

    [Theory]
    [InlineData("localhost", "localhost:5100", 5100)]
    [InlineData("LOCALHOST", "LOCALHOST:5100", 5100)]
    [InlineData("localhost:6000", "localhost:6000", 6000)]
    [InlineData("127.0.0.1", "127.0.0.1:5100", 5100)]
    [InlineData("127.0.0.1:1", "127.0.0.1:1", 1)]
    [InlineData("::1", "[::1]:5100", 5100)]
    [InlineData("[::1]", "[::1]:5100", 5100)]
    [InlineData("[::1]:65535", "[::1]:65535", 65535)]
    [InlineData("0.0.0.0:6000", "0.0.0.0:6000", 6000)]
    public void ATrackerOnThisMachine_IsKnownInEverySpelling(string tracker, string name, int port)
    {
        ClientOptions options = Parse($"/tmp/x -tracker {tracker}");
        Assert.Equal(name, options.TrackerName);
        Assert.Equal(port, options.TrackerPort);
        Assert.True(options.IsTrackerLocal);
        Assert.Equal(Loopback, options.BindAddresses);
        Assert.NotEmpty(options.TrackerAddresses);
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7:5100", 5100)]
    [InlineData("192.0.2.7:6000", "192.0.2.7:6000", 6000)]
    [InlineData("2001:db8::7", "[2001:db8::7]:5100", 5100)]
    [InlineData("[2001:db8::7]:6000", "[2001:db8::7]:6000", 6000)]
    public void ForATrackerElsewhere_PeersMayConnectFromEverywhere(string tracker, string name, int port)
    {
        ClientOptions options = Parse($"/tmp/x -tracker {tracker}");
        Assert.Equal(name, options.TrackerName);
        Assert.Equal(port, options.TrackerPort);
        Assert.False(options.IsTrackerLocal);
        Assert.Equal([IPAddress.Any, IPAddress.IPv6Any], options.BindAddresses);
    }

    // Looked up when the client runs: nothing waits for name servers before.
    [Theory]
    [InlineData("no-such-host.invalid", 5100)]
    [InlineData("no-such-host.invalid.:6000", 6000)]
    public void ATrackerWithAName_IsElsewhere_AndHasNoAddressYet(string tracker, int port)
    {
        ClientOptions options = Parse($"/tmp/x -tracker {tracker}");
        Assert.Equal(port, options.TrackerPort);
        Assert.Empty(options.TrackerAddresses);
        Assert.False(options.IsTrackerLocal);
        Assert.Equal([IPAddress.Any, IPAddress.IPv6Any], options.BindAddresses);
        Assert.Equal("the address of no-such-host.invalid is still being looked up",
            options.Tracker.Problem!.Replace("invalid.", "invalid"));
    }

    [Theory]
    [InlineData("192.168.1.300")]
    [InlineData("host..example:5100")]
    [InlineData("my_host!")]
    [InlineData("localhost:0")]
    [InlineData("localhost:65536")]
    [InlineData("localhost:x")]
    [InlineData("localhost:")]
    [InlineData(":5100")]
    [InlineData("[::1]:")]
    [InlineData("[::1]x")]
    [InlineData("::1:5100")]
    [InlineData("")]
    public void ATrackerThatIsNone_IsRefused(string tracker) => AssertRefused($"/tmp/x -tracker={tracker}");

    [Theory]
    [InlineData("a")]
    [InlineData("client_1")]
    [InlineData("#1:x;y.z=/\\'\"")]
    [InlineData("\u00e9\u4e16")]
    public void AName_MayHoldAnyVisibleCharacterButTheComma(string name) =>
        Assert.Equal(name, Parse($"/tmp/x -name {name}").Name);

    [Theory]
    [InlineData("")]
    [InlineData("a,b")]
    [InlineData(",")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a\t")]
    [InlineData("a\nb")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    [InlineData("a\u0001")]
    [InlineData("a\u007f")]
    [InlineData("a\u0085b")]
    [InlineData("a\u00a0b")]
    [InlineData("a\u2028b")]
    public void AName_WithACommaWhiteSpaceOrAControlCharacter_IsRefused(string name) =>
        AssertRefused("/tmp/x", "-name", name);

    [Theory]
    [InlineData("/tmp/client_1", "client_1")]
    [InlineData("/tmp/client_1/", "client_1")]
    [InlineData("/tmp/x/../client_1/.", "client_1")]
    [InlineData("/tmp/my files,1", "my_files_1")]
    [InlineData("/tmp/a\tb\nc\u0001", "a_b_c_")]
    [InlineData("/", "client")]
    public void ANameTakenFromTheFolder_HasAnUnderscoreInPlaceOfThose(string folder, string name) =>
        Assert.Equal(name, ClientOptions.Parse([folder])!.Name);

    [Fact]
    public void ARelativeFolder_IsTakenFromTheCurrentOne()
    {
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "x"), Parse("x").Folder);
        Assert.Equal(Environment.CurrentDirectory, Parse(".").Folder);
    }

    [Theory]
    [InlineData("auto", nameof(Framing.Auto))]
    [InlineData("line", nameof(Framing.Line))]
    [InlineData("unframed", nameof(Framing.Unframed))]
    public void AFraming_IsOneOfThree(string framing, string expected) =>
        Assert.Equal(expected, Parse($"/tmp/x -framing {framing}").Framing.ToString());

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("localhost", "127.0.0.1 ::1")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("::", "0.0.0.0 ::")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    public void AnAddressToBind_IsTaken(string bind, string addresses) =>
        Assert.Equal(addresses,
            string.Join(' ', Parse($"/tmp/x -bind {bind}").BindAddresses.Select(address => address.ToString())));

    [Fact]
    public void AnAddressToBindThatIsNone_IsRefused() => AssertRefused("/tmp/x -bind host.example");

    [Theory]
    [InlineData("1", 1L)]
    [InlineData("65536", 65536L)]
    [InlineData("64k", 65536L)]
    [InlineData("64K", 65536L)]
    [InlineData("500M", 500L << 20)]
    [InlineData("16G", 16L << 30)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8589934591G", 8589934591L << 30)]
    public void ALargestChunk_IsANumberOfBytes_OrOfKMG(string size, long bytes) =>
        Assert.Equal(bytes, Parse($"/tmp/x -max_chunk_bytes {size}").ChunkBytesMax);

    [Theory]
    [InlineData("0")]
    [InlineData("0K")]
    [InlineData("-1")]
    [InlineData("K")]
    [InlineData("1T")]
    [InlineData("1KB")]
    [InlineData("1 K")]
    [InlineData("1.5G")]
    [InlineData("8589934592G")]
    [InlineData("9223372036854775808")]
    [InlineData("")]
    public void ALargestChunkThatIsNoSize_IsRefused(string size) => AssertRefused("/tmp/x", "-max_chunk_bytes", size);

    [Fact]
    public void ARate_IsASizeASecond_AndNoneUnlessGiven()
    {
        ClientOptions options = Parse("/tmp/x -upload_limit 500K -download_limit 2M -upload_slots 7 -allow ::1");
        Assert.Equal(500L << 10, options.UploadLimit);
        Assert.Equal(2L << 20, options.DownloadLimit);
        Assert.Equal(7, options.UploadSlots);
        Assert.True(options.Allowed!.Contains(IPAddress.IPv6Loopback));
        options = Parse("/tmp/x");
        Assert.Equal((0, 0), (options.UploadLimit, options.DownloadLimit));
        Assert.Equal(ClientLimits.UploadsAtOnce, options.UploadSlots);
        Assert.Null(options.Allowed);
    }

    [Theory]
    [InlineData("-upload_limit x")]
    [InlineData("-upload_limit 0")]
    [InlineData("-upload_limit 1023")]
    [InlineData("-upload_limit 1T")]
    [InlineData("-download_limit 500")]
    [InlineData("-download_limit -5K")]
    [InlineData("-upload_slots 0")]
    [InlineData("-upload_slots two")]
    [InlineData("-allow 10.0.0.0/33")]
    [InlineData("-allow 10.0.0.1,nonsense")]
    [InlineData("-allow=")]
    public void LimitsThatAreNone_AreRefused(string option) => AssertRefused($"/tmp/x {option}");

    [Theory]
    [InlineData("/tmp/x -exit_when_complete", 5)]
    [InlineData("-exit_when_complete /tmp/x", 5)]
    [InlineData("/tmp/x -exit_when_complete -name me", 5)]
    [InlineData("-exit_when_complete 30 /tmp/x", 30)]
    [InlineData("--exit_when_complete=0 /tmp/x", 0)]
    public void TheLingerTime_MayBeLeftOut(string arguments, int seconds)
    {
        ClientOptions options = Parse(arguments);
        Assert.Equal("/tmp/x", options.Folder);
        Assert.Equal(TimeSpan.FromSeconds(seconds), options.Linger);
    }

    [Fact]
    public void UnlessTold_AClientServesForEver()
    {
        Assert.Null(Parse("/tmp/x").Linger);
        Assert.Null(Parse("/tmp/x").Timeout);
        Assert.Equal(TimeSpan.FromSeconds(7), Parse("/tmp/x -timeout 7").Timeout);
    }

    // Arguments that hold no space, with one between them.
    private static ClientOptions Parse(string arguments) => ClientOptions.Parse(Split(arguments))!;

    private static string[] Split(string arguments) => arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static void AssertRefused(params string[] arguments)
    {
        if (arguments.Length == 1) arguments = Split(arguments[0]);
        ProgramException refusal = Assert.Throws<ProgramException>(() => ClientOptions.Parse(arguments));
        Assert.Equal(ExitCode.Usage, refusal.ExitCode);
        Assert.True(refusal.IsAboutArguments);
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
