using System;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary><c>P2PClient join</c>: refuses while chunks are missing, and leaves no file that is not whole and right.
/// </summary>
internal static class JoinCommand
{
    /// <summary>Joins the chunks, and reports that in one line.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="ProgramException">Chunks are missing or wrong, or the file can't be written.</exception>
    public static int Run(CommandLine line, string folder)
    {
        if (line.Get(ClientOption.Out) is not { Length: > 0 } name)
            throw ProgramException.Usage("which file? name it with -out");
        string path = Path.GetFullPath(name);
        bool isStream = name == "-";
        if (isStream) Terminal.KeepStandardOutputFree();
        var chunks = new ChunkFolder(folder);
        if (!isStream && chunks.Sums?.Files is null) OutputFile.Check(name, path, mayExist: true);
        if (!chunks.IsComplete)
            throw new ProgramException(ExitCode.Incomplete, $"can't join {name}: {chunks.DescribeMissing()}; fetch "
                + $"them first: P2PClient -folder {folder} -exit_when_complete");
        using var interruption = new Interruption();
        try
        {
            using IJoiner joiner = isStream
                ? new StreamOut(chunks.Store, chunks.Sums)
                : Joiner.Open(chunks.Store, chunks.Sums, name, path);
            using var progress = new CommandProgress($"joining {folder}", chunks.Bytes);
            JoinEnd end;
            do
            {
                interruption.Check("join", "no file was made");
                end = joiner.Step();
                progress.Show(joiner.Bytes);
            }
            while (end == JoinEnd.None);
            if (end == JoinEnd.BadChunk)
                throw new ProgramException(ExitCode.Failure, $"can't join {name}: "
                    + $"{chunks.Store.NameOf(joiner.ChunkIndex)} is not what {ChunkSums.FileName} says, or has "
                    + $"changed; see 'P2PClient verify -folder {folder}', remove what is wrong and fetch it again");
            if (end == JoinEnd.Different)
                throw new ProgramException(ExitCode.Usage, OutputFile.DescribeTaken(name));
            string what = end == JoinEnd.Joined ? "joined from" : "was there already, and is the same as";
            string check = chunks.Sums is null ? "" : ", every sum right";
            string target = isStream ? "stdout" : name;
            Terminal.Print($"{target}: {Quantity.Bytes(joiner.Bytes)}, {what} "
                + $"{Plural.Of(chunks.Store.ChunkCount, "chunk")} in {folder}{check}");
            return ExitCode.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Disk, $"can't write {name}: {DiskError.Describe(e)}; make room, let "
                + "this user write there, or give another with -out");
        }
    }
}
