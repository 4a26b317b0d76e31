using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// <c>local_chunks.txt</c>: the chunks that the folder holds, and the count of the file-set (PROTOCOL 4.1). Lines
/// <c>&lt;chunk_index&gt;,&lt;local_filename&gt;</c>, and <c>&lt;num_of_chunks&gt;,LASTCHUNK</c> last.
/// </summary>
internal sealed class LocalChunksFile
{
    public const string FileName = "local_chunks.txt";
    /// <summary>The word of the last line, behind the count of chunks.</summary>
    public const string LastChunk = "LASTCHUNK";

    private const int NameBytesMax = 255;       // NAME_MAX

    private readonly string _folder;
    private readonly string? _realFolder;       // without links

    private LocalChunksFile(string folder, int chunkCount)
    {
        (_folder, ChunkCount) = (folder, chunkCount);
        _realFolder = RealPath.Of(folder);
    }

    /// <summary>Chunks of the file-set; their indexes are 1 to this.</summary>
    public int ChunkCount { get; }

    /// <summary>The chunks held: index to file name within the folder. Each file was there and readable.</summary>
    public SortedDictionary<int, string> Held { get; } = [];

    /// <summary>Their sizes, in bytes.</summary>
    public Dictionary<int, long> Sizes { get; } = [];

    /// <summary>Names for chunks that are listed, but whose file is missing: the client stores these chunks under
    /// them.</summary>
    public Dictionary<int, string> Wanted { get; } = [];

    /// <summary>Reads the list of a folder.</summary>
    /// <param name="folder">Full path.</param>
    /// <param name="problem">The fault of the whole list.</param>
    /// <param name="onSkipped">Gets the fault of each line that is skipped.</param>
    /// <returns>Null if the list can't be used.</returns>
    public static LocalChunksFile? TryLoad(string folder, out ListProblem problem, Action<ListProblem> onSkipped)
    {
        problem = default;
        if (!Directory.Exists(folder)) problem = new ListProblem(ListFault.NoFolder);
        string[] lines = [];
        try
        {
            if (problem.Fault == ListFault.None) lines = TextLines.Read(Path.Combine(folder, FileName));
        }
        catch (FileNotFoundException)
        {
            problem = new ListProblem(ListFault.NoList);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = new ListProblem(ListFault.Unreadable);
        }
        if (problem.Fault != ListFault.None || !TryFindLastChunk(lines, out int last, out int count, out problem))
            return null;

        var file = new LocalChunksFile(folder, count);
        for (int i = 0; i < lines.Length; i++)
        {
            if (i == last) continue;
            ListProblem skipped = file.Add(lines[i]);
            if (skipped.Fault != ListFault.None) onSkipped(skipped with { Line = i + 1 });
        }
        Debug.Assert(file.Held.Count == file.Sizes.Count, "the size of each chunk that is held is known");
        return file;
    }

    /// <summary>Takes a file of the folder for a chunk that the list lacks, if the file is a regular one of the right
    /// size.</summary>
    public bool TryAdopt(int chunkIndex, string name, long bytes)
    {
        if (chunkIndex < 1 || chunkIndex > ChunkCount || Held.ContainsKey(chunkIndex)) return false;
        if (LeavesFolder(name)) return false;
        string path = Path.Combine(_folder, name);
        using var chunk = NativeFile.TryOpen(path, out _);
        if (chunk is null || !File.Exists(path)) return false;
        if (!chunk.TryGetStatus(out long found, out _) || found != bytes) return false;
        Wanted.Remove(chunkIndex);
        Sizes[chunkIndex] = bytes;
        Held.Add(chunkIndex, name);
        return true;
    }

    /// <summary>The file of a chunk is not the chunk: it is to be fetched anew, under the same name.</summary>
    public void Reject(int chunkIndex)
    {
        bool wasHeld = Held.Remove(chunkIndex, out string? name) && Sizes.Remove(chunkIndex);
        Debug.Assert(wasHeld, "only a chunk that is held can be rejected");
        Wanted.Add(chunkIndex, name!);
    }

    /// <summary>Replaces the list of a folder in one step.</summary>
    /// <param name="held">The chunks held, with their file names, in ascending order.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static void Save(string folder, int chunkCount, IEnumerable<(int ChunkIndex, string Name)> held)
    {
        var text = new StringBuilder();
        foreach ((int chunkIndex, string name) in held) text.Append(chunkIndex).Append(',').Append(name).Append('\n');
        text.Append(chunkCount).Append(',').Append(LastChunk).Append('\n');

        AtomicFile.Replace(Path.Combine(folder, FileName), Encoding.UTF8.GetBytes(text.ToString()));
    }

    // The last line with that word decides, since a chunk's file may have that name.
    private static bool TryFindLastChunk(string[] lines, out int last, out int count, out ListProblem problem)
    {
        (count, problem) = (0, default);
        last = Array.FindLastIndex(lines, line => TrySplit(line, out _, out string name) && name == LastChunk);
        if (last < 0) problem = new ListProblem(ListFault.NoLastChunk);
        else if (TrySplit(lines[last], out count, out _) && count > ClientLimits.ChunksMax)
            problem = new ListProblem(ListFault.TooManyChunks, Number: count);
        return problem.Fault == ListFault.None;
    }

    // Returns the fault of a line; none of a blank one.
    private ListProblem Add(string line)
    {
        if (line.AsSpan().Trim().IsEmpty) return default;
        if (!TrySplit(line, out int chunkIndex, out string name)) return new(ListFault.NotALine);
        if (chunkIndex < 1 || chunkIndex > ChunkCount)
            return new(ListFault.IndexOutOfRange, Number: chunkIndex, Name: $"{ChunkCount}");
        bool isListed = Held.ContainsKey(chunkIndex) || Wanted.ContainsKey(chunkIndex);
        if (isListed) return new(ListFault.ListedTwice, Number: chunkIndex);
        name = WithoutFolder(name);
        if (name.Contains('\0') || Encoding.UTF8.GetByteCount(name) > NameBytesMax)
            return new(ListFault.ImpossibleName);
        if (name.Contains('/') || name is "." or ".." || LeavesFolder(name))
            return new(ListFault.OutsideFolder, Name: name);

        if (name == FileName) return new(ListFault.TheListItself);
        if (name == ArrivalJournal.FileName) return new(ListFault.TheJournal);
        string path = Path.Combine(_folder, name);
        if (!File.Exists(path))
        {
            if (Directory.Exists(path)) return new(ListFault.AFolder, Name: name);
            if (name == LastChunk) return new(ListFault.AnEarlierLastChunk, Number: ChunkCount);
            Wanted.Add(chunkIndex, name);
            return new(ListFault.NoSuchFile, Name: name);
        }
        // Of a pipe no writer is waited for.
        using var chunk = NativeFile.TryOpen(path, out int error);
        if (chunk is null && error != LibC.ENXIO) return new(ListFault.UnreadableFile, Name: name);
        if (chunk is null || !chunk.TryGetStatus(out long bytes, out _))
            return new(ListFault.NotARegularFile, Name: name);
        Sizes[chunkIndex] = bytes;
        Held.Add(chunkIndex, name);
        return default;
    }

    // A name may be written ./chunk_1, or in full, whichever links lead to the folder.
    private string WithoutFolder(string name)
    {
        while (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
        if (!name.StartsWith('/')) return name;
        int slash = name.LastIndexOf('/');
        return RealPath.Of(name[..(slash + 1)]) is { } real && real == _realFolder ? name[(slash + 1)..] : name;
    }

    // The file counts to which the name leads through links. A file that isn't there leads nowhere.
    private bool LeavesFolder(string name) =>
        RealPath.Of(Path.Combine(_folder, name)) is { } real && real != $"{_realFolder}/{Path.GetFileName(real)}";

    // <number>,<name>   with blanks around either; the name may hold commas
    private static bool TrySplit(string line, out int number, out string name)
    {
        int comma = line.IndexOf(',');
        name = comma < 0 ? "" : line[(comma + 1)..].Trim();
        number = 0;
        return name.Length > 0
            && int.TryParse(line.AsSpan(0, comma).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
