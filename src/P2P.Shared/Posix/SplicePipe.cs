using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace P2P.Posix;

/// <summary>How a move of bytes from a socket to a file ended.</summary>
public enum SpliceEnd
{
    /// <summary>Bytes were moved, or the disk refused.</summary>
    Moved,

    /// <summary>The socket has no bytes now, or the pipe has just turned out to be unusable.</summary>
    WouldBlock,

    /// <summary>The peer has ended the stream.</summary>
    PeerEnded,

    /// <summary>The connection has failed.</summary>
    Failed,
}

/// <summary>
/// Moves bytes from sockets to files without bringing them into this process: the kernel passes the pages of received
/// packets on, and copies them once, into the file's. The pipe is empty between two moves, so that one pipe serves all
/// connections. It is made when it is first needed; where the kernel or the file system can't splice,
/// <see cref="IsUsable"/> becomes false.
/// </summary>
public sealed unsafe class SplicePipe : IDisposable
{
    private const int WantedBytes = 1 << 20;        // as much as any user's pipe may hold
    private SafeFileHandle? _reader, _writer;
    private int _bytesMax;

    /// <summary>True until a move has shown that the kernel or the file system can't do it.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Moves what a socket has received, as much as fits the pipe, to where a file is written next.</summary>
    /// <param name="countMax">Most bytes to move.</param>
    /// <param name="bytes">Moved.</param>
    /// <param name="fileError">0, or the errno of writing.</param>
    public SpliceEnd Move(int socket, int file, int countMax, out int bytes, out int fileError)
    {
        Debug.Assert(countMax > 0, "a move of no bytes would look like the end of the stream");
        Debug.Assert(IsUsable && socket >= 0 && file >= 0, "the pipe is usable, and both ends are open");
        bytes = fileError = 0;
        if (!TryOpen()) return SpliceEnd.WouldBlock;
        nint moved = LibC.splice(
            socket, null, Writer, null, Math.Min(countMax, _bytesMax), LibC.SPLICE_F_MOVE | LibC.SPLICE_F_NONBLOCK);
        if (moved <= 0) return moved == 0 ? SpliceEnd.PeerEnded : OnFailure(Marshal.GetLastPInvokeError());
        while (bytes < moved && fileError == 0)
        {
            nint written = LibC.splice(Reader, null, file, null, moved - bytes, LibC.SPLICE_F_MOVE);
            if (written > 0) bytes += (int)written;
            else if (written == 0) fileError = LibC.EIO;
            else if (Marshal.GetLastPInvokeError() is not LibC.EINTR and var error) fileError = error;
        }
        if (fileError == LibC.EINVAL) fileError = CopyRest(file, (int)moved, ref bytes);
        if (fileError != 0) Dispose();      // the bytes that are left in the pipe go with it
        Debug.Assert(fileError != 0 || bytes == moved, "the pipe is empty between two moves");
        return SpliceEnd.Moved;
    }

    /// <summary>Closes the pipe; the next move makes a new one.</summary>
    public void Dispose()
    {
        _reader?.Dispose();
        _writer?.Dispose();
        _reader = _writer = null;
    }

    private int Reader => (int)_reader!.DangerousGetHandle();

    private int Writer => (int)_writer!.DangerousGetHandle();

    // Without descriptors, or in an old kernel, everything goes the ordinary way.
    private bool TryOpen()
    {
        if (_reader is not null) return true;
        try
        {
            (int reader, int writer) = Pipe.Open(isNonBlocking: false);
            _reader = new SafeFileHandle(reader, ownsHandle: true);
            _writer = new SafeFileHandle(writer, ownsHandle: true);
        }
        catch (IOException)
        {
            return IsUsable = false;
        }
        _bytesMax = LibC.fcntl(Writer, LibC.F_SETPIPE_SZ, WantedBytes);
        if (_bytesMax < 0) _bytesMax = LibC.fcntl(Writer, LibC.F_GETPIPE_SZ, 0);
        return true;
    }

    private SpliceEnd OnFailure(int error)
    {
        IsUsable &= error != LibC.EINVAL;
        return error is LibC.EINVAL or LibC.EAGAIN or LibC.EINTR ? SpliceEnd.WouldBlock : SpliceEnd.Failed;
    }

    // The file system can't take pages: the bytes in the pipe are written as usual, and the pipe is not used again.
    private int CopyRest(int file, int moved, ref int bytes)
    {
        IsUsable = false;
        byte* buffer = stackalloc byte[4096];
        while (bytes < moved)
        {
            int read = RandomAccess.Read(_reader!, new Span<byte>(buffer, Math.Min(4096, moved - bytes)), 0);
            if (read == 0) return LibC.EIO;
            for (nint written = 0; written < read;)
            {
                nint result = LibC.write(file, buffer + written, read - written);
                if (result >= 0) written += result;
                else if (Marshal.GetLastPInvokeError() is not LibC.EINTR and var error) return error;
            }
            bytes += read;
        }
        Debug.Assert(bytes == moved, "the pipe held what was moved into it, and nothing else");
        return 0;
    }
}
