using System;
using System.Diagnostics;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace P2P.Client;

/// <summary>
/// A file that gets its name only when it is whole: it is written under a temporary name in the same folder, and then
/// renamed, so that no process ever sees half of it. Chunks that arrive have <see cref="PartialChunk"/>, whose failures
/// are values and whose file may have no name at all.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    private readonly string _path, _temporaryPath;
    private bool _isDone;

    /// <summary>Makes the file under its temporary name.</summary>
    /// <param name="path">Its final name.</param>
    /// <param name="share">With <see cref="FileShare.None"/> the file is locked, as a sign that its process
    /// lives.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    public AtomicFile(string path, FileShare share = FileShare.ReadWrite | FileShare.Delete)
    {
        (_path, _temporaryPath) = (path, TemporaryPath(path));
        while (true)
        {
            Handle = File.OpenHandle(_temporaryPath, FileMode.Create, FileAccess.ReadWrite, share);
            if (File.Exists(_temporaryPath)) return;
            Handle.Dispose();       // before the file was locked, another process has taken it for a leftover
        }
    }

    /// <summary>The file, to read and write.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>The name that this process gives a file until it is whole.</summary>
    public static string TemporaryPath(string path) =>
        Path.Combine(Path.GetDirectoryName(path)!, FolderStore.TemporaryName(Path.GetFileName(path)));

    /// <summary>Replaces a file, or makes it.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder can't be written.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        using var file = new AtomicFile(path);
        RandomAccess.Write(file.Handle, content, 0);
        file.Commit(overwrite: true);
    }

    /// <summary>Gives the file its name; it is still open.</summary>
    /// <exception cref="IOException">There is a file of that name which is not to be overwritten, or the folder can't
    /// be written.</exception>
    public void Commit(bool overwrite)
    {
        Debug.Assert(!_isDone, "a file gets its name once");
        File.Move(_temporaryPath, _path, overwrite);
        _isDone = true;
    }

    /// <summary>Closes the file, and removes it unless it has its name.</summary>
    public void Dispose()
    {
        Handle.Dispose();
        if (_isDone) return;
        _isDone = true;
        PartialChunk.TryDelete(_temporaryPath);
    }
}
