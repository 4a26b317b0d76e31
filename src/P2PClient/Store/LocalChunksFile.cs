using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// <c>local_chunks.txt</c>: which chunks the folder holds, and how many the file-set has (PROTOCOL 4.1). Lines
/// <c>&lt;chunk_index&gt;,&lt;local_filename&gt;</c>, and <c>&lt;num_of_chunks&gt;,LASTCHUNK</c> last.
/// </summary>
internal sealed class LocalChunksFile
{
    public const string FileName = "local_chunks.txt";
    private const string LastChunk = "LASTCHUNK";

    private const int NameBytesMax = 255;       // NAME_MAX

    private LocalChunksFile(int chunkCount) => ChunkCount = chunkCount;

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
    /// <param name="warn">Told of each line that is skipped.</param>
    /// <exception cref="ProgramException">There is no folder, no list or no LASTCHUNK line.</exception>
    public static LocalChunksFile Load(string folder, Action<string> warn)
    {
        string path = Path.Combine(folder, FileName);
        if (!Directory.Exists(folder))
            throw new ProgramException(ExitCode.Usage,
                $"there is no folder {folder}: give the one that holds {FileName} with -folder");
        string[] lines;
        try
        {
            lines = TextLines.Read(path);
        }
        catch (FileNotFoundException)
        {
            throw new ProgramException(ExitCode.Usage,
                $"there is no {FileName} in {folder}: it lists the chunks there and ends with '<count>,{LastChunk}'");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Usage, $"can't read {path}: make it a file that this user may read");
        }

        int last = FindLastChunk(lines, path, out int chunkCount);
        var file = new LocalChunksFile(chunkCount);
        for (int i = 0; i < lines.Length; i++)
        {
            if (i == last) continue;
            string? problem = file.Add(lines[i], folder);
            if (problem is not null) warn($"{FileName}, line {i + 1}: {problem}; the line is skipped");
        }
        return file;
    }

    /// <summary>Takes a file of the folder for a chunk that the list lacks, if the file is a regular one of the right
    /// size.</summary>
    public bool TryAdopt(int chunkIndex, string folder, string name, long bytes)
    {
        if (chunkIndex < 1 || chunkIndex > ChunkCount || Held.ContainsKey(chunkIndex)) return false;
        if (LeavesFolder(name, folder)) return false;
        string path = Path.Combine(folder, name);
        using var chunk = NativeFile.TryOpen(path, out _);
        if (chunk is null || !File.Exists(path)) return false;
        if (!chunk.TryGetStatus(out long found, out _) || found != bytes) return false;
        Wanted.Remove(chunkIndex);
        Sizes[chunkIndex] = bytes;
        Held.Add(chunkIndex, name);
        return true;
    }

    /// <summary>Replaces the list of a folder, by rename, so that nobody ever sees half of it.</summary>
    /// <param name="held">The chunks held, with their file names, in ascending order.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static void Save(string folder, int chunkCount, IEnumerable<(int ChunkIndex, string Name)> held)
    {
        var text = new StringBuilder();
        foreach ((int chunkIndex, string name) in held) text.Append(chunkIndex).Append(',').Append(name).Append('\n');
        text.Append(chunkCount).Append(',').Append(LastChunk).Append('\n');

        string temporary = Path.Combine(folder, ChunkStore.TemporaryName(FileName));
        try
        {
            File.WriteAllBytes(temporary, Encoding.UTF8.GetBytes(text.ToString()));
            File.Move(temporary, Path.Combine(folder, FileName), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    // The last line that says so decides, since a chunk's file may have that name. Returns its place.
    private static int FindLastChunk(string[] lines, string path, out int count)
    {
        count = 0;
        int last = Array.FindLastIndex(lines, line => TrySplit(line, out _, out string name) && name == LastChunk);
        if (last >= 0 && TrySplit(lines[last], out count, out _) && count <= ClientLimits.ChunksMax) return last;
        if (last >= 0)
            throw new ProgramException(ExitCode.Usage,
                $"{path} says {count} chunks, {ClientLimits.ChunksMax} are possible: make the chunks larger");
        throw new ProgramException(ExitCode.Usage, $"{path} has no line '<count>,{LastChunk}', which must end it");
    }

    // Returns what is wrong with a line, or null.
    private string? Add(string line, string folder)
    {
        if (line.AsSpan().Trim().IsEmpty) return null;
        if (!TrySplit(line, out int chunkIndex, out string name)) return "it is not '<chunk_index>,<file name>'";
        if (chunkIndex < 1 || chunkIndex > ChunkCount) return $"chunk {chunkIndex} is not one of 1 to {ChunkCount}";
        bool isListed = Held.ContainsKey(chunkIndex) || Wanted.ContainsKey(chunkIndex);
        if (isListed) return $"chunk {chunkIndex} is listed already";
        name = WithoutFolder(name, folder);
        if (name.Contains('\0') || Encoding.UTF8.GetByteCount(name) > NameBytesMax) return "no file can have that name";
        if (name.Contains('/') || name is "." or ".." || LeavesFolder(name, folder))
            return $"file '{name}' is not in the folder";

        if (name == FileName) return "that is this list itself";
        if (name == ArrivalJournal.FileName) return "that is the client's own file";
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            if (Directory.Exists(path)) return $"'{name}' is a folder";
            if (name == LastChunk) return $"the last such line says {ChunkCount} chunks";
            Wanted.Add(chunkIndex, name);
            return $"there is no file '{name}'";
        }
        // A pipe is opened without waiting for somebody who writes into it.
        using var chunk = NativeFile.TryOpen(path, out int error);
        if (chunk is null && error != LibC.ENXIO) return $"file '{name}' can't be read";
        if (chunk is null || !chunk.TryGetStatus(out long bytes, out _)) return $"'{name}' is no regular file";
        Sizes[chunkIndex] = bytes;
        Held.Add(chunkIndex, name);
        return null;
    }

    // A name may be written ./chunk_1, or in full, by whatever links the folder is reached.
    private static string WithoutFolder(string name, string folder)
    {
        while (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
        if (!name.StartsWith('/')) return name;
        int slash = name.LastIndexOf('/');
        return RealPath.Of(name[..(slash + 1)]) is { } real && real == RealPath.Of(folder) ? name[(slash + 1)..] : name;
    }

    // Where links lead counts, of the file as of the folder. A file that isn't there leads nowhere.
    private static bool LeavesFolder(string name, string folder) =>
        RealPath.Of(Path.Combine(folder, name)) is { } real
        && real != $"{RealPath.Of(folder)}/{Path.GetFileName(real)}";

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
