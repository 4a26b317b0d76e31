using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using P2P.Posix;

namespace P2P.Logging;

/// <summary>
/// The file, or pipe, to which several processes append whole lines, each by one <c>write</c> (PROTOCOL 5.1). Once a
/// second, before a write, the path is opened again, so that a file that was removed or renamed, or whose folder was,
/// is made anew. All processes that do so at the same time get one file. An unchanged file is opened again as well: a
/// look at its inode would cost as much. A line never begins behind a torn line, whichever process tore that, and no
/// call waits long for a pipe's reader. Hot: allocates nothing, except where other processes have written.
/// </summary>
internal sealed unsafe class AppendedFile
{
    private const int LookMilliseconds = 1000;
    private const int LooksMax = 4;

    // The reader of a pipe may lag behind; a reader that has stopped holds this process up for so long, once.
    private const int ReaderMilliseconds = 100;

    // PIPE_BUF: a write of so many bytes goes into a pipe as a whole or not at all, and no line of another process gets
    // between them.
    private const int PipeBytes = 4096;

    private readonly string _path;          // as it was given: it leads on from a current directory that was renamed
    private readonly string _fullPath;      // leads to a current directory that was replaced
    private int _file = -1;
    private bool _isPipe;                   // or a terminal: any file that has no position
    private bool _isTorn;                   // the last line in the file is not whole
    private bool _isStalled;                // the reader of the pipe does not keep up
    private long _nextLook;

    private AppendedFile(string path)
    {
        _path = path;
        int error = OpenFile(_path);
        if (error != 0) throw new IOException(LibC.ErrorText(error));
        _fullPath = Path.GetFullPath(path);
    }

    /// <summary>Opens or creates the file. A pipe without a reader is opened as well.</summary>
    /// <exception cref="IOException">The file can't be opened; the message is the system's reason.</exception>
    public static AppendedFile Open(string path) => new(path);

    /// <summary>Appends lines.</summary>
    /// <param name="lines">A line end, which is only written behind a torn line, and then whole lines.</param>
    /// <returns>0, or the errno by which lines were lost: EAGAIN or EPIPE where a pipe has no reader.</returns>
    public int Append(ReadOnlySpan<byte> lines)
    {
        Debug.Assert(lines.Length > 1 && lines[0] == (byte)'\n' && lines[^1] == (byte)'\n', "whole lines are appended");
        int lookError = 0;
        long now = Environment.TickCount64;
        if (now >= _nextLook)
        {
            _nextLook = now + LookMilliseconds;
            lookError = OpenFile(_fullPath);
            if (lookError != 0 && _path != _fullPath && OpenFile(_path) == 0) lookError = 0;
        }
        int error = Write(_isTorn ? lines : lines[1..]);
        if (error != 0) return error;
        // The file that was open stays in use; where no descriptor is left, the next look will do as well.
        return lookError is LibC.EMFILE or LibC.ENFILE ? 0 : lookError;
    }

    private int Write(ReadOnlySpan<byte> lines)
    {
        fixed (byte* start = lines)
        {
            for (int written = 0; written < lines.Length;)
            {
                int count = _isPipe ? MeasurePortion(lines[written..]) : lines.Length - written;
                Debug.Assert(count > 0 && count <= lines.Length - written, "a portion is a part of the lines");
                nint result = LibC.write(_file, start + written, count);
                if (result > 0)
                {
                    written += (int)result;
                    _isTorn = lines[written - 1] != (byte)'\n';
                    _isStalled = false;
                    continue;
                }
                int error = Marshal.GetLastPInvokeError();
                if (error != LibC.EINTR && !(error == LibC.EAGAIN && WaitForReader())) return error;
            }
        }
        return 0;
    }

    // Returns the length of as many whole lines as go into a pipe in one piece; of one line, if that is longer.
    private static int MeasurePortion(ReadOnlySpan<byte> lines)
    {
        if (lines.Length <= PipeBytes) return lines.Length;
        int last = lines[..PipeBytes].LastIndexOf((byte)'\n');
        return 1 + (last >= 0 ? last : lines.IndexOf((byte)'\n'));
    }

    private bool WaitForReader()
    {
        if (_isStalled) return false;
        var poll = new LibC.PollFile { Descriptor = _file, Events = LibC.POLLOUT };
        _isStalled = LibC.poll(&poll, 1, ReaderMilliseconds) == 0;
        return !_isStalled;
    }

    // Opens the path in place of the file that was open until now, which stays open on failure. Returns 0, or the
    // errno.
    private int OpenFile(string path)
    {
        // A pipe must neither hold up the start, until a reader opens it, nor the program when its reader stops.
        const int flags = LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC | LibC.O_NONBLOCK;
        int file = LibC.open(path, flags, LibC.ModeOfNewFiles);
        int error = file < 0 ? Marshal.GetLastPInvokeError() : 0;
        if (error == LibC.ENXIO)
        {
            // A pipe without a reader can be opened while this process reads it; a socket can't.
            int reader = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
            if (reader >= 0) file = LibC.open(path, flags, 0);
            if (reader >= 0) LibC.close(reader);
        }
        if (file < 0) return error;
        // The old descriptor stands behind the last bytes that this process wrote, or saw.
        long known = _file < 0 ? 0 : LibC.lseek(_file, 0, LibC.SEEK_CUR);
        if (_file >= 0) LibC.close(_file);
        _file = file;
        long length = LibC.lseek(file, 0, LibC.SEEK_END);
        _isPipe = length < 0;
        if (!_isPipe && length != known) _isTorn = length > 0 && EndsTorn(path, length);
        return 0;
    }

    // The writer of the last line may have been killed in the middle, or the disk was full.
    private bool EndsTorn(string path, long length)
    {
        int descriptor = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC | LibC.O_NONBLOCK, 0);
        if (descriptor < 0) return _isTorn;         // a file that may only be written
        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            // While another process's write of several pages is on its way, its first pages can be seen already. If
            // that write is done when the byte has been read (XFS), the line that looked torn is not the last one.
            // Most file systems wait for the write when they look for the hole behind the last byte.
            Span<byte> last = stackalloc byte[1];
            for (int looks = 0; looks < LooksMax; looks++)
            {
                long end = LibC.lseek(_file, length - 1, LibC.SEEK_HOLE);
                if (end <= 0 || RandomAccess.Read(file, last, end - 1) == 0 || last[0] == (byte)'\n') return false;
                length = LibC.lseek(_file, 0, LibC.SEEK_END);
                if (length == end) return true;
            }
            return false;       // other processes write all the time, and each of them looks as well
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return _isTorn;
        }
    }
}
