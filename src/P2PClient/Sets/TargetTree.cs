using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Compares what lies in a receiver's folder with the set's list of files. In an unfinished folder another set may have
/// left something, which must not come into this one; a finished folder is the set's only if it has nothing else. The
/// bytes that are in chunks are not looked at: their sums tell.
/// </summary>
/// <param name="root">Full path of the folder.</param>
internal sealed class TargetTree(string root, SetFiles files)
{
    private const int OwnerBits = 0b111_000_000;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Dictionary<string, SetFile> _missing = [];     // by path: listed, and not met so far
    private bool _isCleaning, _hasStrays;

    /// <summary>Removes what is not in the list, or is something else there, such as a file in place of a folder, or a
    /// file with bytes where it must have a hole.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The disk refuses.</exception>
    public void Clean()
    {
        _isCleaning = true;
        Visit();
    }

    /// <summary>Tells whether the folder has exactly what is in the list.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be read.</exception>
    public bool IsExact()
    {
        _isCleaning = false;
        Visit();
        return !_hasStrays && _missing.Count == 0;
    }

    private void Visit()
    {
        _hasStrays = false;
        foreach (SetFile file in files.All) _missing[file.Path] = file;
        VisitFolder("");
        Debug.Assert(_missing.Count <= files.All.Count, "only entries of the list are missing");
    }

    private void VisitFolder(string folder)
    {
        foreach (string full in Directory.GetFileSystemEntries(Path.Combine(root, folder)))
        {
            string name = Path.GetFileName(full), path = folder.Length == 0 ? name : $"{folder}/{name}";
            if (_missing.TryGetValue(path, out SetFile? file) && IsLike(full, file))
            {
                _missing.Remove(path);
                if (file.Kind == SetFileKind.Folder) VisitFolder(path);
                continue;
            }
            _hasStrays = true;
            if (_isCleaning) Remove(full);
        }
    }

    private bool IsLike(string full, SetFile file)
    {
        if (!NativeFile.TryGetStatusOf(full, out NativeStatus status)) return false;
        // A client that was killed just before the end has given files and folders their own permissions already.
        bool isClosed = status.Kind != NativeKind.Link && (status.Mode & OwnerBits) != OwnerBits;
        if (_isCleaning && isClosed && OperatingSystem.IsLinux())
            File.SetUnixFileMode(full, (UnixFileMode)(status.Mode | OwnerBits));
        return file.Kind switch
        {
            SetFileKind.Folder => status.Kind == NativeKind.Folder,
            SetFileKind.Link => status.Kind == NativeKind.Link && RealPath.TargetOf(full) == file.Target,
            _ => status.Kind == NativeKind.File && (_isCleaning || status.Bytes == file.Bytes) && HasHoles(full, file),
        };
    }

    // Where the set has a hole, the file may have zeros: its file system knows no holes, or only large ones.
    private bool HasHoles(string full, SetFile file)
    {
        using var opened = NativeFile.TryOpen(full, out _);
        if (opened is null) return false;
        long at = 0;
        foreach (SetRange range in file.Data)
        {
            if (!IsZero(opened, at, range.Start)) return false;
            at = range.Start + range.Bytes;
        }
        Debug.Assert(at <= file.Bytes, "the data of a file is within it");
        return IsZero(opened, at, file.Bytes);
    }

    private bool IsZero(NativeFile file, long at, long end)
    {
        while (at < end && NativeFile.TryFindData(file.Descriptor, at, out long data, out long hole))
        {
            for (at = data; at < Math.Min(hole, end);)
            {
                int read = file.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, Math.Min(hole, end) - at)), at);
                if (read == 0) return true;     // the file ends before
                if (_buffer.AsSpan(0, read).ContainsAnyExcept((byte)0)) return false;
                at += read;
            }
        }
        return true;
    }

    /// <summary>Removes a file, a link, or a folder with all that is in it.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The disk refuses.</exception>
    public static void Remove(string path)
    {
        Debug.Assert(Path.IsPathRooted(path), "the current directory decides nothing");
        bool isFolder = NativeFile.TryGetStatusOf(path, out NativeStatus status) && status.Kind == NativeKind.Folder;
        if (isFolder) Directory.Delete(path, recursive: true);
        else File.Delete(path);
    }
}
