using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using P2P.Cli;
using P2P.Client;
using P2P.Posix;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// Any list of files: taken or not, and understood, as the slow reading has it; written and read again, it is the same.
/// What is taken is laid out on the disk: nothing gets outside of the folder, no link leads there, and what lies there
/// is what the list says. The first line of the input gives the sizes of the chunks, the rest is the list.
/// </summary>
internal sealed class SetFilesTarget
{
    private const int FullRights = 0b111_000_000, MayRead = 0b100_000_000, LaidOutMax = 40;
    private readonly string _top, _folder;

    /// <param name="folder">Empty; gets folders within each other, since a way out may be a long one.</param>
    public SetFilesTarget(string folder)
    {
        _top = folder;
        _folder = Directory.CreateDirectory(Path.Combine(folder, "a", "b", "c", "d")).FullName;
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        int end = Math.Max(input.IndexOf((byte)'\n'), 0);
        List<long> sizes = [];
        foreach (string number in Encoding.ASCII.GetString(input[..end]).Split(','))
            if (number.Length < 10 && long.TryParse(number, out long size) && size >= 0) sizes.Add(size);
        if (sizes.Count == 0) return;
        byte[] list = input[end..].ToArray()[1..];
        var head = new StringBuilder();
        for (int i = 0; i < sizes.Count; i++) head.Append($"{i + 1},{sizes[i]},00000000\n");
        head.Append($"{sizes.Count},CRC32C,FILES\n");

        bool isTaken = ChunkSums.TryParse((byte[])[.. Encoding.ASCII.GetBytes($"{head}"), .. list],
            out ChunkSums? sums, out int badLine);
        string? expected = ReferenceSet.ReadFiles(list, sizes);
        Expect(isTaken == expected is not null, $"taken: {isTaken}, line {badLine}");
        if (!isTaken) return;
        string said = ReferenceSet.Describe(sums!.Files!);
        if (said != expected) throw new FuzzException($"Read: {said}\nExpected: {expected}");
        Expect(ChunkSums.TryParse(sums.Text, out ChunkSums? again, out _) && again!.Text.SequenceEqual(sums.Text)
            && ReferenceSet.Describe(again.Files!) == said, "written and read again, it is another");
        if (sums.Files!.All.Count <= LaidOutMax) LayOut(sums);
    }

    private void LayOut(ChunkSums sums)
    {
        string path = Path.Combine(_folder, "target");
        try
        {
            using var target = new TargetSet("target", path, sums);
            Expect(target.TryFinish(), "there is something in the place of the target");
        }
        catch (Exception e) when (e is ProgramException or IOException or UnauthorizedAccessException)
        {
            // A name or a size that the disk refuses.
            path = Path.Combine(_folder, ".target.part");
        }
        try
        {
            ExpectNothingOutside(path);
            if (path.EndsWith("target", StringComparison.Ordinal)) ExpectSame(sums.Files!, path);
        }
        finally
        {
            if (Directory.Exists(path)) Remove(path, sums.Files!);
        }
    }

    private void ExpectNothingOutside(string path)
    {
        string[] outside = [.. Walk(_top).Where(each =>
            each != path && !each.StartsWith($"{path}/", StringComparison.Ordinal) && each != _folder
            && !_folder.StartsWith($"{each}/", StringComparison.Ordinal))];
        Expect(outside.Length == 0, $"outside of the folder: {string.Join(' ', outside)}");
        foreach (string link in Walk(path).Where(each => RealPath.TargetOf(each) is not null))
        {
            string? real = RealPath.Of(link);
            Expect(real is null || real == path || real.StartsWith($"{path}/", StringComparison.Ordinal),
                $"{link} leads to {real}");
        }
    }

    // Nothing was written to the files: they are all holes.
    private static void ExpectSame(SetFiles files, string path)
    {
        // But for root, what may not be read can't be looked at.
        if (files.All.Any(file => file.Kind == SetFileKind.Folder && (file.Mode & FullRights) != FullRights)) return;
        if (files.All.Any(file => file.Kind == SetFileKind.File && (file.Mode & MayRead) == 0)) return;
        SetFile[] there = TreeScanner.Scan(path, warning => throw new FuzzException(warning));
        IEnumerable<string> expected = files.All.Select(Describe).Order(StringComparer.Ordinal);
        IEnumerable<string> found = there.Select(Describe).Order(StringComparer.Ordinal);
        if (!expected.SequenceEqual(found))
            throw new FuzzException($"There: {string.Join('|', found)}\nExpected: {string.Join('|', expected)}");
    }

    private static string Describe(SetFile file) =>
        $"{file.Path} {file.Kind} {file.Mode & 511} {file.Modified} {file.Bytes} {file.Target}";

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string entry in Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder) : [])
        {
            yield return entry;
            if (RealPath.TargetOf(entry) is not null || !Directory.Exists(entry)) continue;
            foreach (string each in Walk(entry)) yield return each;
        }
    }

    private static void Remove(string path, SetFiles files)
    {
        foreach (SetFile file in files.All.Where(file => file.Kind == SetFileKind.Folder))
        {
            string folder = Path.Combine(path, file.Path);
            if (Directory.Exists(folder) && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder, (UnixFileMode)FullRights);
        }
        Directory.Delete(path, recursive: true);
    }
}
