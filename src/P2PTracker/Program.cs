using System;
using System.Net;
using System.Net.Sockets;
using P2P.Cli;
using P2P.Logging;
using P2P.Protocol;
using P2P.Tracker.Http;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>Reads the arguments, wires the tracker and sets the exit code.</summary>
internal static class Program
{
    private const int DefaultPort = 5100;       // PROTOCOL 8.1

    private static readonly Option Port = new(
        "port", "<port>", "the port to listen on (default 5100; 0 for any free one)");
    private static readonly Option Bind = new(
        "bind", "<address>", "the address to listen on (default: this machine alone; 0.0.0.0 or :: for all)");
    private static readonly Option LogPath = new(
        "log", "<path>", "the common log (default logs.log in the current directory)");
    private static readonly Option Http = new(
        "http", "loopback|any|off",
        "who may see the swarm at http://localhost:<port>/ (default loopback: browsers on this machine)");
    private static readonly Option Verbose = new(
        "verbose", "", "tell on stderr why connections are closed, and how each client ends its messages");
    private static readonly Option[] Options =
        [Port, Bind, Option.Allow, LogPath, Http, Verbose, Option.ShowHelp, Option.ShowVersion];

    private static int Main(string[] arguments) => NativeProgram.Run("P2PTracker", () => Run(arguments));

    private static string Usage() =>
        $"{UsageText.Synopsis("usage: P2PTracker", 18, Options)}\n{UsageText.List(2, 26, Options)}";

    private static int Run(string[] arguments)
    {
        var line = CommandLine.Parse(arguments, Options, allowsPositional: false);
        if (line.Has(Option.ShowHelp) || line.Has(Option.ShowVersion))
        {
            Terminal.Print(line.Has(Option.ShowHelp) ? Usage() : $"P2PTracker {NativeProgram.Version}");
            return ExitCode.Success;
        }

        if (line.Has(Verbose)) Diagnosis.Begin("P2PTracker");
        IPAddress[] addresses = line.GetBindAddresses(Bind) ?? CommandLine.Loopback;
        string host = line.Get(Bind) ?? HostName.Localhost;
        string logPath = line.Get(LogPath) ?? "logs.log";
        AllowedNetworks? allowed = line.GetAllowed();
        HttpAccess access = ReadAccess(line.Get(Http));
        Acceptor acceptor = Listen(addresses, host, line.GetPort(Port, DefaultPort));
        ActionLog log = NativeProgram.OpenLog(
            logPath, "P2PTracker", line => Terminal.PrintError($"P2PTracker: {line}"));
        var server = new TrackerServer(new EventLoop(Limits.RequestReadBytes), log, access);
        NativeProgram.RunUntilSignal(server.Loop, Start, Stop);
        return ExitCode.Success;

        void Start()
        {
            server.Start(acceptor, allowed);
            Terminal.Print($"P2PTracker listening on {host}:{acceptor.Port}, log {logPath}");
        }

        // The bytes show that allocations do not grow with the messages.
        void Stop()
        {
            string refused = server.Refused == 0 ? "" : $"{Plural.Of(server.Refused, "announcement")} refused, ";
            if (allowed is not null) refused = $"{Plural.Of(allowed.Refused, "connection")} not allowed, {refused}";
            Terminal.Print(
                $"P2PTracker stopped: {Plural.Of(server.Connections, "connection")}, "
                + $"{Plural.Of(server.Announcements, "announcement")}, {Plural.Of(server.Questions, "question")}, "
                + $"{refused}{GC.GetTotalAllocatedBytes(precise: true)} bytes allocated");
        }
    }

    private static HttpAccess ReadAccess(string? text) => text switch
    {
        null or "loopback" => HttpAccess.Loopback,
        "any" => HttpAccess.Any,
        "off" => HttpAccess.Off,
        _ => throw ProgramException.Usage($"-http '{text}' is none of loopback, any and off"),
    };

    private static Acceptor Listen(IPAddress[] addresses, string host, int port)
    {
        try
        {
            return Acceptor.Listen(addresses, port, TrackerServer.Configure);
        }
        catch (SocketException e)
        {
            throw new ProgramException(ExitCode.Failure, Acceptor.IsAddressForeign(e)
                ? $"{host} is no address of this machine: give one of its own with -bind"
                : Acceptor.IsPortTaken(e)
                ? $"port {port} on {host} is taken: stop the program that listens there, or give another with -port"
                : $"can't listen on {host}, port {port}: {e.Message}; give another address with -bind or another "
                + "port with -port");
        }
    }
}
