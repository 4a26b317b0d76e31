using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// What the seeds of a round serve: a file, or a folder with names, permissions, times, links, holes and empty things
/// by chance. It is changed twice on purpose: a little while it is served, and then more, so that the next seeds have
/// another set of which a part is the same.
/// </summary>
internal sealed class SetOriginal
{
    private static readonly string[] Names =
    [
        "a", "b", "c", "with space", "comma,", "%2C", "per%cent", "new\nline", "cr\r", "é", "日本", ".hidden",
        "-dash",
        "*", "\"quoted\"", "back\\slash", ".x.part", "chunk_1", "local_chunks.txt", " lead", "trail ", "L,D,F",
        new string('n', 200),
    ];

    private static readonly int[] Modes = [0b110_100_100, 0b111_101_101, 0b110_000_000, 0b100_000_000, 0b100_100_100,
        0b111_111_111];

    private readonly Random _random;
    private bool _isFolder;

    /// <param name="path">Where it is to be; there is nothing yet.</param>
    public SetOriginal(Random random, string path)
    {
        (_random, Path) = (random, path);
        Make();
        Take();
    }

    public string Path { get; }

    /// <summary>Bytes of each chunk but the last of a file.</summary>
    public long ChunkBytes { get; private set; }

    /// <summary>How it was when it was last taken.</summary>
    public TreeLook Look { get; private set; } = null!;

    public SetContent Content { get; private set; } = null!;

    public long Bytes => Content.Chunks.Indexes.Sum(index => (long)Content.Chunks[index].Length);

    /// <summary>Files, folders and links.</summary>
    public int Entries => _isFolder ? Everything().Count : 1;

    /// <summary>Changes one file while it is served: bytes, size or time.</summary>
    /// <returns>What was done, and a chunk of the file that was changed.</returns>
    public (string What, int ChunkIndex) ChangeOne()
    {
        string file = _isFolder ? Pick(Files().Where(each => ChunkOf(each) > 0).ToList()) : Path;
        int chunkIndex = ChunkOf(file);
        DateTime before = File.GetLastWriteTimeUtc(file);
        long length = new FileInfo(file).Length;
        int kind = _random.Next(6);
        switch (kind)
        {
            case 0:
                File.SetLastWriteTimeUtc(file, before.AddMilliseconds(1));
                break;
            case 1:
                using (FileStream appended = Open(file, FileMode.Append)) appended.WriteByte(7);
                break;
            case 2:                                     // longer, but with the old time
                using (FileStream appended = Open(file, FileMode.Append)) appended.WriteByte(7);
                File.SetLastWriteTimeUtc(file, before);
                break;
            case 3:
                using (FileStream cut = Open(file, FileMode.Open)) cut.SetLength(_random.NextInt64(length));
                break;
            case 4:                                     // another file of that size
                WriteFile($"{Path}.new", (int)length);
                File.Move($"{Path}.new", file, overwrite: true);
                break;
            default:
                using (FileStream opened = Open(file, FileMode.Open))
                {
                    byte[] bytes = new byte[Math.Max(1, Math.Min(length, 70_000))];
                    _random.NextBytes(bytes);
                    opened.Position = _random.NextInt64(length - Math.Min(length, bytes.Length) + 1);
                    opened.Write(bytes);
                }
                break;
        }
        string[] kinds =
            ["time alone", "longer by a byte", "longer, with the old time", "shorter", "replaced", "bytes"];
        return ($"{System.IO.Path.GetRelativePath(Path, file)}: {kinds[kind]}", chunkIndex);
    }

    /// <summary>Makes another set of it, while nobody serves it.</summary>
    public void Change()
    {
        if (_random.Next(6) == 0)
        {
            Remove(Path);
            ChunkBytes = 0;
            Make();
        }
        else if (!_isFolder && File.ReadAllBytes(Path) is var bytes)
        {
            for (int i = _random.Next(1, 6); i > 0 && bytes.Length > 0; i--)
                bytes[_random.Next(bytes.Length)]++;
            int more = _random.Next(3) switch { 0 => 0, 1 => -bytes.Length / 2, _ => 30_000 };
            Array.Resize(ref bytes, bytes.Length + more);
            File.WriteAllBytes(Path, bytes);
        }
        else for (int i = _random.Next(1, 8); i > 0; i--)
            Mutate(Pick(Everything().Where(each => System.IO.Path.GetFileName(each) != "first").DefaultIfEmpty("")
                .ToList()));
        if (_isFolder)
            SetModes();
        Take();
    }

    // What is there becomes something else of the same name, or goes.
    private void Mutate(string path)
    {
        if (path.Length == 0)
            return;
        bool isFile = new FileInfo(path) is { Exists: true, LinkTarget: null };
        long length = isFile ? new FileInfo(path).Length : 0;
        int kind = _random.Next(5);
        if (kind == 4 && isFile)                        // the same size, with holes elsewhere
        {
            WriteSparse(path, Math.Max(length, 1));
            return;
        }
        Remove(path);
        switch (kind)
        {
            case 0:
                break;
            case 1:
                MakeLink(path);
                break;
            case 2:
                Directory.CreateDirectory(path);
                WriteFile(System.IO.Path.Combine(path, "within"), _random.Next(2) * 3000);
                break;
            default:
                WriteFile(path, _random.Next(20_000));
                break;
        }
    }

    private static void Remove(string path)
    {
        if (File.Exists(path) || new FileInfo(path).LinkTarget is not null)
            File.Delete(path);
        else Directory.Delete(path, recursive: true);
    }

    private void Make()
    {
        _isFolder = _random.Next(3) > 0;
        if (!_isFolder)
        {
            WriteFile(Path, _random.Next(20) == 0 ? _random.Next(3) : _random.Next(100_000, 12_000_000));
            return;
        }
        Directory.CreateDirectory(Path);
        WriteFile(System.IO.Path.Combine(Path, "first"), _random.Next(1, 200_000));
        Grow(Path, depth: 0);
        SetModes();
    }

    private void Take()
    {
        Look = TreeLook.Of(Path)!;
        long bytes = _isFolder ? Files().Sum(each => new FileInfo(each).Length) : new FileInfo(Path).Length;
        if (ChunkBytes == 0)
            ChunkBytes = 1024 * Pick<int>(bytes < 1_000_000 ? [4, 16, 64] : [64, 64, 256, 700, 1024]);
        Content = new SetContent(Path, ChunkBytes);
    }

    private void Grow(string folder, int depth)
    {
        string[] names = [.. Names];
        _random.Shuffle(names);
        foreach (string name in names.Take(_random.Next(depth == 0 ? 4 : 0, 9)))
        {
            string path = System.IO.Path.Combine(folder, name);
            switch (_random.Next(10))
            {
                case < 2:
                    Directory.CreateDirectory(path);
                    if (depth < 3)
                        Grow(path, depth + 1);
                    break;
                case 2:
                    MakeLink(path);
                    break;
                case 3:
                    WriteFile(path, 0);
                    break;
                case 4:
                    WriteSparse(path, _random.Next(1, 2_000_000));
                    break;
                case 5:
                    WriteFile(path, _random.Next(500_000, 3_000_000));
                    break;
                default:
                    WriteFile(path, _random.Next(1, 60_000));
                    break;
            }
        }
    }

    // To something in the folder that may be there or not.
    private void MakeLink(string path)
    {
        int depth = System.IO.Path.GetRelativePath(Path, path).Split('/').Length - 1;
        string up = string.Concat(Enumerable.Repeat("../", _random.Next(depth + 1)));
        File.CreateSymbolicLink(path, up + Pick(Names));
    }

    private void WriteFile(string path, int length)
    {
        byte[] bytes = new byte[length];
        ChunkSet.Fill(bytes, _random);
        File.WriteAllBytes(path, bytes);
    }

    private void WriteSparse(string path, long length)
    {
        using FileStream file = Open(path, FileMode.Create);
        file.SetLength(length);
        for (int i = _random.Next(4); i > 0; i--)
        {
            byte[] bytes = new byte[Math.Min(length, _random.Next(1, 100_000))];
            _random.NextBytes(bytes);
            file.Position = _random.NextInt64(length - bytes.Length + 1);
            file.Write(bytes);
        }
    }

    private void SetModes()
    {
        foreach (string path in Everything().AsEnumerable().Reverse())
        {
            if (_random.Next(2) == 0)
                continue;
            File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddTicks(_random.NextInt64(-1L << 55, 1L << 54)));
            int mode = Pick(Modes);
            if (!OperatingSystem.IsWindows() && new FileInfo(path).LinkTarget is null)
                File.SetUnixFileMode(
                    path, (UnixFileMode)(Directory.Exists(path) ? mode | 0b111_000_000 : mode));
        }
    }

    // A folder before what is in it.
    private List<string> Everything() => [.. Directory.GetFileSystemEntries(Path, "*", new EnumerationOptions
    {
        RecurseSubdirectories = true, AttributesToSkip = 0,
    }).Order(StringComparer.Ordinal)];

    private IEnumerable<string> Files() =>
        Everything().Where(path => new FileInfo(path) is { Exists: true, LinkTarget: null });

    private int ChunkOf(string file) =>
        Content.ChunkOf(_isFolder ? System.IO.Path.GetRelativePath(Path, file) : "");

    private static FileStream Open(string path, FileMode mode) => new(
        path, mode, mode == FileMode.Append ? FileAccess.Write : FileAccess.ReadWrite,
        FileShare.ReadWrite | FileShare.Delete);

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];
}
