using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// A chunk on its way in: bytes go to a temporary file, and only <see cref="TryCommit"/> gives it the chunk's name
/// (PROTOCOL 3). Owned by one download session, then perhaps kept as a doubtful copy. A disk that fails is a value:
/// <see cref="Error"/>.
/// </summary>
internal sealed class PartialChunk(string temporaryPath, string finalPath) : IDisposable
{
    private string _path = temporaryPath;
    private NativeFile? _file;
    private bool _isCreated;
    private bool _isDone;

    /// <summary>Bytes written so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why the disk refused, or null.</summary>
    public string? Error { get; private set; }

    /// <summary>Puts bytes behind those that are there; false, too, once it was disposed of.</summary>
    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (_isDone || !TryCreate() || !Succeeds(_file!.Write(bytes))) return false;
        Bytes += bytes.Length;
        return true;
    }

    /// <summary>Lets the kernel put what a socket has received behind the bytes that are there.</summary>
    /// <param name="bytes">How many; 0 without an error: the peer's end of stream.</param>
    /// <param name="socketError">0, or the errno of receiving.</param>
    /// <returns>False if the disk refused.</returns>
    public bool TryMove(SplicePipe pipe, int socket, out int bytes, out int socketError)
    {
        (bytes, socketError) = (0, 0);
        if (_isDone || !TryCreate()) return false;
        pipe.Move(socket, _file!.Descriptor, out bytes, out socketError, out int fileError);
        Bytes += bytes;
        return Succeeds(fileError);
    }

    /// <summary>Makes it the chunk, in one step, in place of whatever has that name.</summary>
    public bool TryCommit()
    {
        if (_isDone || !TryCreate() || !TryRename(finalPath)) return false;
        _isDone = true;
        return true;
    }

    /// <summary>Puts it aside, so that another copy may arrive under the temporary name.</summary>
    public bool TryPutAside()
    {
        string aside = Path.ChangeExtension(_path, null) + ".doubt.part";
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
            var bufferA = new byte[64 * 1024];
            var bufferB = new byte[64 * 1024];
            for (long offset = 0; offset < Bytes;)
            {
                int bytes = RandomAccess.Read(a, bufferA, offset);
                if (bytes == 0 || RandomAccess.Read(b, bufferB, offset) != bytes) return false;
                if (!bufferA.AsSpan(0, bytes).SequenceEqual(bufferB.AsSpan(0, bytes))) return false;
                offset += bytes;
            }
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Removes the temporary file, if it is still one.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        if (_isDone) return;
        _isDone = true;
        // If the folder has gone, or may no longer be written, the next start clears it away.
        if (_isCreated) NativeFile.Delete(_path);
    }

    private bool TryCreate()
    {
        if (_isCreated) return true;
        _file = NativeFile.TryCreate(_path, out int error);
        return _isCreated = Succeeds(error);
    }

    private bool TryRename(string path) => Succeeds(_file!.Close()) && Succeeds(NativeFile.Rename(_path, path));

    private bool Succeeds(int error)
    {
        if (error != 0) Error = LibC.ErrorText(error);
        return error == 0;
    }
}
