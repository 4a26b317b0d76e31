using System;
using System.Diagnostics;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// A chunk on its way in: bytes go to a temporary file, and only <see cref="TryCommit"/> gives it the chunk's name
/// (PROTOCOL 3.3). Bytes that are the whole chunk at once go to a file without any name, which costs less, where
/// the file system has such files. One download session owns a partial chunk, and may keep it as a doubtful copy. The
/// failure of a disk is a value: <see cref="Error"/>.
/// </summary>
/// <param name="place">Where the chunk belongs in the file at <paramref name="finalPath"/>, which is there and is its
/// temporary file, too: the copy has no name of its own. Null: the whole file is the chunk.</param>
internal sealed class PartialChunk(string temporaryPath, string finalPath, long? place = null) : IDisposable
{
    private const int CompareBytes = 64 * 1024;
    private string _path = temporaryPath;
    private NativeFile? _file;
    private bool _isCreated;
    private bool _hasName = true;       // the temporary one, once it is created
    private bool _isDone;

    /// <summary>The bytes go to where they belong, and are the chunk's as soon as they are known to be right.</summary>
    public bool IsInPlace => place is not null;

    /// <summary>The copy never gets the chunk's name, but is copied to its place: it has no name at all, so that a
    /// killed process leaves nothing, where the file system has such files.</summary>
    public bool IsForPlace { get; init; }

    /// <summary>Bytes written so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why the disk refused, or null.</summary>
    public string? Error { get; private set; }

    /// <summary>Appends bytes.</summary>
    /// <returns>False if the disk refused, or after <see cref="Dispose"/>.</returns>
    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(!bytes.IsEmpty, "a read without bytes is an end, not a part of the chunk");
        if (_isDone || !TryCreate() || !Succeeds(_file!.Write(bytes))) return false;
        Bytes += bytes.Length;
        return true;
    }

    /// <summary>Writes all bytes of the chunk at once.</summary>
    public bool TryWriteWhole(ReadOnlySpan<byte> bytes)
    {
        if (!_isDone && !_isCreated && !IsInPlace) _isCreated = TryCreateUnnamed();
        return TryWrite(bytes);
    }

    /// <summary>Lets the kernel append the bytes that a socket has received.</summary>
    /// <param name="countMax">Most bytes to append, at least 1.</param>
    /// <param name="bytes">The number of bytes appended.</param>
    /// <returns>False if the disk refused.</returns>
    public bool TryMove(SplicePipe pipe, int socket, int countMax, out int bytes, out SpliceEnd end)
    {
        (bytes, end) = (0, SpliceEnd.Failed);
        if (_isDone || !TryCreate()) return false;
        Debug.Assert(_hasName || IsForPlace, "a chunk that comes in parts has a temporary name");
        end = pipe.Move(socket, _file!.Descriptor, countMax, out bytes, out int fileError);
        Bytes += bytes;
        return Succeeds(fileError);
    }

    /// <summary>Reads the bytes written last into a check: those that have not come into this process.</summary>
    /// <returns>False if there are too many for the chunk, or if they can't be read.</returns>
    public bool TryCheckLast(ChunkCheck check, int count)
    {
        Debug.Assert(count <= Bytes && !_isDone, "so many bytes were written");
        Span<byte> buffer = stackalloc byte[Limits.BufferBytes];
        for (int bytes; count > 0; count -= bytes)
        {
            bytes = _file!.Read(buffer[..Math.Min(count, buffer.Length)], Bytes - count);
            if (bytes == 0 || !check.TryAdd(buffer[..bytes])) return false;
        }
        return true;
    }

    /// <summary>Gives the file the chunk's name in one step; a file that has this name is replaced.</summary>
    public bool TryCommit()
    {
        if (_isDone || !TryCreate()) return false;
        Debug.Assert(_file is not null, "the copy was created");
        if (IsInPlace) return _isDone = Succeeds(_file.Close());
        if (!_hasName && !TryLink()) return false;
        if (_hasName && !TryRename(finalPath)) return false;
        _isDone = true;
        return true;
    }

    /// <summary>Copies a copy that is whole to where it belongs, and removes it.</summary>
    public bool TryCopyTo(string path, long offset)
    {
        Debug.Assert(IsForPlace, "the file may be read");
        if (_isDone || !TryCreate()) return false;
        try
        {
            // File.OpenHandle would ask for a lock, which this client has on the target already.
            using NativeFile target = NativeFile.TryOpenPartToWrite(path, 0, out int error)
                ?? throw new IOException(LibC.ErrorText(error));
            FileCopy.CopyAll(_file!.Release(), target.Release(), offset, Bytes);
            Dispose();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error = DiskError.Describe(e);
            return false;
        }
    }

    /// <summary>Puts the copy aside, so that another one may arrive under the temporary name.</summary>
    public bool TryPutAside()
    {
        string aside = $"{Path.ChangeExtension(_path, null)}.doubt.part";
        if (!TryCreate() || !TryRename(aside)) return false;
        _path = aside;
        return true;
    }

    /// <summary>Compares two copies byte for byte.</summary>
    public bool IsSameAs(PartialChunk other)
    {
        if (Bytes != other.Bytes) return false;
        if (Bytes == 0) return true;        // there may be no file yet
        try
        {
            using SafeFileHandle a = File.OpenHandle(_path), b = File.OpenHandle(other._path);
            return FileCopy.AreSame(a, 0, b, 0, Bytes, (new byte[CompareBytes], new byte[CompareBytes]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Closes the file, and removes it unless it has the chunk's name.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        if (_isDone) return;
        _isDone = true;
        // If the folder can't be written any more, the next start removes the file.
        if (_isCreated && _hasName && !IsInPlace) TryDelete(_path);
    }

    private bool TryCreateUnnamed()
    {
        _file = NativeFile.TryCreateUnnamed(Path.GetDirectoryName(_path)!, out _);
        _hasName = _file is null;
        return !_hasName;
    }

    // A file that has the chunk's name already can only be replaced by a file with a name.
    private bool TryLink()
    {
        int error = _file!.Link(finalPath);
        if (error == LibC.EEXIST)
        {
            TryDelete(_path);
            error = _file.Link(_path);
            _hasName = error == 0;
        }
        return Succeeds(error) && (_hasName || Succeeds(_file.Close()));
    }

    private bool TryCreate()
    {
        if (_isCreated || (IsForPlace && TryCreateUnnamed())) return _isCreated = true;
        int error;
        _file = place is { } start
            ? NativeFile.TryOpenPartToWrite(_path, start, out error)
            : NativeFile.TryCreate(_path, out error);
        return _isCreated = Succeeds(error);
    }

    private bool TryRename(string path)
    {
        if (!Succeeds(_file!.Close())) return false;
        try
        {
            File.Move(_path, path, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Error = DiskError.Describe(e);
            return false;
        }
    }

    internal static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The same obstacle stops the next operation on the folder, whose failure is reported.
        }
    }

    /// <summary>Notes the end of an operation on the disk.</summary>
    /// <param name="error">0, or the errno.</param>
    public bool Succeeds(int error)
    {
        if (error != 0) Error = LibC.ErrorText(error);
        return error == 0;
    }
}
