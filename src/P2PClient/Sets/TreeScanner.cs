using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>Lists a folder for a set: files with their holes, folders, symbolic links, modes and times.</summary>
internal static class TreeScanner
{
    /// <summary>Lists what is in a folder, in the order of the names.</summary>
    /// <param name="root">Full path.</param>
    /// <param name="warn">Gets a warning for each entry that is left out, such as a pipe.</param>
    /// <exception cref="ProgramException">An entry can't be read, or a link may lead out of the folder.</exception>
    public static SetFile[] Scan(string root, Action<string> warn)
    {
        List<SetFile> files = [];
        Add(root, "", files, warn);
        SetFile[] all = [.. files];
        if (SetFiles.FindWayOut(all) is not { } link) return all;
        throw new ProgramException(ExitCode.Usage, $"{Path.Combine(root, link.Path)} may lead out of the folder, to "
            + $"{link.Target}: remove the link, or send the files as a stream of tar");
    }

    private static void Add(string root, string folder, List<SetFile> files, Action<string> warn)
    {
        foreach (string name in NamesIn(Path.Combine(root, folder)))
        {
            string path = folder.Length == 0 ? name : $"{folder}/{name}", full = Path.Combine(root, path);
            if (!NativeFile.TryGetStatusOf(full, out NativeStatus status)) throw Unreadable(full);
            switch (status.Kind)
            {
                case NativeKind.File:
                    files.Add(FileAt(full, path, status));
                    break;
                case NativeKind.Folder:
                    files.Add(new SetFile(SetFileKind.Folder, path)
                    {
                        Mode = status.Mode, Modified = TicksOf(status),
                    });
                    Add(root, path, files, warn);
                    break;
                case NativeKind.Link:
                    files.Add(LinkAt(full, path, status));
                    break;
                default:
                    warn($"{full} is neither a file nor a folder nor a link: it is left out");
                    break;
            }
        }
    }

    private static SetFile FileAt(string full, string path, NativeStatus status)
    {
        using NativeFile file = NativeFile.TryOpen(full, out _) ?? throw Unreadable(full);
        List<SetRange> data = [];
        for (long at = 0; at < status.Bytes;)
        {
            if (!NativeFile.TryFindData(file.Descriptor, at, out long start, out long end)) break;
            end = Math.Min(end, status.Bytes);
            if (start >= end) break;
            data.Add(new SetRange(start, end - start));
            Debug.Assert(end > at, "the search goes on");
            at = end;
        }
        return new SetFile(SetFileKind.File, path)
        {
            Mode = status.Mode, Modified = TicksOf(status), Bytes = status.Bytes, Data = data,
        };
    }

    private static SetFile LinkAt(string full, string path, NativeStatus status)
    {
        string target = RealPath.TargetOf(full) ?? throw Unreadable(full);
        return new SetFile(SetFileKind.Link, path) { Modified = TicksOf(status), Target = target };
    }

    private static string[] NamesIn(string folder)
    {
        try
        {
            string[] names = Array.ConvertAll(Directory.GetFileSystemEntries(folder), each => Path.GetFileName(each));
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(folder);
        }
    }

    private static long TicksOf(NativeStatus status) => status.Modified.Ticks - DateTime.UnixEpoch.Ticks;

    // A name that is no UTF-8 is read with U+FFFD in it, and nothing has that name.
    private static ProgramException Unreadable(string path) => new(
        ExitCode.Usage, path.Contains('\uFFFD')
            ? $"can't read {path}: its name is not UTF-8, rename it, or send the files as a stream of tar"
            : $"can't read {path}: let this user read it, or take it out of the folder");
}
