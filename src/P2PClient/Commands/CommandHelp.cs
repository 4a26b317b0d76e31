using System;
using System.Diagnostics;
using System.Text;
using P2P.Cli;

namespace P2P.Client;

/// <summary>What the commands say about themselves: for <c>-help</c> all of it, within 80 columns. Bytes take half the
/// room of strings in the program.</summary>
internal static class CommandHelp
{
    private const int OptionIndent = 2, OptionColumn = 24;

    /// <summary>The options of a command that its page tells about: all of them, but those that <c>fetch</c> shares
    /// with any client.</summary>
    public static Option[] Options(string command) => command switch
    {
        "split" => ClientOption.OfSplit,
        "join" => ClientOption.OfJoin,
        "fetch" => ClientOption.OfFetch,
        "status" => ClientOption.OfStatus,
        _ => ClientOption.OfVerify,
    };

    /// <summary>How the command is started, in one line or two.</summary>
    public static string Usage(string command) => command switch
    {
        "split" => $"""
            usage: P2PClient split <file|folder|-> -folder <path> [{ClientOption.ChunkSize}]
                             [{ClientOption.Deal} [{ClientOption.Copies}] [{ClientOption.Seed}]]
            """,
        "join" => "usage: P2PClient join -folder <path> -out <file|folder|->",
        "fetch" => $"""
            usage: P2PClient fetch -out <file|folder|-> [{ClientOption.Tracker}] [options]
                   P2PClient fetch -folder <path> [-out <file|folder|->] [options]
            """,
        "status" => $"usage: P2PClient status [{ClientOption.Tracker}] [{ClientOption.Watch}] [{ClientOption.Json}]",
        _ => "usage: P2PClient verify -folder <path>",
    };

    /// <summary>All about the command.</summary>
    public static string Text(string command)
    {
        (string does, string more) = command switch
        {
            "split" => (Read(SplitDoes), Read(SplitMore)),
            "join" => (Read(JoinDoes), Read(JoinMore)),
            "fetch" => (Read(FetchDoes), Read(FetchMore)),
            "status" => (Read(StatusDoes), Read(StatusMore)),
            _ => (Read(VerifyDoes), Read(VerifyMore)),
        };
        string options = UsageText.List(OptionIndent, OptionColumn, Options(command));
        return $"{Usage(command)}\n\n{does}\n\n{options}\n\n{more}";
    }

    /// <summary>Runs a command, and tells what is wrong with its arguments in a line that names its help.</summary>
    /// <param name="run">Returns the exit code.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="ProgramException">The command can't be carried out.</exception>
    public static int Guard(string command, Func<int> run)
    {
        Debug.Assert(!command.StartsWith('-'), "a command is no option");
        try
        {
            return run();
        }
        catch (ProgramException e) when (e.IsAboutArguments)
        {
            Terminal.PrintError($"P2PClient {command}: {e.Message} (see P2PClient {command} -help)");
            return e.ExitCode;
        }
    }

    private static string Read(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    private static ReadOnlySpan<byte> SplitDoes => """
        Makes a folder with the chunks of a file, of a folder, or of stdin (-):
        chunk_1, chunk_2 and so on, their list local_chunks.txt, and chunks.crc, which
        says what each chunk must be. Clients that are started in such folders share
        it. The file itself stays as it is; P2PClient -seed serves it without such a
        copy.
        """u8;

    private static ReadOnlySpan<byte> SplitMore => """
        With -deal each of the folders lists only the chunks that it was dealt, and all
        have the same chunks.crc; without -copies each chunk is in one folder. A folder
        that holds chunks already is refused, and nothing in it is overwritten. What
        was made is removed if the command can't end its work; what a kill leaves
        behind is removed by the next split into the same folder. Where the file system
        can share blocks, the chunks take no room of their own. On a terminal a line
        shows the progress of a command that takes longer than a second.

        exit codes
          0    the folders are there
          2    wrong arguments, or a file or folder that can't be used
          4    the disk is full, or can't be written
          129, 130, 143   ended by SIGHUP, SIGINT or SIGTERM; nothing is left

        examples
          P2PClient split movie.mkv -folder movie
              one folder, for the one client that has everything at first
          P2PClient split movie.mkv -folder part -deal 3 -copies 2 -chunk_size 1M
              part1, part2 and part3, each chunk in two of them
        """u8;

    private static ReadOnlySpan<byte> JoinDoes => """
        Puts the file, or the folder, together from the chunks of a folder, if every
        chunk is there and, where the folder has chunks.crc, is what that says. With
        -out - it goes to stdout.
        """u8;

    private static ReadOnlySpan<byte> JoinMore => """
        The file gets its name when it is whole; until then it is a hidden file in the
        same folder, which is removed if the command can't end its work. A file that
        has the name already is never overwritten: it is compared, and all is well if
        it is the same. The chunks stay where they are. On a terminal a line shows the
        progress of a command that takes longer than a second. A running client does
        the same by itself with its option -out.

        exit codes
          0    the file is there
          1    a chunk is wrong, or has changed: P2PClient verify tells which
          2    wrong arguments, or a folder or file that can't be used
          3    chunks are missing
          4    the disk is full, or can't be written
          129, 130, 143   ended by SIGHUP, SIGINT or SIGTERM; nothing is left

        example
          P2PClient join -folder movie -out movie.mkv
        """u8;

    private static ReadOnlySpan<byte> VerifyDoes => """
        Reads every chunk of a folder, compares it with chunks.crc, and says which
        chunks are missing or wrong. Without chunks.crc it says which are missing or
        unreadable.
        """u8;

    private static ReadOnlySpan<byte> VerifyMore => """
        Nothing is changed. Remove the files of wrong chunks, and a client that is
        started in the folder fetches them again. On a terminal a line shows the
        progress of a command that takes longer than a second.

        exit codes
          0    every chunk is there and right
          1    a chunk is wrong
          2    wrong arguments, or a folder that can't be used
          3    chunks are missing, the others are right
          129, 130, 143   ended by SIGHUP, SIGINT or SIGTERM

        example
          P2PClient verify -folder movie
        """u8;

    private static ReadOnlySpan<byte> FetchDoes => """
        Receives the file or folder that the clients of a tracker share. Nothing else
        need be known: its name here is yours to choose, and the number of chunks and
        their sums come from a client that was started with -seed, or in a folder that
        split made. Chunks that are here are served to others until it is stopped.
        """u8;

    private static ReadOnlySpan<byte> FetchMore => """
        All other options of a client go as well: P2PClient -help lists them. With -out
        alone each chunk is written to its place in .<name>.part beside the file, which
        gets its name when all is there and right. Started again, it goes on with what
        is right already. A file or folder that has the name is never overwritten: it
        is compared, and served if it is the same. With -folder the chunks are files of
        their own, and -out joins them. With -out - the file goes to stdout, and
        everything else to stderr.

        exit codes
          0    everything is there and done, or ended by a signal
          1    the port is taken, -on_complete failed, or anything else
          2    wrong arguments, another file has the name, or there is no P2PTracker
          3    chunks, or the description of the set, are missing: the time is up
          4    the disk is full, or can't be written
          5    there was no tracker: the time is up

        examples
          P2PClient fetch -tracker hub -out movie.mkv -exit_when_complete
              ends when nobody has fetched anything from it for 5 seconds
          P2PClient fetch -tracker hub -out - -exit_when_complete | tar x
              where P2PClient split - made the set of a stream of tar
        """u8;

    private static ReadOnlySpan<byte> StatusDoes => """
        Prints the swarm as a table: each peer, how many chunks it has, and whether it
        is complete, fetches, or has gone; above it the peers and chunks in all, and
        how many chunks nobody has.
        """u8;

    private static ReadOnlySpan<byte> StatusMore => """
        It asks the tracker for /stats.json, which the tracker's page shows as well, so
        it needs a P2PTracker, and one on another machine must have been started with
        -http any. With -watch on a terminal the table is drawn anew in its place, and
        Ctrl-C ends it. With -json the answer is printed as it is, in one line; its
        members stand in src/P2PTracker/Http/README.md.

        exit codes
          0    the table is printed
          2    wrong arguments
          5    there is no tracker, or it shows its page to nobody here
          130  ended by Ctrl-C (-watch)

        examples
          P2PClient status -tracker hub -watch
          P2PClient status -json | jq .complete
              how many peers have everything
        """u8;
}
