using System;
using System.Text;
using P2P.Cli;

namespace P2P.Client;

/// <summary>What the commands on files say about themselves: for <c>-help</c> all of it, within 80 columns. Bytes take
/// half the room of strings in the program.</summary>
internal static class CommandHelp
{
    private const int OptionIndent = 2, OptionColumn = 24;

    /// <summary>The options of a command.</summary>
    public static Option[] Options(string command) => command switch
    {
        "split" => ClientOption.OfSplit,
        "join" => ClientOption.OfJoin,
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
        _ => "usage: P2PClient verify -folder <path>",
    };

    /// <summary>All about the command.</summary>
    public static string Text(string command)
    {
        (string does, string more) = command switch
        {
            "split" => (Read(SplitDoes), Read(SplitMore)),
            "join" => (Read(JoinDoes), Read(JoinMore)),
            _ => (Read(VerifyDoes), Read(VerifyMore)),
        };
        string options = UsageText.List(OptionIndent, OptionColumn, Options(command));
        return $"{Usage(command)}\n\n{does}\n\n{options}\n\n{more}";
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
}
