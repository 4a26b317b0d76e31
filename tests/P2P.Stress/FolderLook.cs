using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// What lies in a client's folder at one moment; taken while no client runs there, it is exact. A chunk is held if its
/// final name is there with every byte right, whatever the list says.
/// </summary>
internal sealed class FolderLook
{
    /// <summary>The name of the file of sums.</summary>
    public const string Sums = "chunks.crc";

    private const string List = "local_chunks.txt";
    private readonly string _folder;
    private readonly HashSet<int> _held = [];
    private readonly HashSet<int> _listed = [];
    private readonly List<string> _strays = [];
    private readonly SortedDictionary<int, string> _wrong = [];     // by index, in words

    public FolderLook(string folder, ChunkSet chunks)
    {
        _folder = folder;
        foreach (string name in Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order())
        {
            int index = name.Split('_') is ["chunk", var digits] && int.TryParse(digits, out int number) ? number : 0;
            if (index >= 1 && index <= chunks.Count)
                Compare(index, Path.Combine(folder, name), chunks[index]);
            else if (name is not (List or Sums))
                _strays.Add(name);
        }
        foreach (string line in File.ReadLines(Path.Combine(folder, List)))
            if (line.Split(',') is [var digits, not "LASTCHUNK"] && int.TryParse(digits, out int index))
                _listed.Add(index);
    }

    /// <summary>The chunks that are there under their final names, whole and right.</summary>
    public IReadOnlySet<int> Held => _held;

    /// <summary>The chunks that are there under their final names, and are not right.</summary>
    public IReadOnlyCollection<int> Wrong => _wrong.Keys;

    /// <summary>Bytes of these that differ, or are too many or too few.</summary>
    public long WrongBytes { get; private set; }

    /// <summary>Files that are neither a chunk nor the list: temporary and hidden ones.</summary>
    public IReadOnlyList<string> Strays => _strays;

    /// <summary>The chunks that are held, though the list lacks them.</summary>
    public IReadOnlyList<int> Unlisted => [.. _held.Except(_listed).Order()];

    /// <summary>All of it in words, with what the small hidden files say.</summary>
    public string Describe() =>
        $"{_folder} holds {_held.Count} chunks, its list has {_listed.Count}, and lacks [{string.Join(' ', Unlisted)}]"
        + string.Concat(_wrong.Values.Concat(_strays.Select(DescribeStray)).Select(each => $"\n  {each}"));

    private void Compare(int index, string path, byte[] right)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.AsSpan().SequenceEqual(right))
        {
            _held.Add(index);
            return;
        }
        int same = bytes.AsSpan().CommonPrefixLength(right);
        long wrong = Math.Max(bytes.Length, right.Length) - bytes.Zip(right).Count(pair => pair.First == pair.Second);
        WrongBytes += wrong;
        _wrong.Add(index, $"chunk_{index}: {bytes.Length} bytes of {right.Length}, {same} right, then {wrong} wrong");
    }

    private string DescribeStray(string name)
    {
        if (name.EndsWith(".part", StringComparison.Ordinal))
            return name;
        try
        {
            string text = File.ReadAllText(Path.Combine(_folder, name)).Replace('\n', ' ').Trim();
            return $"{name}: {(text.Length <= 500 ? text : $"... {text[^500..]}")}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{name}, gone now";              // a client that runs has removed it
        }
    }
}
