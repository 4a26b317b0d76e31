using System;
using P2P.Cli;

namespace P2P.Client;

/// <summary><c>P2PClient split|join|verify</c>: a file into chunks, chunks into a file. No network, no log.</summary>
internal static class FileCommands
{
    private const string SplitUsage = "P2PClient split <file> -folder <path> [-chunk_size <size>]"
        + " [-deal <folders> [-copies <number>] [-seed <number>]]";

    public const string Usage = $"""
        usage: {SplitUsage}
               P2PClient join -folder <path> -out <file>
               P2PClient verify -folder <path>
          split   makes a folder with the file's chunks, local_chunks.txt and chunks.crc
            -chunk_size <size>  bytes of each chunk but the last, as 64K, 4M or 1G (default 4M)
            -deal <folders>     makes so many, <path>1, <path>2 and so on, and deals the chunks to them by chance
            -copies <number>    gives each chunk to so many of them (default 1)
            -seed <number>      deals the same way each time
          join    puts the file together again, if every chunk is there and right
          verify  tells which chunks are missing or wrong
        """;

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
    /// <exception cref="ProgramException">It can't be done.</exception>
    public static int Run(string[] arguments)
    {
        string command = arguments[0];
        try
        {
            string[] options = command switch
            {
                "split" => ["folder", "chunk_size", "deal", "copies", "seed"],
                "join" => ["folder", "out"],
                _ => ["folder"],
            };
            string[] others = arguments.AsSpan(1).ToArray();
            CommandLine line = CommandLine.Parse(others, options, ["help"], allowsPositional: command == "split");
            if (line.Has("help"))
            {
                Terminal.Print(Usage);
                return ExitCode.Success;
            }
            if (line.Get("folder") is not { Length: > 0 } folder)
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
            Terminal.PrintError(Usage);
            return e.ExitCode;
        }
    }
}
