using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace P2P.Client;

/// <summary>
/// The list of files of a set that was made of a folder (PROTOCOL 10.4). No chunk reaches from one file into the next:
/// each file's data is cut into chunks by itself, so that every chunk lies in one piece in one file.
/// </summary>
internal sealed class SetFiles
{
    private const string LastLine = "FILES";

    private SetFiles(SetFile[] all, ChunkPlace[] places) => (All, Places) = (all, places);

    /// <summary>Every entry; a folder comes before what is in it.</summary>
    public IReadOnlyList<SetFile> All { get; }

    /// <summary>Where each chunk belongs; [0] is chunk 1.</summary>
    public IReadOnlyList<ChunkPlace> Places { get; }

    /// <summary>Assigns the chunks to the files.</summary>
    /// <param name="sizeOf">The size of each chunk, in bytes.</param>
    /// <returns>Null if the chunks do not fit the files, or a path leads out of the folder.</returns>
    public static SetFiles? TryMake(SetFile[] all, int chunkCount, Func<int, long> sizeOf)
    {
        HashSet<string> folders = [""], paths = [];
        var places = new List<ChunkPlace>();
        for (int i = 0; i < all.Length; i++)
        {
            SetFile file = all[i];
            if (!IsInside(file.Path) || !folders.Contains(FolderOf(file.Path)) || !paths.Add(file.Path)) return null;
            if (file.Kind == SetFileKind.Folder) folders.Add(file.Path);
            long end = 0;
            foreach (SetRange range in file.Data)
            {
                if (range.Start < end || range.Bytes <= 0 || range.Bytes > file.Bytes - range.Start) return null;
                end = range.Start + range.Bytes;
                for (long at = range.Start; at < end;)
                {
                    if (places.Count == chunkCount) return null;
                    long bytes = sizeOf(places.Count + 1);
                    if (bytes <= 0 || bytes > end - at) return null;
                    places.Add(new ChunkPlace(i, at));
                    at += bytes;
                }
            }
        }
        if (places.Count < chunkCount || FindWayOut(all) is not null) return null;
        return new SetFiles(all, [.. places]);
    }

    /// <summary>Finds a link that may lead out of the folder; null if there is none.</summary>
    public static SetFile? FindWayOut(SetFile[] all)
    {
        HashSet<string> links = [];
        foreach (SetFile file in all)
        {
            if (file.Kind == SetFileKind.Link) links.Add(file.Path);
        }
        return Array.Find(all, file => file.Kind == SetFileKind.Link && !StaysInside(file, links));
    }

    // Behind another link, which may lead to any depth, ".." may lead anywhere.
    private static bool StaysInside(SetFile link, HashSet<string> links)
    {
        if (link.Target.Length == 0 || link.Target.StartsWith('/')) return false;
        string place = FolderOf(link.Path);
        bool isBehindLink = false;
        foreach (string part in link.Target.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part == ".." && (isBehindLink || place.Length == 0)) return false;
            place = part == ".." ? FolderOf(place) : place.Length == 0 ? part : $"{place}/{part}";
            isBehindLink |= links.Contains(place);
        }
        return true;
    }

    /// <summary>Adds the list to a text.</summary>
    public void Write(StringBuilder text)
    {
        foreach (SetFile file in All)
        {
            if (file.Kind == SetFileKind.Link)
                text.Append($"L,{file.Modified},{Escape(file.Path)},{Escape(file.Target)}\n");
            else
            {
                char kind = file.Kind == SetFileKind.Folder ? 'D' : 'F';
                text.Append($"{kind},{file.Mode},{file.Modified},{file.Bytes},");
                for (int i = 0; i < file.Data.Count; i++)
                    text.Append($"{(i == 0 ? "" : ";")}{file.Data[i].Start}+{file.Data[i].Bytes}");
                text.Append($",{Escape(file.Path)}\n");
            }
        }
        text.Append($"{All.Count},{LastLine}\n");
    }

    /// <summary>Reads the list.</summary>
    /// <param name="lines">Of the list alone.</param>
    /// <param name="badLine">The first line that is wrong, from 0; the number of lines if the list as a whole is
    /// wrong.</param>
    /// <returns>Null if it is wrong.</returns>
    public static SetFiles? TryParse(string[] lines, int chunkCount, Func<int, long> sizeOf, out int badLine)
    {
        var files = new SetFile[Math.Max(lines.Length - 1, 0)];
        for (badLine = 0; badLine < files.Length; badLine++)
        {
            if (lines[badLine].Contains('\0') || TryReadLine(lines[badLine].Split(',')) is not { } file) return null;
            files[badLine] = file;
        }
        if (lines.Length == 0 || lines[^1] != $"{files.Length},{LastLine}") return null;
        badLine++;
        return TryMake(files, chunkCount, sizeOf);
    }

    // F|D,<mode>,<modified>,<bytes>,<start>+<bytes>;...,<path>   or   L,<modified>,<path>,<target>
    // A zero byte ends a name for the system, and would be allowed behind a number.
    private static SetFile? TryReadLine(string[] fields)
    {
        long at;
        if (fields is ["L", var changed, var from, var target])
        {
            if (!TryReadTime(changed, out at)) return null;
            return new SetFile(SetFileKind.Link, Unescape(from)) { Modified = at, Target = Unescape(target) };
        }
        if (fields is not ["F" or "D", var mode, var modified, var bytes, var data, var path]) return null;
        if (!TryRead(mode, out long modeBits) || modeBits > 0xFFF || !TryRead(bytes, out long size)) return null;
        if (!TryReadTime(modified, out at)) return null;
        List<SetRange> ranges = [];
        foreach (string range in data.Length == 0 ? [] : data.Split(';'))
        {
            string[] ends = range.Split('+');
            if (ends.Length != 2) return null;
            if (!TryRead(ends[0], out long start) || !TryRead(ends[1], out long length)) return null;
            ranges.Add(new SetRange(start, length));
        }
        SetFileKind kind = fields[0] == "F" ? SetFileKind.File : SetFileKind.Folder;
        if (kind == SetFileKind.Folder && (size > 0 || ranges.Count > 0)) return null;
        return new SetFile(kind, Unescape(path))
        {
            Mode = (int)modeBits, Modified = at, Bytes = size, Data = ranges,
        };
    }

    private static bool TryReadTime(string text, out long ticks) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ticks)
        && ticks >= DateTime.MinValue.Ticks - DateTime.UnixEpoch.Ticks
        && ticks <= DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks;

    private static bool TryRead(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static bool IsInside(string path)
    {
        foreach (string part in path.Split('/'))
        {
            if (part is "" or "." or "..") return false;
        }
        return true;
    }

    private static string FolderOf(string path) => path[..Math.Max(path.LastIndexOf('/'), 0)];

    // Commas part the fields, and newlines the lines: they and % become % and two digits.
    private static string Escape(string text)
    {
        Debug.Assert(text.Length > 0, "an entry has a name");
        return text.Replace("%", "%25").Replace(",", "%2C").Replace("\n", "%0A").Replace("\r", "%0D");
    }

    private static string Unescape(string text) =>
        text.Replace("%0D", "\r").Replace("%0A", "\n").Replace("%2C", ",").Replace("%25", "%");
}
