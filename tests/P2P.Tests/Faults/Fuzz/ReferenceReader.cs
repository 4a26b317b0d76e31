using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>PROTOCOL 1, one message at a time, as regular expressions.</summary>
internal static class ReferenceReader
{
    private static readonly Regex Message = new(
        @"^(?:(?<verb>LOCAL_CHUNKS),(?<index>[0-9]+),(?<host>[!-+\x2d-~]{1,255}),(?<port>[0-9]+)(?:,.*)?"
        + @"|(?<verb>WHERE_CHUNK|REQUEST_CHUNK|CHUNK_LOCATION_UNKNOWN),(?<index>[0-9]+)(?:,.*)?"
        + @"|(?<verb>GET_CHUNK_FROM),(?<index>[0-9]+)(?:,(?<peers>.*))?)\z",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture);

    /// <summary>The message as text, in one spelling; null if the text is none.</summary>
    public static string? Read(string text)
    {
        Match match = Message.Match(text.Trim(' ', '\t', '\r', '\0'));
        if (!match.Success)
            return null;
        var index = BigInteger.Parse(match.Groups["index"].Value);
        if (index < 0 || index > int.MaxValue)
            return null;
        if (match.Groups["port"].Success)
        {
            var port = BigInteger.Parse(match.Groups["port"].Value);
            return port >= 1 && port <= 65535 ? $"LOCAL_CHUNKS,{index},{match.Groups["host"].Value},{port}" : null;
        }
        return $"{match.Groups["verb"].Value},{index},{match.Groups["peers"].Value}";
    }
}

/// <summary>PROTOCOL 4.1 and 4.2 as one pass over the lines.</summary>
internal static class ReferenceList
{
    /// <param name="folder">Where the files are looked up.</param>
    /// <returns>What is held and in which lines something is wrong, as text;
    /// null if the list can't be used at all.</returns>
    public static string? Read(string folder, byte[] bytes)
    {
        string[] lines = Encoding.UTF8.GetString(bytes).TrimStart('\ufeff').Split('\n')
            .Select(line => line.Trim()).ToArray();
        (int Index, string Name)?[] fields = lines.Select(Split).ToArray();
        (int Index, string Name)? last = fields.LastOrDefault(each => each?.Name == "LASTCHUNK");
        if (last == null || last.Value.Index > 1 << 24)
            return null;
        int count = last.Value.Index;
        var held = new SortedDictionary<int, string>();
        var seen = new HashSet<int>();
        var wrong = new List<int>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] == ""
                || (fields[i]?.Name == "LASTCHUNK" && !fields[(i + 1)..].Any(each => each?.Name == "LASTCHUNK")))
                continue;
            if (fields[i] is { } whole)
                fields[i] = (whole.Index, whole.Name.StartsWith("./") ? Regex.Replace(whole.Name, @"^(\./)+", "")
                    : whole.Name.StartsWith($"{folder}/") ? whole.Name[(folder.Length + 1)..] : whole.Name);
            if (fields[i] is not { } field || field.Index < 1 || field.Index > count || seen.Contains(field.Index)
                || field.Name.Contains('/') || field.Name is "." or ".." or "link_out"
                || field.Name == "local_chunks.txt" || field.Name.Contains('\0')
                || Encoding.UTF8.GetByteCount(field.Name) > 255)
            {
                wrong.Add(i + 1);
                continue;
            }
            string path = Path.Combine(folder, field.Name);
            if (File.Exists(path))
                held.Add(field.Index, field.Name);
            else
                wrong.Add(i + 1);
            // A file that is missing keeps its index: the chunk will be stored under that name.
            if (!Directory.Exists(path) && (File.Exists(path) || field.Name != "LASTCHUNK"))
                seen.Add(field.Index);
        }
        return $"{count}: {string.Join(" ", held)} wrong: {string.Join(" ", wrong)}";
    }

    private static (int Index, string Name)? Split(string line)
    {
        int comma = line.IndexOf(',');
        if (comma < 0 || line[(comma + 1)..].Trim() == "")
            return null;
        return int.TryParse(line[..comma].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? (index, line[(comma + 1)..].Trim()) : null;
    }
}
