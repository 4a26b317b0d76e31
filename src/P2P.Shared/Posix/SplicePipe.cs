using System;
using System.Runtime.InteropServices;

namespace P2P.Posix;

/// <summary>
/// Moves bytes from sockets to files without bringing them into this process: the kernel hands the pages of what was
/// received on, and copies them once, into the file's. Empty between two moves, so that one serves all. The pipe is
/// made when it is first needed; where the kernel or the file system can't do it, <see cref="IsUsable"/> becomes false.
/// </summary>
public sealed unsafe class SplicePipe : IDisposable
{
    private const int WantedBytes = 1 << 20;        // as much as any user's pipe may hold
    private int _reader = -1, _writer = -1;
    private int _bytesMax;

    /// <summary>Whether it is worth trying.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>Moves what a socket has received, as much as fits the pipe, to where a file is written next.</summary>
    /// <param name="bytes">Moved; 0 without an error: the peer's end of stream.</param>
    /// <param name="socketError">0, or the errno of receiving.</param>
    /// <param name="fileError">0, or the errno of writing.</param>
    public void Move(int socket, int file, out int bytes, out int socketError, out int fileError)
    {
        bytes = fileError = 0;
        if ((socketError = Open()) != 0) return;
        nint moved = LibC.splice(socket, null, _writer, null, _bytesMax, LibC.SPLICE_F_MOVE | LibC.SPLICE_F_NONBLOCK);
        if (moved < 0)
        {
            socketError = Unusable(Marshal.GetLastPInvokeError());
            return;
        }
        while (bytes < moved && fileError == 0)
        {
            nint written = LibC.splice(_reader, null, file, null, moved - bytes, LibC.SPLICE_F_MOVE);
            if (written > 0) bytes += (int)written;
            else if (written == 0) fileError = LibC.EIO;
            else if (Marshal.GetLastPInvokeError() is not LibC.EINTR and var error) fileError = error;
        }
        if (fileError == LibC.EINVAL) fileError = CopyRest(file, (int)moved, ref bytes);
        if (fileError != 0) Dispose();      // with what is left in it
    }

    /// <summary>Gives its descriptors back; it may be used again.</summary>
    public void Dispose()
    {
        if (_reader < 0) return;
        LibC.close(_reader);
        LibC.close(_writer);
        _reader = _writer = -1;
    }

    // Without descriptors, or in an old kernel, everything goes the ordinary way.
    private int Open()
    {
        if (_reader >= 0) return 0;
        int* ends = stackalloc int[2];
        if (LibC.pipe2(ends, LibC.O_CLOEXEC) < 0)
        {
            IsUsable = false;
            return LibC.EAGAIN;
        }
        (_reader, _writer) = (ends[0], ends[1]);
        _bytesMax = LibC.fcntl(_writer, LibC.F_SETPIPE_SZ, WantedBytes);
        if (_bytesMax < 0) _bytesMax = LibC.fcntl(_writer, LibC.F_GETPIPE_SZ, 0);
        return 0;
    }

    private int Unusable(int error)
    {
        if (error != LibC.EINVAL) return error;
        IsUsable = false;
        return LibC.EAGAIN;
    }

    // A file system that can't take pages: what is in the pipe is written as usual, and nothing is put into it again.
    private int CopyRest(int file, int moved, ref int bytes)
    {
        IsUsable = false;
        byte* buffer = stackalloc byte[4096];
        while (bytes < moved)
        {
            nint read = LibC.read(_reader, buffer, Math.Min(4096, moved - bytes));
            if (read <= 0) return LibC.EIO;
            for (nint written = 0; written < read;)
            {
                nint result = LibC.write(file, buffer + written, read - written);
                if (result >= 0) written += result;
                else if (Marshal.GetLastPInvokeError() is not LibC.EINTR and var error) return error;
            }
            bytes += (int)read;
        }
        return 0;
    }
}
