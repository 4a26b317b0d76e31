using System;
using System.Diagnostics;
using System.IO;
using P2P.Cli;

namespace P2P.Client;

/// <summary><c>P2PClient split|join|verify</c>: a file into chunks, chunks into a file. No network, no log.</summary>
internal static class FileCommands
{
    private static readonly string[] Names = ["split", "join", "verify"];

    /// <summary>True if the arguments are a command. A folder may have a command's name: then it stands alone, or an
    /// option that is not -folder follows.</summary>
    /// <exception cref="ProgramException">The first argument seems to be a command that is misspelled.</exception>
    public static bool IsCommand(string[] arguments)
    {
        if (arguments.Length == 0 || arguments[0].StartsWith('-')) return false;
        bool isName = Array.IndexOf(Names, arguments[0]) >= 0;
        if (isName && !Directory.Exists(arguments[0])) return true;
        if (isName && arguments.Length > 1 && !arguments[1].StartsWith('-')) return true;
        if (!HasOptionOfCommand(arguments) || arguments[0] == "fetch") return false;
        if (isName) return true;
        if (NearestWord.Find(arguments[0], [.. Names, "fetch", "status"]) is not { } nearest) return false;
        throw ProgramException.Usage($"unknown command {arguments[0]}, did you mean {nearest}?");
    }

    /// <summary>Runs a command.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ProgramException">The command can't be carried out.</exception>
    public static int Run(string[] arguments)
    {
        Debug.Assert(IsCommand(arguments), "the first argument names a command");
        string command = arguments[0];
        if (arguments.Length == 1)
        {
            Terminal.PrintError($"{CommandHelp.Usage(command)}\n(see P2PClient {command} -help)");
            return ExitCode.Usage;
        }
        return CommandHelp.Guard(command, () =>
        {
            var line = CommandLine.Parse(
                arguments.AsSpan(1), CommandHelp.Options(command), allowsPositional: command == "split");
            if (line.Has(Option.ShowHelp))
            {
                Terminal.Print(CommandHelp.Text(command));
                return ExitCode.Success;
            }
            if (line.Get(ClientOption.Folder) is not { Length: > 0 } folder)
                throw ProgramException.Usage("which folder? give it with -folder");
            return command switch
            {
                "split" => new SplitCommand(line, folder).Run(),
                "join" => JoinCommand.Run(line, folder),
                _ => VerifyCommand.Run(folder),
            };
        });
    }

    private static bool HasOptionOfCommand(string[] arguments)
    {
        foreach (string argument in arguments)
        {
            string option = argument.TrimStart('-');
            if (!argument.StartsWith('-')) continue;
            if (option is "folder" or "help" or "h" || option.StartsWith("folder=", StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
