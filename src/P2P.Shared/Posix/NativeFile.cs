using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace P2P.Posix;

/// <summary>What sending bytes of a file came to.</summary>
public enum SendFileEnd
{
    Sent,

    /// <summary>The socket takes no more now.</summary>
    WouldBlock,

    /// <summary>The connection, or the file, has failed.</summary>
    Failed,
}

/// <summary>
/// One open file, by the bare calls with results as values: for chunks, of which thousands a second are opened, written
/// and renamed. File.OpenHandle and File.Move make five more calls for each (locks, and looks at the file system).
/// </summary>
public sealed unsafe class NativeFile : IDisposable
{
    // struct stat, alike in these places on x86-64 and arm64.
    private const int StatBytesMax = 256, StatSize = 48, StatModified = 88;
    private const int ModeOfNewFiles = 0b110_110_110;       // rw-rw-rw-, less the umask

    // O_TMPFILE contains O_DIRECTORY, which is another bit on arm64.
    private static readonly int _unnamed = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x404000 : 0x410000;

    // A file without a name gets one through its entry there; a container may be without, a system may forbid it.
    private static bool _canBeNamed = Exists("/proc/self/fd");

    private NativeFile(int descriptor) => Descriptor = descriptor;

    /// <summary>The descriptor; -1 once it is closed.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Opens a file to read. A pipe that somebody put in its place is not waited for.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryOpen(string path, out int error) => TryOpen(path, LibC.O_RDONLY | LibC.O_NONBLOCK, out error);

    /// <summary>Makes a new file to write, or empties the one that is there.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryCreate(string path, out int error) =>
        TryOpen(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_TRUNC, out error);

    /// <summary>Makes a new file to write that has no name, and is gone when it is closed without one.</summary>
    /// <param name="error">0, or the errno: EOPNOTSUPP where there is no such thing.</param>
    public static NativeFile? TryCreateUnnamed(string folder, out int error)
    {
        error = LibC.EOPNOTSUPP;
        NativeFile? file = _canBeNamed ? TryOpen(folder, LibC.O_WRONLY | _unnamed, out error) : null;
        if (error is LibC.EISDIR or LibC.EINVAL) error = LibC.EOPNOTSUPP;       // what older systems say
        return file;
    }

    /// <summary>Gives it a name, if that is still free.</summary>
    /// <returns>0, or the errno.</returns>
    public int Link(string path)
    {
        fixed (byte* entry = Encoding.UTF8.GetBytes($"/proc/self/fd/{Descriptor}\0"), name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            int error = Error(LibC.linkat(LibC.AT_FDCWD, entry, LibC.AT_FDCWD, name, LibC.AT_SYMLINK_FOLLOW));
            _canBeNamed &= error is 0 or LibC.EEXIST or LibC.ENOSPC or LibC.EDQUOT;     // else the next one has a name from the start
            return error;
        }
    }

    /// <summary>Gives a file another name, in place of whatever has that.</summary>
    /// <returns>0, or the errno.</returns>
    public static int Rename(string from, string to)
    {
        fixed (byte* old = Encoding.UTF8.GetBytes(from + '\0'), next = Encoding.UTF8.GetBytes(to + '\0'))
            return Error(LibC.rename(old, next));
    }

    /// <summary>Removes a file.</summary>
    /// <returns>0, or the errno.</returns>
    public static int Delete(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0')) return Error(LibC.unlink(name));
    }

    /// <summary>Its size in bytes, and when it was last written to, in nanoseconds.</summary>
    /// <returns>False if that can't be told.</returns>
    public bool TryLook(out long bytes, out Int128 modified)
    {
        byte* stat = stackalloc byte[StatBytesMax];
        bool isTold = LibC.fstat(Descriptor, stat) == 0;
        bytes = isTold ? *(long*)(stat + StatSize) : 0;
        long* time = (long*)(stat + StatModified);
        modified = isTold ? (Int128)time[0] * 1_000_000_000 + time[1] : 0;
        return isTold;
    }

    /// <summary>Lets the kernel send bytes of the file, as many as a socket takes now: sendfile(2). Socket.SendFile takes
    /// a path, and waits until all is sent.</summary>
    /// <param name="socket">A descriptor that does not block.</param>
    /// <param name="sent">Bytes; 0 with success: the file ended before them.</param>
    public SendFileEnd SendTo(int socket, long offset, int count, out int sent)
    {
        nint result = LibC.sendfile(socket, Descriptor, &offset, count);
        sent = Math.Max((int)result, 0);
        if (result >= 0) return SendFileEnd.Sent;
        return Marshal.GetLastPInvokeError() is LibC.EAGAIN or LibC.EINTR ? SendFileEnd.WouldBlock : SendFileEnd.Failed;
    }

    /// <summary>Reads what stands at an offset.</summary>
    /// <returns>Bytes; 0 at the end, or if it can't be read.</returns>
    public int Read(Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer) return Math.Max((int)LibC.pread(Descriptor, start, buffer.Length, offset), 0);
    }

    /// <summary>Reads what comes next.</summary>
    /// <returns>Bytes; 0 at the end, or if it can't be read.</returns>
    public int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer) return Math.Max((int)LibC.read(Descriptor, start, buffer.Length), 0);
    }

    /// <summary>Writes all of the bytes behind those written before.</summary>
    /// <returns>0, or the errno.</returns>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int written = 0; written < bytes.Length;)
            {
                nint result = LibC.write(Descriptor, start + written, bytes.Length - written);
                if (result >= 0) written += (int)result;
                else if (Marshal.GetLastPInvokeError() is not LibC.EINTR and var error) return error;
            }
        }
        return 0;
    }

    /// <summary>Hands the descriptor over to .NET's file operations.</summary>
    public SafeFileHandle Release()
    {
        var handle = new SafeFileHandle(Descriptor, ownsHandle: true);
        Descriptor = -1;
        return handle;
    }

    /// <summary>Closes it; some file systems tell only now what has gone wrong.</summary>
    /// <returns>0, or the errno.</returns>
    public int Close()
    {
        int descriptor = Descriptor;
        Descriptor = -1;
        return descriptor < 0 ? 0 : Error(LibC.close(descriptor));
    }

    /// <summary>Closes it, if it is still open.</summary>
    public void Dispose() => Close();

    private static NativeFile? TryOpen(string path, int flags, out int error)
    {
        int descriptor;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0')) descriptor = LibC.open(name, flags | LibC.O_CLOEXEC, ModeOfNewFiles);
        error = Error(descriptor);
        return descriptor < 0 ? null : new NativeFile(descriptor);
    }

    private static bool Exists(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0')) return LibC.access(name, LibC.F_OK) == 0;
    }

    private static int Error(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;
}
