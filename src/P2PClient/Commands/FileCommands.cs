using System;
using System.Diagnostics;
using P2P.Cli;

namespace P2P.Client;

/// <summary><c>P2PClient split|join|verify</c>: a file into chunks, chunks into a file. No network, no log.</summary>
internal static class FileCommands
{
    /// <summary>True if the arguments are a command. A folder may have a command's name: then it stands alone, or an
    /// option that is not -folder follows.</summary>
    public static bool IsCommand(string[] arguments)
    {
        if (arguments.Length < 2 || arguments[0] is not ("split" or "join" or "verify")) return false;
        if (!arguments[1].StartsWith('-')) return true;
        foreach (string argument in arguments)
        {
            string option = argument.TrimStart('-');
            if (!argument.StartsWith('-')) continue;
            if (option is "folder" or "help" || option.StartsWith("folder=", StringComparison.Ordinal)) return true;
        }
        return false;
    }

    /// <summary>Runs a command.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ProgramException">The command can't be carried out.</exception>
    public static int Run(string[] arguments)
    {
        Debug.Assert(IsCommand(arguments), "the first argument names a command");
        string command = arguments[0];
        try
        {
            Option[] options = command switch
            {
                "split" => ClientOption.OfSplit,
                "join" => ClientOption.OfJoin,
                _ => ClientOption.OfVerify,
            };
            var line = CommandLine.Parse(arguments.AsSpan(1), options, allowsPositional: command == "split");
            if (line.Has(Option.ShowHelp))
            {
                Terminal.Print(Usage());
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
        }
        catch (ProgramException e) when (e.ShowsUsage)
        {
            Terminal.PrintError($"P2PClient {command}: {e.Message}");
            Terminal.PrintError(Usage());
            return e.ExitCode;
        }
    }

    private static string Usage() => $"""
        usage: P2PClient split <file> -folder <path> [{ClientOption.ChunkSize}]
                         [{ClientOption.Deal} [{ClientOption.Copies}] [{ClientOption.Seed}]]
               P2PClient join -folder <path> -out <file>
               P2PClient verify -folder <path>
          split   makes a folder with the file's chunks, local_chunks.txt and chunks.crc
        {UsageText.List(4, 24, ClientOption.ChunkSize, ClientOption.Deal, ClientOption.Copies, ClientOption.Seed)}
          join    puts the file together again, if every chunk is there and right
          verify  tells which chunks are missing or wrong
        """;
}
