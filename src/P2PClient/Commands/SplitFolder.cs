using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// One of the folders that a split fills. A hidden file marks the folder until all chunks are there, so that the next
/// split knows the files of a split that was killed from those of the user; and the folder is locked, as a client locks
/// the folder that it works in.
/// </summary>
/// <param name="path">As the user named it.</param>
internal sealed class SplitFolder(string path)
{
    // A client that starts in the folder removes the mark as one of its own temporary files.
    private const string MarkName = ".chunk_split.part";
    private NativeFile? _lock;
    private bool _isNew, _isOurs;

    public string Path => path;

    /// <summary>Indexes of the chunks that the folder was dealt.</summary>
    public List<int> Chunks { get; } = [];

    /// <summary>An earlier split was killed before it wrote this folder's list.</summary>
    public bool IsUnlisted => IsMarked && !File.Exists(PathOf(LocalChunksFile.FileName));

    private bool IsMarked => _lock is not null && File.Exists(PathOf(MarkName));

    public string PathOf(string name) => System.IO.Path.Combine(path, name);

    /// <summary>Makes the folder if it isn't there, and locks it.</summary>
    /// <exception cref="ProgramException">Another process uses it.</exception>
    /// <exception cref="IOException">It can't be made.</exception>
    public void Lock()
    {
        Debug.Assert(_lock is null, "a folder is locked once");
        bool isNew = !Directory.Exists(path);
        Directory.CreateDirectory(path);
        _lock = FolderLock.Take(path);
        _isNew = isNew;
    }

    /// <summary>Makes sure that the folder holds no chunks of another file, or of an earlier attempt.</summary>
    /// <param name="isHalfMade">The split that has marked the folder was not finished: its files are removed.</param>
    /// <exception cref="ProgramException">There are chunks already.</exception>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Prepare(bool isHalfMade)
    {
        Debug.Assert(_lock is not null, "the folder is locked first");
        if (isHalfMade && IsMarked)
        {
            Terminal.PrintError(
                $"P2PClient: folder {path} was left half made by an earlier split: it is made anew");
            RemoveMade();
        }
        foreach (string each in Directory.GetFileSystemEntries(path))
        {
            string name = System.IO.Path.GetFileName(each);
            if (IsMade(name) || name.StartsWith("chunk_", StringComparison.Ordinal))
                throw new ProgramException(ExitCode.Usage, $"folder {path} holds {name} already: remove the folder, or "
                    + "give another with -folder");
        }
        _isOurs = true;
        File.WriteAllBytes(PathOf(MarkName), []);
    }

    /// <summary>Removes the mark: the chunks and the list are there.</summary>
    public void Finish()
    {
        File.Delete(PathOf(MarkName));
        _lock?.Dispose();
    }

    /// <summary>Removes the files of this split, and the folder if it is new.</summary>
    public void Undo()
    {
        try
        {
            if (_isOurs) RemoveMade();
            if (_isNew) Directory.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder can't be written, which is what the user reads already.
        }
        _lock?.Dispose();
    }

    // The mark goes last: if the process is killed meanwhile, the next split still knows the files that are left.
    private void RemoveMade()
    {
        foreach (string each in Directory.GetFileSystemEntries(path))
        {
            string name = System.IO.Path.GetFileName(each);
            if (name != MarkName && (IsMade(name) || FolderStore.IsTemporary(name))) File.Delete(each);
        }
        File.Delete(PathOf(MarkName));
    }

    // True of the files that a split makes: chunk_<index>, the list and the sums.
    private static bool IsMade(string name) => name is LocalChunksFile.FileName or ChunkSums.FileName
        || (name.StartsWith("chunk_", StringComparison.Ordinal) && name.Length > 6
            && !name.AsSpan(6).ContainsAnyExceptInRange('0', '9'));
}
