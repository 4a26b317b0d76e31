using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Cli;
using P2P.Client;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// Any <c>local_chunks.txt</c>: what is held and warned of is what the slow implementation says, with either end of
/// line; what is held are files in the folder; and what is saved of it reads back the same, without a warning.
/// </summary>
internal sealed class LocalChunksTarget
{
    private readonly string _folder, _list;

    /// <param name="folder">Empty; gets chunk_1 to chunk_9, a folder, and links to inside and outside.</param>
    public LocalChunksTarget(string folder)
    {
        (_folder, _list) = (folder, Path.Combine(folder, LocalChunksFile.FileName));
        for (int index = 1; index <= 9; index++) File.WriteAllText(Path.Combine(folder, $"chunk_{index}"), $"{index}");
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        File.CreateSymbolicLink(Path.Combine(folder, "link_in"), "chunk_1");
        File.CreateSymbolicLink(Path.Combine(folder, "link_out"), "/etc/hosts");
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] text = input.ToArray();
        File.WriteAllBytes(_list, text);
        var warnings = new List<string>();
        LocalChunksFile? list = TryLoad(warnings);
        FuzzCases.LocalChunksFileAgreesWithReference(text, _folder);
        if (list is null) return;

        foreach (string warning in warnings)
            Expect(warning.StartsWith($"{LocalChunksFile.FileName}, line ", StringComparison.Ordinal),
                $"no line: {warning}");
        foreach ((int index, string name) in list.Held)
        {
            Expect(index >= 1 && index <= list.ChunkCount, $"chunk {index} of {list.ChunkCount} is held");
            string path = Path.GetFullPath(Path.Combine(_folder, name));
            Expect(Path.GetDirectoryName(path) == _folder && File.Exists(path), $"'{name}' is held");
            Expect(list.Sizes[index] == File.ReadAllBytes(path).Length, $"'{name}' has {list.Sizes[index]} bytes");
        }

        File.WriteAllBytes(_list, [.. text.SelectMany(each => each == '\n' ? "\r\n"u8.ToArray() : [each])]);
        ExpectSame(list, warnings.Count, "with the other end of line");
        LocalChunksFile.Save(_folder, list.ChunkCount, list.Held.Select(each => (each.Key, each.Value)));
        ExpectSame(list, 0, "saved");
    }

    private void ExpectSame(LocalChunksFile list, int warningCount, string when)
    {
        var warnings = new List<string>();
        LocalChunksFile? again = TryLoad(warnings);
        bool isSame = again is not null && again.ChunkCount == list.ChunkCount && again.Held.SequenceEqual(list.Held);
        Expect(isSame && warnings.Count == warningCount,
            $"{Describe(list)}\n{when}: {Describe(again)}\n{string.Join('\n', warnings)}");
    }

    private static string Describe(LocalChunksFile? list) =>
        $"{list?.ChunkCount}: {string.Join(' ', list?.Held ?? [])}";

    private LocalChunksFile? TryLoad(List<string> warnings)
    {
        try
        {
            return FolderLists.Load(_folder, warnings.Add);
        }
        catch (ProgramException e) when (e.ExitCode == ExitCode.Usage)
        {
            return null;
        }
    }
}
