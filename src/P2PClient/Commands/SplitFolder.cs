using System;
using System.Collections.Generic;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// One of the folders that a split fills. A hidden file marks it until everything is there, so that a split that was
/// killed is told from a folder that is somebody's; and it is locked, as a client locks the folder that it works in.
/// </summary>
/// <param name="path">As the user named it.</param>
internal sealed class SplitFolder(string path)
{
    // A client that starts in the folder removes it as one of its own temporary files.
    private const string MarkName = ".chunk_split.part";
    private NativeFile? _lock;
    private bool _isNew, _isOurs;

    public string Path => path;

    /// <summary>Indexes of the chunks that it was dealt.</summary>
    public List<int> Chunks { get; } = [];

    /// <summary>An earlier split was killed before it came to this folder's list.</summary>
    public bool IsUnlisted => IsMarked && !File.Exists(PathOf(LocalChunksFile.FileName));

    private bool IsMarked => _lock is not null && File.Exists(PathOf(MarkName));

    public string PathOf(string name) => System.IO.Path.Combine(path, name);

    /// <summary>Makes the folder if it isn't there, and locks it.</summary>
    /// <exception cref="ProgramException">Another process uses it.</exception>
    /// <exception cref="IOException">It can't be made.</exception>
    public void Take()
    {
        bool isNew = !Directory.Exists(path);
        Directory.CreateDirectory(path);
        _lock = FolderLock.Take(path);
        _isNew = isNew;
    }

    /// <summary>Makes sure that no chunks of another file, or of another try, get between.</summary>
    /// <param name="isHalfMade">The split that has marked it was never finished: what it has made is removed.</param>
    /// <exception cref="ProgramException">There are chunks already.</exception>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Prepare(bool isHalfMade)
    {
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
                throw new ProgramException(ExitCode.Usage, "folder " + path + " holds " + name
                    + " already: remove the folder, or give another with -folder");
        }
        _isOurs = true;
        File.WriteAllBytes(PathOf(MarkName), []);
    }

    /// <summary>All is there.</summary>
    public void Finish()
    {
        File.Delete(PathOf(MarkName));
        _lock?.Dispose();
    }

    /// <summary>Leaves the folder as it was.</summary>
    public void Undo()
    {
        try
        {
            if (_isOurs) RemoveMade();
            if (_isNew) Directory.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder can't be written, which is what the user is told.
        }
        _lock?.Dispose();
    }

    // The mark goes last: what a kill leaves is still known for what it is.
    private void RemoveMade()
    {
        foreach (string each in Directory.GetFileSystemEntries(path))
        {
            string name = System.IO.Path.GetFileName(each);
            if (name != MarkName && (IsMade(name) || ChunkStore.IsTemporary(name))) File.Delete(each);
        }
        File.Delete(PathOf(MarkName));
    }

    // What a split makes, and nothing else: chunk_<index>, the list and the sums.
    private static bool IsMade(string name) => name is LocalChunksFile.FileName or ChunkSums.FileName
        || (name.StartsWith("chunk_", StringComparison.Ordinal) && name.Length > 6
            && !name.AsSpan(6).ContainsAnyExceptInRange('0', '9'));
}
