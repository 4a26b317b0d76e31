using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Client;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>
/// Reads the description of a set the slow way (PROTOCOL 4.5 and 10.4), and says everything that it says as text: two
/// readers agree if their texts do.
/// </summary>
internal static class ReferenceSet
{
    private const long MinTicks = -621_355_968_000_000_000;       // the year 1
    private static readonly Regex Sum = new("^([1-9][0-9]*),([0-9]{1,15}),([0-9A-F]{8})\\z");
    private static readonly Regex Link = new("^L,(?<modified>[-+]?[0-9]+),(?<path>[^,]*),(?<target>[^,]*)\\z");
    private static readonly Regex Entry = new("^(?<kind>[FD]),(?<mode>[0-9]+),(?<modified>[-+]?[0-9]+),"
        + "(?<bytes>[0-9]+),(?:(?<start>[0-9]+)\\+(?<length>[0-9]+)(?:;(?!,)|(?=,)))*,(?<path>[^,]*)\\z");

    /// <summary>A whole description, as a client of ours writes it: no other byte will do.</summary>
    /// <returns>Null if it is none.</returns>
    public static string? Read(byte[] text)
    {
        string[] lines = Encoding.UTF8.GetString(text).Split('\n');
        var said = new StringBuilder();
        List<long> sizes = [];
        int at = 0;
        for (; at < lines.Length && Sum.Match(lines[at]) is { Success: true } match; at++)
        {
            long size = long.Parse(match.Groups[2].Value);
            if (match.Groups[1].Value != $"{at + 1}" || match.Groups[2].Value != $"{size}") return null;
            sizes.Add(size);
            said.Append($"{size} {match.Groups[3].Value}\n");
        }
        if (at == 0 || at == lines.Length || lines[^1] != "") return null;
        if (lines[at] == $"{at},CRC32C") return at + 2 == lines.Length ? $"{said}" : null;
        if (lines[at] != $"{at},CRC32C,FILES") return null;
        if (ReadFiles(lines[(at + 1)..^1], sizes) is not { } files) return null;
        said.Append(Describe(files));
        string again = string.Join('\n', lines[..(at + 1)]) + "\n" + Write(files);
        return Encoding.UTF8.GetBytes(again).AsSpan().SequenceEqual(text) ? $"{said}" : null;
    }

    /// <summary>The list of files alone.</summary>
    /// <param name="sizes">Of the chunks.</param>
    /// <returns>Null if it is none, or does not fit the chunks.</returns>
    public static string? ReadFiles(byte[] text, List<long> sizes)
    {
        string list = Encoding.UTF8.GetString(text).TrimEnd('\r', '\n', ' ').Replace("\r\n", "\n");
        return ReadFiles(list.Split('\n'), sizes) is { } files ? Describe(files) : null;
    }

    /// <summary>The same text of a description that was read.</summary>
    public static string Describe(ChunkSums sums)
    {
        var said = new StringBuilder();
        for (int i = 1; i <= sums.ChunkCount; i++) said.Append($"{sums.SizeOf(i)} {sums.SumOf(i):X8}\n");
        return sums.Files is null ? $"{said}" : $"{said}{Describe(sums.Files)}";
    }

    /// <summary>The same text of a list that was read.</summary>
    public static string Describe(SetFiles files) =>
        Describe([.. files.All], [.. files.Places.Select(each => (each.File, each.Start))]);

    private static string Describe((SetFile[] All, (int, long)[] Places) files) => Describe(files.All, files.Places);

    private static string Describe(SetFile[] all, (int File, long Start)[] places)
    {
        var said = new StringBuilder();
        foreach (SetFile file in all)
        {
            said.Append($"{file.Kind} {file.Mode} {file.Modified} {file.Bytes} '{file.Path}' -> '{file.Target}'");
            foreach (SetRange range in file.Data) said.Append($" {range.Start}+{range.Bytes}");
            said.Append('\n');
        }
        foreach ((int file, long start) in places) said.Append($"{file}@{start} ");
        return $"{said}";
    }

    private static (SetFile[], (int, long)[])? ReadFiles(string[] lines, List<long> sizes)
    {
        if (lines.Length == 0) return null;
        if (lines[..^1].Select(ReadLine).ToArray() is not { } all || all.Contains(null)) return null;
        if (lines[^1] != $"{all.Length},FILES") return null;
        SetFile[] files = all!;

        // A path is inside, once, and in a folder that stands before it.
        for (int i = 0; i < files.Length; i++)
        {
            string[] parts = files[i].Path.Split('/');
            if (parts.Any(part => part is "" or "." or "..")) return null;
            string folder = string.Join('/', parts[..^1]);
            bool isThere = files[..i].Any(each => each.Kind == SetFileKind.Folder && each.Path == folder);
            if (folder != "" && !isThere) return null;
            if (files[..i].Any(each => each.Path == files[i].Path)) return null;
        }
        if (files.Any(file => file.Kind == SetFileKind.Link && LeadsOut(file, files))) return null;

        // The data of the files, one behind the other, are the chunks, one behind the other.
        List<(int, long)> places = [];
        int chunk = 0;
        for (int i = 0; i < files.Length; i++)
        {
            BigInteger end = 0;
            foreach (SetRange range in files[i].Data)
            {
                if (range.Start < end || range.Bytes == 0) return null;
                end = (BigInteger)range.Start + range.Bytes;
                if (end > files[i].Bytes) return null;
                BigInteger at = range.Start;
                for (; at < end && chunk < sizes.Count && sizes[chunk] > 0; at += sizes[chunk++])
                    places.Add((i, (long)at));
                if (at != end) return null;
            }
        }
        return chunk == sizes.Count ? (files, [.. places]) : null;
    }

    private static SetFile? ReadLine(string line)
    {
        if (line.Contains('\0')) return null;
        Match match = Link.Match(line);
        if (match.Success)
        {
            string target = Unescape(match.Groups["target"].Value);
            if (!TryReadTime(match, out BigInteger at)) return null;
            return new SetFile(SetFileKind.Link, Unescape(match.Groups["path"].Value))
            {
                Modified = (long)at, Target = target,
            };
        }
        match = Entry.Match(line);
        if (!match.Success) return null;
        string[] starts = [.. match.Groups["start"].Captures.Select(each => each.Value)];
        string[] lengths = [.. match.Groups["length"].Captures.Select(each => each.Value)];
        bool isFolder = match.Groups["kind"].Value == "D";
        if (!TryParse(match.Groups["mode"].Value, out long mode) || mode > 4095) return null;
        if (!TryParse(match.Groups["bytes"].Value, out long bytes)) return null;
        if (!TryReadTime(match, out BigInteger modified)) return null;
        if (isFolder && (bytes > 0 || starts.Length > 0)) return null;
        List<SetRange> data = [];
        for (int i = 0; i < starts.Length; i++)
        {
            if (!TryParse(starts[i], out long start) || !TryParse(lengths[i], out long length)) return null;
            data.Add(new SetRange(start, length));
        }
        return new SetFile(isFolder ? SetFileKind.Folder : SetFileKind.File, Unescape(match.Groups["path"].Value))
        {
            Mode = (int)mode, Modified = (long)modified, Bytes = bytes, Data = data,
        };
    }

    private static bool TryReadTime(Match line, out BigInteger ticks)
    {
        ticks = BigInteger.Parse(line.Groups["modified"].Value, NumberStyles.AllowLeadingSign);
        return ticks >= MinTicks && ticks <= DateTime.MaxValue.Ticks + MinTicks;
    }

    // Goes the way of a link, as far as the list knows it: it must not go above the folder, and not back up behind
    // another link, which may have led anywhere in the folder.
    private static bool LeadsOut(SetFile link, SetFile[] files)
    {
        if (link.Target == "" || link.Target[0] == '/') return true;
        List<string> way = [.. link.Path.Split('/')[..^1]];
        bool isBehindLink = false;
        foreach (string part in link.Target.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part != "..")
            {
                way.Add(part);
                string path = string.Join('/', way);
                isBehindLink |= files.Any(each => each.Kind == SetFileKind.Link && each.Path == path);
                continue;
            }
            if (isBehindLink || way.Count == 0) return true;
            way.RemoveAt(way.Count - 1);
        }
        return false;
    }

    private static string Write((SetFile[] All, (int, long)[]) files)
    {
        string text = "";
        foreach (SetFile file in files.All)
        {
            string data = string.Join(';', file.Data.Select(range => $"{range.Start}+{range.Bytes}"));
            text += file.Kind == SetFileKind.Link ? $"L,{file.Modified},{Escape(file.Path)},{Escape(file.Target)}\n"
                : $"{(file.Kind == SetFileKind.Folder ? "D" : "F")},{file.Mode},{file.Modified},{file.Bytes},{data},"
                    + $"{Escape(file.Path)}\n";
        }
        return $"{text}{files.All.Length},FILES\n";
    }

    private static bool TryParse(string digits, out long number)
    {
        var value = BigInteger.Parse(digits);
        number = value > long.MaxValue ? 0 : (long)value;
        return value <= long.MaxValue;
    }

    private static string Escape(string text) =>
        Regex.Replace(text, "[%,\r\n]", match => $"%{(int)match.Value[0]:X2}");

    private static string Unescape(string text) => Regex.Replace(text, "%(25|2C|0D|0A)", match =>
        ((char)int.Parse(match.Groups[1].Value, NumberStyles.AllowHexSpecifier)).ToString());
}
