using System;
using P2P.Cli;

namespace P2P.Client;

/// <summary>Reads <c>local_chunks.txt</c> and <c>chunks.crc</c> of a folder, and words their faults for the
/// user.</summary>
internal static class FolderLists
{
    /// <summary>Reads the list of a folder.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="warn">Gets a warning for each line that is skipped.</param>
    /// <exception cref="ProgramException">The folder has no list that can be used.</exception>
    public static LocalChunksFile Load(string folder, Action<string> warn) =>
        LocalChunksFile.TryLoad(folder, out ListProblem problem, line => warn(
            $"{LocalChunksFile.FileName}, line {line.Line}: {DescribeLine(line)}; the line is skipped"))
        ?? throw new ProgramException(ExitCode.Usage, Describe(problem, folder));

    /// <summary>Reads the sums of a folder.</summary>
    /// <returns>Null if it has none.</returns>
    /// <exception cref="ProgramException">The file is there, and can't be used.</exception>
    public static ChunkSums? LoadSums(string folder)
    {
        if (ChunkSums.TryLoad(folder, out ChunkSums? sums, out int badLine)) return sums;
        string path = System.IO.Path.Combine(folder, ChunkSums.FileName);
        throw new ProgramException(ExitCode.Usage, badLine == 0
            ? $"can't read {path}: make it a file that this user may read, or remove it to go without"
            : $"{path}, line {badLine}: the file is damaged or cut off; copy it anew from where the chunks come from, "
            + "or remove it to go without");
    }

    /// <summary>Has chunks fetched anew whose files have another size than the sums say. The contents of the others are
    /// not read here, since a start must not take long; <c>verify</c> does that.</summary>
    /// <param name="warn">Gets a warning for each of those chunks.</param>
    /// <exception cref="ProgramException">The list and the sums are of different file-sets.</exception>
    public static void Compare(ChunkSums sums, LocalChunksFile list, string folder, Action<string> warn)
    {
        if (list.ChunkCount != sums.ChunkCount)
        {
            throw new ProgramException(
                ExitCode.Usage,
                $"{ChunkSums.FileName} in {folder} is of {Plural.Of(sums.ChunkCount, "chunk")}, "
                + $"{LocalChunksFile.FileName} of {list.ChunkCount}: they don't belong together, remove one of them");
        }
        for (int chunkIndex = 1; chunkIndex <= sums.ChunkCount; chunkIndex++)
        {
            if (!list.Held.TryGetValue(chunkIndex, out string? name)) continue;
            long bytes = list.Sizes[chunkIndex], right = sums.SizeOf(chunkIndex);
            if (bytes == right) continue;
            string verb = right == 1 ? "is" : "are";
            warn($"{name} has {Plural.Of(bytes, "byte")}, {right} {verb} right: chunk {chunkIndex} is not served, "
                + "and fetched anew");
            list.Reject(chunkIndex);
        }
    }

    private static string Describe(ListProblem problem, string folder)
    {
        string path = System.IO.Path.Combine(folder, LocalChunksFile.FileName);
        const string lastLine = $"'<count>,{LocalChunksFile.LastChunk}'";
        return problem.Fault switch
        {
            ListFault.NoFolder =>
                $"there is no folder {folder}: give the one that holds {LocalChunksFile.FileName} with -folder",
            ListFault.NoList =>
                $"there is no {LocalChunksFile.FileName} in {folder}: it lists the chunks there and ends with "
                + $"{lastLine}",
            ListFault.Unreadable => $"can't read {path}: make it a file that this user may read",
            ListFault.TooManyChunks =>
                $"{path} says {problem.Number} chunks, {ClientLimits.ChunksMax} are possible: make the chunks larger",
            _ => $"{path} has no line {lastLine}, which must end it",
        };
    }

    private static string DescribeLine(ListProblem problem) => problem.Fault switch
    {
        ListFault.IndexOutOfRange => $"chunk {problem.Number} is not one of 1 to {problem.Name}",
        ListFault.ListedTwice => $"chunk {problem.Number} is listed already",
        ListFault.ImpossibleName => "no file can have that name",
        ListFault.OutsideFolder => $"file '{problem.Name}' is not in the folder",
        ListFault.TheListItself => "that is this list itself",
        ListFault.TheJournal => "that is the client's own file",
        ListFault.AnEarlierLastChunk => $"the last such line says {Plural.Of(problem.Number, "chunk")}",
        ListFault.AFolder => $"'{problem.Name}' is a folder",
        ListFault.NoSuchFile => $"there is no file '{problem.Name}'",
        ListFault.UnreadableFile => $"file '{problem.Name}' can't be read",
        ListFault.NotARegularFile => $"'{problem.Name}' is no regular file",
        _ => "it is not '<chunk_index>,<file name>'",
    };
}
