using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;

namespace P2P.Stress;

/// <summary>
/// A file, or a folder with all that is in it, as it lies there at one moment, read by .NET alone. Of a single file
/// only the bytes count, since nothing else of it travels; of what is in a folder names, kinds, permissions, times and
/// where links lead to, too.
/// </summary>
internal sealed class TreeLook
{
    private const int DifferencesShown = 12, PermissionBits = 0b111_111_111;
    private readonly SortedDictionary<string, string> _entries = new(StringComparer.Ordinal);    // path -> what it is

    private TreeLook(string path)
    {
        if (!Directory.Exists(path))
        {
            _entries.Add("", Content(path));
            return;
        }
        foreach (string each in Directory.GetFileSystemEntries(path, "*", new EnumerationOptions
        {
            RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false,
        }))
            _entries.Add(Path.GetRelativePath(path, each), Describe(each));
    }

    /// <summary>Null if there is nothing.</summary>
    public static TreeLook? Of(string path) => Path.Exists(path) ? new TreeLook(path) : null;

    /// <summary>What differs in another look, a line each; empty if they are the same.</summary>
    /// <param name="isStrict">Permissions and times count, too.</param>
    public string Compare(TreeLook other, bool isStrict = true)
    {
        var lines = _entries.Keys.Union(other._entries.Keys)
            .Where(path => isStrict ? this[path] != other[path] : Core(this[path]) != Core(other[path]))
            .Select(path => $"  '{path.ReplaceLineEndings("\\n")}': {this[path]}, but {other[path]}").ToList();
        return string.Join('\n', lines.Take(DifferencesShown)
            .Concat(lines.Count > DifferencesShown ? [$"  and {lines.Count - DifferencesShown} more"] : []));
    }

    private static string Core(string entry) => entry.Split(", mode ")[0];

    private string this[string path] => _entries.GetValueOrDefault(path, "nothing");

    private static string Describe(string path)
    {
        var info = new FileInfo(path);
        if (info.LinkTarget is { } target)
            return $"link to {target}, mode of none, time {info.LastWriteTimeUtc.Ticks}";
        bool isFolder = Directory.Exists(path);
        string mode = Convert.ToString((int)info.UnixFileMode & PermissionBits, 8);
        return $"{(isFolder ? "folder" : Content(path))}, mode {mode}, time {info.LastWriteTimeUtc.Ticks}";
    }

    private static string Content(string path)
    {
        // Not File.ReadAllBytes: the file may be locked, as a sign for other programs.
        using var file = new FileStream(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete });
        return $"file of {file.Length} bytes {Convert.ToHexString(SHA256.HashData(file).AsSpan(0, 8))}";
    }
}
