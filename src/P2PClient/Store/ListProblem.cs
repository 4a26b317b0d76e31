namespace P2P.Client;

/// <summary>The faults of <c>local_chunks.txt</c>: first those of the whole list, then those of a line.</summary>
internal enum ListFault
{
    None,
    NoFolder,
    NoList,
    Unreadable,
    NoLastChunk,

    /// <summary>The number is the count of chunks.</summary>
    TooManyChunks,

    NotALine,

    /// <summary>The number is the chunk index.</summary>
    IndexOutOfRange,

    /// <summary>The number is the chunk index.</summary>
    ListedTwice,

    ImpossibleName,
    OutsideFolder,
    TheListItself,
    TheJournal,
    AnEarlierLastChunk,
    AFolder,
    NoSuchFile,
    UnreadableFile,
    NotARegularFile,
}

/// <summary>One fault of a list.</summary>
/// <param name="Line">From 1; 0 if the whole list has the fault.</param>
/// <param name="Number">The number that is wrong, if any.</param>
/// <param name="Name">The file name that is wrong, if any.</param>
internal readonly record struct ListProblem(ListFault Fault, int Line = 0, int Number = 0, string Name = "");
