using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// The file or folder that a client receives (-out): its chunks are written to their places under a temporary name,
/// <c>.name.part</c> beside the target, which gets its name when all are there. A client that is started again goes on
/// with the chunks that are right by their sums.
/// </summary>
internal sealed class TargetSet : IDisposable
{
    private const int NameBytesMax = 180;       // behind it come the numbers of second attempts
    private const int PermissionBits = 0b111_111_111;
    private readonly string _name, _path, _temporary;
    private readonly ChunkSums _sums;
    private readonly NativeFile? _lock;         // or the file itself, if it has no name
    private readonly bool _isNew;               // no chunk can be there

    /// <summary>Makes the temporary file or folder, or takes the one that is there, or a finished target.</summary>
    /// <param name="name">The target as the user named it.</param>
    /// <param name="path">Its full path.</param>
    /// <exception cref="ProgramException">The disk refuses, or another client is at it.</exception>
    public TargetSet(string name, string path, ChunkSums sums)
    {
        (_name, _path, _sums) = (name, path, sums);
        string beginning = FolderStore.Beginning(Path.GetFileName(path), NameBytesMax);
        _temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{beginning}.part");
        try
        {
            while (!(IsFinished = Exists(path)) && !TryTake(out _lock, out _isNew)) _lock?.Dispose();
            _isNew &= !IsFinished;
            if (!IsFinished) Make();
            Store = new PlacedStore(IsFinished ? path : _temporary, sums, isReadOnly: IsFinished);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Disk, $"can't write {name}: {DiskError.Describe(e)}; let this user "
                + "write there, make room, or give another with -out");
        }
    }

    /// <summary>Makes a file without a name in the current directory, for chunks that are to be written to stdout: it
    /// is gone when the program ends, however that happens.</summary>
    /// <exception cref="ProgramException">The disk refuses.</exception>
    public TargetSet(ChunkSums sums)
    {
        Debug.Assert(sums.Files is null, "a folder is no stream");
        (_name, _path, _temporary, _sums, _isNew) = ("", "", "", sums, true);
        _lock = NativeFile.TryCreateUnnamed(Environment.CurrentDirectory, out _);
        string entry = $"/proc/self/fd/{_lock?.Descriptor}";
        try
        {
            if (_lock is null) throw new IOException("its file system has no files without a name");
            MakeFile(entry, sums.TotalBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException(ExitCode.Disk, $"can't keep the chunks in {Environment.CurrentDirectory}: "
                + $"{DiskError.Describe(e)}; start in another folder, or give one with -folder");
        }
        Store = new PlacedStore(entry, sums, isReadOnly: false);
    }

    /// <summary>The chunks' places.</summary>
    public PlacedStore Store { get; }

    /// <summary>The chunks that <see cref="FindHeld"/> has found.</summary>
    public List<int> Held { get; } = [];

    /// <summary>The target has its name.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Reads what is there already, for chunks that are right: all of it may be.</summary>
    /// <param name="onRead">As of <see cref="ChunkSums.TrySum"/>.</param>
    /// <exception cref="ProgramException">A finished target is not what the chunks make.</exception>
    public void FindHeld(Action<long>? onRead)
    {
        byte[] buffer = new byte[256 * 1024];
        Debug.Assert(Held.Count == 0, "the chunks are looked for once");
        for (int chunkIndex = 1; chunkIndex <= _sums.ChunkCount && !_isNew; chunkIndex++)
        {
            if (IsHeld(chunkIndex, buffer, onRead)) Held.Add(chunkIndex);
        }
        if (IsFinished && !(Held.Count == _sums.ChunkCount && IsExact()))
            throw new ProgramException(ExitCode.Usage, OutputFile.DescribeTaken(_name));
    }

    /// <summary>A finished target of which all chunks are right has nothing that the set has not.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be read.</exception>
    public bool IsExact() => _sums.Files is null || new TargetTree(_path, _sums.Files).IsExact();

    /// <summary>Reads one chunk, if it can be there, and tells whether it is right.</summary>
    public bool IsHeld(int chunkIndex, byte[] buffer, Action<long>? onRead = null)
    {
        if (_isNew) return false;
        using NativeFile? chunk = Store.TryOpen(chunkIndex, out _);
        return chunk is not null && _sums.IsRight(chunkIndex, chunk, buffer, onRead);
    }

    /// <summary>Gives the target its name, when all chunks are there.</summary>
    /// <returns>False if something has got that name meanwhile.</returns>
    /// <exception cref="IOException">The disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">The disk refuses.</exception>
    public bool TryFinish()
    {
        Debug.Assert(!IsFinished, "the target gets its name once");
        if (Exists(_path)) return false;
        if (_sums.Files is { } files)
        {
            for (int i = files.All.Count - 1; i >= 0; i--) Complete(files.All[i]);      // a folder after what is in it
            Directory.Move(_temporary, _path);
        }
        else File.Move(_temporary, _path);
        Store.OnRenamed(_path);
        _lock?.Dispose();
        return IsFinished = true;
    }

    /// <summary>Lets another client take what is not finished.</summary>
    public void Dispose() => _lock?.Dispose();

    // Nothing is changed of what another client may be writing: that one is waited for. If it finishes meanwhile, the
    // lock is that of the target, and what is there is to be looked at again.
    private bool TryTake(out NativeFile? taken, out bool isNew)
    {
        bool isFolder = _sums.Files is not null;
        isNew = !Exists(_temporary);
        if (isNew && isFolder) Directory.CreateDirectory(_temporary);
        else if (isNew) MakeFile(_temporary, 0);
        taken = FolderLock.Take(_temporary, "-out");
        if (Exists(_path) || !Exists(_temporary)) return false;
        // Another set was a file, and this one is a folder, or the other way round.
        bool isRight = Directory.Exists(_temporary) == isFolder;
        if (!isRight) TargetTree.Remove(_temporary);
        return isRight;
    }

    private void Make()
    {
        RemoveLeftovers();
        if (_sums.Files is null)
        {
            MakeFile(_temporary, _sums.TotalBytes);
            return;
        }
        new TargetTree(_temporary, _sums.Files).Clean();
        foreach (SetFile file in _sums.Files.All)
        {
            string path = Path.Combine(_temporary, file.Path);
            if (file.Kind == SetFileKind.Folder) Directory.CreateDirectory(path);
            else if (file.Kind == SetFileKind.File) MakeFile(path, file.Bytes);
        }
    }

    // Second attempts at chunks have a name where the file system knows no files without one.
    private void RemoveLeftovers()
    {
        string start = $".{Path.GetFileName(_temporary)}.", end = ".part";
        foreach (string path in Directory.GetFileSystemEntries(Path.GetDirectoryName(_temporary)!))
        {
            ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
            if (name.Length <= start.Length + end.Length || !name.StartsWith(start) || !name.EndsWith(end)) continue;
            if (!name[start.Length..^end.Length].ContainsAnyExcept("0123456789.")) PartialChunk.TryDelete(path);
        }
    }

    private static bool Exists(string path) => NativeFile.TryGetStatusOf(path, out _);

    private static void MakeFile(string path, long bytes)
    {
        // File.OpenHandle would ask for a lock, which this client has already.
        using NativeFile file = NativeFile.TryOpenOrCreate(path, out int error)
            ?? throw new IOException(LibC.ErrorText(error));
        if (!file.TryGetStatus(out long before, out _) || before != bytes) FileCopy.SetLength(file.Release(), bytes);
    }

    private void Complete(SetFile file)
    {
        string path = Path.Combine(_temporary, file.Path);
        bool isLink = file.Kind == SetFileKind.Link;
        if (isLink && RealPath.TargetOf(path) is null) File.CreateSymbolicLink(path, file.Target);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddTicks(file.Modified));     // does not follow a link
        // Whoever sends a set decides nothing but who may read, write and execute.
        if (!isLink && OperatingSystem.IsLinux())
            File.SetUnixFileMode(path, (UnixFileMode)(file.Mode & PermissionBits));
    }
}
