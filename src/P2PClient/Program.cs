using System;
using System.Net.Sockets;
using P2P.Cli;
using P2P.Logging;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Reads the arguments and the folder, wires the client and sets the exit code.</summary>
internal static class Program
{
    private static int Main(string[] arguments) =>
        NativeProgram.Run("P2PClient", () => Run(arguments));

    private static int Run(string[] arguments)
    {
        if (StatusCommand.IsCommand(arguments))
            return CommandHelp.Guard("status", () => StatusCommand.Run(arguments));
        if (FileCommands.IsCommand(arguments)) return FileCommands.Run(arguments);
        return ClientOptions.IsFetchCommand(arguments)
            ? CommandHelp.Guard("fetch", () => RunClient(arguments))
            : RunClient(arguments);
    }

    private static int RunClient(string[] arguments)
    {
        string name = "P2PClient";
        try
        {
            if (ClientOptions.Parse(arguments) is not { } options) return ExitCode.Success;
            name = options.Name;
            return Run(options);
        }
        catch (ProgramException e) when (ClientOptions.AskForJson(arguments))
        {
            new JsonLine("error", name).Add("reason", "start").Add("text", e.Message).Add("exit_code", e.ExitCode)
                .Print();
            throw;
        }
    }

    private static int Run(ClientOptions options)
    {
        if (options.IsVerbose) Diagnosis.Begin(options.Name);
        using var set = OpenSet.Open(options);
        Acceptor acceptor = Listen(options);
        ActionLog log = NativeProgram.OpenLog(
            options.LogPath, options.Name, line => ClientReport.Trouble(options, "log", line));
        var loop = new EventLoop(ClientLimits.ReceiveBytes);
        int exitCode = ExitCode.Success;
        var client = new SwarmClient(loop, options, log, set.Files, acceptor, code =>
        {
            exitCode = code;
            loop.Stop();
        });
        NativeProgram.RunUntilSignal(loop, () => client.Start(set.IsListSaved), client.Stop);
        return exitCode;
    }

    private static Acceptor Listen(ClientOptions options)
    {
        try
        {
            return Acceptor.Listen(options.BindAddresses, options.TransferPort, listener =>
            {
                listener.ResetOnClose(true);        // until a chunk is sent whole (PROTOCOL 3.2)
                listener.LimitUnsent(ClientLimits.UnsentBytes);
                listener.SendFullPackets();
                if (options.UsesLanes) listener.LimitUnread(Limits.PeerUnreadBytes);
            });
        }
        catch (SocketException e)
        {
            if (Acceptor.IsAddressForeign(e))
            {
                throw new ProgramException(
                    ExitCode.Failure,
                    $"{options.BindAddresses[0]} is no address of this machine: give one of its own with -bind");
            }
            string reason = Acceptor.IsPortTaken(e) ? "is taken" : $"can't be used: {e.Message}";
            throw new ProgramException(
                ExitCode.Failure,
                $"transfer port {options.TransferPort} {reason}; "
                + $"give another with -transfer_port, or none for any free one");
        }
    }
}
