using System;
using System.IO;
using System.Text;
using System.Threading;
using P2P.Cli;

namespace P2P.Client;

/// <summary><c>P2PClient status</c>: prints the swarm as a table.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(1);

    /// <summary>True if the arguments are the command. A folder may have its name.</summary>
    public static bool IsCommand(string[] arguments) =>
        arguments.Length > 0 && arguments[0] == "status" && (arguments.Length > 1 || !Directory.Exists("status"));

    /// <summary>Prints the swarm once, or with -watch every second until a signal ends it.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ProgramException">The tracker doesn't tell.</exception>
    public static int Run(string[] arguments)
    {
        var line = CommandLine.Parse(arguments.AsSpan(1), ClientOption.OfStatus, allowsPositional: false);
        if (line.Has(Option.ShowHelp))
        {
            Terminal.Print(CommandHelp.Text("status"));
            return ExitCode.Success;
        }
        var tracker = TrackerHost.Parse(line.Get(ClientOption.Tracker) ?? "localhost");
        while (true)
        {
            tracker.LookUp();
            var status = SwarmStatus.TryGet(tracker, out string problem);
            if (status is null)
            {
                throw new ProgramException(
                    ExitCode.NoTracker, $"the tracker at {tracker.Name} tells nothing: {problem}");
            }
            bool watches = line.Has(ClientOption.Watch);
            string text = line.Has(ClientOption.Json)
                ? status.Json.Replace("\n", "")
                : Describe(status, tracker.Name);
            Terminal.Print(watches && Terminal.CanDraw ? $"\e[H\e[J{text}" : text);
            if (!watches) return ExitCode.Success;
            Thread.Sleep(WatchPause);
        }
    }

    /// <summary>The table.</summary>
    public static string Describe(SwarmStatus status, string tracker)
    {
        var text = new StringBuilder();
        long nobodys = status.Chunks - status.ListedChunks;
        string missing = nobodys > 0 ? $", nobody has {nobodys} of them" : "";
        string peers = Plural.Of(status.Connected, "peer"), chunks = Plural.Of(status.Chunks, "chunk");
        text.Append($"{tracker}, up {Math.Floor(status.Uptime.TotalMinutes)} min: {peers}, {status.Complete} complete; "
            + $"{chunks}{missing}");
        int addressWidth = 4, nameWidth = 0;
        foreach (SwarmRow row in status.Rows)
        {
            addressWidth = Math.Max(addressWidth, row.Address.Length);
            if (row.Name.Length > 0) nameWidth = Math.Max(nameWidth, Math.Max(row.Name.Length, 4));
        }
        if (status.Rows.Count > 0) text.Append($"\n{Cells("peer", "name")}  {"chunks",9}  share  state");
        foreach (SwarmRow row in status.Rows)
        {
            long share = status.Chunks == 0 ? 0 : 100 * row.Chunks / status.Chunks;
            string state = row.IsGone ? "gone" : status.HasAll(row) ? "complete" : "fetching";
            text.Append($"\n{Cells(row.Address, row.Name)}  {row.Chunks,9}  {share,3} %  {state}");
        }
        bool isSpread = status.Rows.TrueForAll(row => row.IsGone || status.HasAll(row));
        if (!isSpread && status.Rarest.Length > 0) text.Append($"\nrarest: {status.Rarest}");
        return text.ToString();

        // Where nobody has a name, there is no column for names.
        string Cells(string address, string name)
        {
            address = address.PadRight(addressWidth);
            return nameWidth == 0 ? address : $"{address}  {name.PadRight(nameWidth)}";
        }
    }
}
