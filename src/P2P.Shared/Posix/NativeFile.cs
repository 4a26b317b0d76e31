using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace P2P.Posix;

/// <summary>How a send of a file's bytes ended.</summary>
public enum SendFileEnd
{
    Sent,

    /// <summary>The socket takes no more now.</summary>
    WouldBlock,

    /// <summary>The connection, or the file, has failed.</summary>
    Failed,
}

/// <summary>
/// One open file, opened by open(2) with results as values: for chunks, of which thousands a second are opened, written
/// and named. File.OpenHandle makes three more calls for each, for locks, and doesn't know files without a name.
/// </summary>
public sealed unsafe class NativeFile : IDisposable
{
    // O_TMPFILE contains O_DIRECTORY, which is another bit on arm64.
    private static readonly int UnnamedFlag =
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x404000 : 0x410000;

    // A file without a name gets one through its entry in that folder; a container may lack the folder, and a system
    // may forbid such links.
    private static bool _canBeNamed = Directory.Exists("/proc/self/fd");

    private readonly SafeFileHandle _handle;

    private NativeFile(int descriptor) => _handle = new SafeFileHandle(descriptor, ownsHandle: true);

    /// <summary>The file's size in bytes and when it was last written to, at the last
    /// <see cref="TryGetStatus"/>.</summary>
    public (long Bytes, DateTime Modified) Seen { get; private set; }

    /// <summary>False once the file system has turned out not to tell which part of a file is in memory.</summary>
    public bool KnowsCache { get; private set; } = true;

    /// <summary>The offset in the file that counts as 0: where the part begins that this object is about.</summary>
    public long Start { get; private init; }

    /// <summary>Other parts of the file are being written: when that was last tells nothing of this part.</summary>
    public bool IsShared { get; init; }

    /// <summary>The descriptor, while the file is open.</summary>
    public int Descriptor
    {
        get
        {
            Debug.Assert(!_handle.IsClosed, "the descriptor of a closed file may be another file's by now");
            return (int)_handle.DangerousGetHandle();
        }
    }

    /// <summary>Opens a file to read. Of a pipe that lies in the file's place, no writer is waited for.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryOpen(string path, out int error) =>
        TryOpen(path, LibC.O_RDONLY | LibC.O_NONBLOCK, out error);

    /// <summary>Opens a part of a file to read.</summary>
    /// <param name="isShared">As of <see cref="IsShared"/>.</param>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryOpenPart(string path, long start, bool isShared, out int error)
    {
        int descriptor = Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK, out error);
        return descriptor < 0 ? null : new NativeFile(descriptor) { Start = start, IsShared = isShared };
    }

    /// <summary>Opens a part of a file that is there, to write it and to read it again.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryOpenPartToWrite(string path, long start, out int error)
    {
        int descriptor = Open(path, LibC.O_RDWR, out error);
        if (descriptor < 0) return null;
        var file = new NativeFile(descriptor) { Start = start, IsShared = true };
        if (LibC.lseek(descriptor, start, LibC.SEEK_SET) == start) return file;
        error = Marshal.GetLastPInvokeError();
        file.Dispose();
        return null;
    }

    /// <summary>Opens a file to write and to read, or makes it.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryOpenOrCreate(string path, out int error) =>
        TryOpen(path, LibC.O_RDWR | LibC.O_CREAT, out error);

    /// <summary>Makes a new file to write and to read, or empties an existing one.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryCreate(string path, out int error) =>
        TryOpen(path, LibC.O_RDWR | LibC.O_CREAT | LibC.O_TRUNC, out error);

    /// <summary>Opens a file to append to it, or makes it.</summary>
    /// <param name="error">0, or the errno.</param>
    public static NativeFile? TryOpenToAppend(string path, out int error) =>
        TryOpen(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND, out error);

    /// <summary>Makes a new file to write and to read that has no name, and is gone when it is closed without
    /// one.</summary>
    /// <param name="error">0, or the errno: EOPNOTSUPP where files can't be without a name.</param>
    public static NativeFile? TryCreateUnnamed(string folder, out int error)
    {
        error = LibC.EOPNOTSUPP;
        NativeFile? file = _canBeNamed ? TryOpen(folder, LibC.O_RDWR | UnnamedFlag, out error) : null;
        if (error is LibC.EISDIR or LibC.EINVAL) error = LibC.EOPNOTSUPP;       // what older systems say
        return file;
    }

    /// <summary>Locks the file, or the folder that was opened, against other processes until it is closed.</summary>
    /// <param name="isTaken">Another process holds the lock; else the file system may know no such locks.</param>
    public bool TryLock(out bool isTaken)
    {
        int error = Error(LibC.flock(Descriptor, LibC.LOCK_EX | LibC.LOCK_NB));
        isTaken = error == LibC.EAGAIN;
        return error == 0;
    }

    /// <summary>Gives a file without a name its name, if that is still free.</summary>
    /// <returns>0, or the errno.</returns>
    public int Link(string path)
    {
        string entry = $"/proc/self/fd/{Descriptor}";
        int error = Error(LibC.linkat(LibC.AT_FDCWD, entry, LibC.AT_FDCWD, path, LibC.AT_SYMLINK_FOLLOW));
        // After any other error, later files have a name from the start.
        _canBeNamed &= error is 0 or LibC.EEXIST or LibC.ENOSPC or LibC.EDQUOT;
        return error;
    }

    /// <summary>Reads the size in bytes, and when the file was last written to.</summary>
    /// <returns>False unless it is a regular file.</returns>
    public bool TryGetStatus(out long bytes, out DateTime modified)
    {
        (bytes, modified) = (0, default);
        if (!NativeStatus.TryRead(Descriptor, "", LibC.AT_EMPTY_PATH, out NativeStatus status)) return false;
        if (status.Kind != NativeKind.File) return false;
        (bytes, modified) = (status.Bytes, status.Modified);
        Seen = (bytes, IsShared ? default : modified);
        return true;
    }

    /// <summary>Waits for bytes of stdin, whatever that is.</summary>
    /// <returns>The number of bytes; 0 at the end.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    public static int ReadStandardInput(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                // Of a pipe there are no offsets: -1 reads on, as read(2) does.
                var whole = new LibC.IoVector { Start = start, Bytes = buffer.Length };
                nint result = LibC.preadv2(LibC.StandardInput, &whole, 1, -1, 0);
                int error = Error((int)Math.Min(result, 0));
                if (error == 0) return (int)result;
                if (error != LibC.EINTR) throw new IOException(LibC.ErrorText(error));
            }
        }
    }

    /// <summary>Tells whether a descriptor is that of a regular file, and of no pipe, terminal or device.</summary>
    public static bool IsRegular(int descriptor) =>
        NativeStatus.TryRead(descriptor, "", LibC.AT_EMPTY_PATH, out NativeStatus status)
            && status.Kind == NativeKind.File;

    /// <summary>Reads what there is at a path; a link is not followed.</summary>
    public static bool TryGetStatusOf(string path, out NativeStatus status) =>
        NativeStatus.TryRead(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, out status);

    /// <summary>Finds the next part of the file that is no hole. Where the file system reports no holes, all is
    /// data.</summary>
    /// <returns>False if there is only a hole up to the end of the file.</returns>
    public static bool TryFindData(int descriptor, long offset, out long data, out long hole)
    {
        hole = long.MaxValue;
        data = LibC.lseek(descriptor, offset, LibC.SEEK_DATA);
        if (data < 0 && Marshal.GetLastPInvokeError() == LibC.ENXIO) return false;
        if (data >= 0) hole = LibC.lseek(descriptor, data, LibC.SEEK_HOLE);
        if (data < 0 || hole <= data) (data, hole) = (offset, long.MaxValue);
        return true;
    }

    /// <summary>Lets the kernel send bytes of the file, as many as a socket takes now: sendfile(2). Socket.SendFile
    /// takes a path, and waits until all is sent.</summary>
    /// <param name="socket">A descriptor that does not block.</param>
    /// <param name="sent">Bytes; 0 with success: the file ended before them.</param>
    public SendFileEnd SendTo(int socket, long offset, int count, out int sent)
    {
        Debug.Assert(offset >= 0 && count > 0, "there are bytes to send");
        offset += Start;
        nint result = LibC.sendfile(socket, Descriptor, &offset, count);
        sent = Math.Max((int)result, 0);
        if (result >= 0) return SendFileEnd.Sent;
        return Marshal.GetLastPInvokeError() is LibC.EAGAIN or LibC.EINTR ? SendFileEnd.WouldBlock : SendFileEnd.Failed;
    }

    /// <summary>Reads the bytes at an offset.</summary>
    /// <returns>The number of bytes; 0 at the end of the file, or if they can't be read.</returns>
    public int Read(Span<byte> buffer, long offset)
    {
        try
        {
            Debug.Assert(!buffer.IsEmpty && offset >= 0, "a read of 0 bytes would look like the end of the file");
            return RandomAccess.Read(_handle, buffer, Start + offset);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Reads the bytes at an offset as far as they are in memory, and waits for no disk. On a file system that
    /// has no such read (tmpfs, FUSE) the call reads as <see cref="Read"/> does.</summary>
    /// <returns>The number of bytes; 0 also where none of them is in memory.</returns>
    public int ReadCached(Span<byte> buffer, long offset)
    {
        Debug.Assert(offset >= 0, "no file has bytes below offset 0");
        fixed (byte* start = buffer)
        {
            var whole = new LibC.IoVector { Start = start, Bytes = buffer.Length };
            nint result = LibC.preadv2(Descriptor, &whole, 1, Start + offset, LibC.RWF_NOWAIT);
            if (result >= 0) return (int)result;
        }
        KnowsCache = Marshal.GetLastPInvokeError() == LibC.EAGAIN;
        return KnowsCache ? 0 : Read(buffer, offset);
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

    /// <summary>Hands the file over to .NET's file operations; nothing else is to be done with it here.</summary>
    public SafeFileHandle Release() => _handle;

    /// <summary>Closes the file. Some file systems report only now what has gone wrong, and SafeFileHandle would not
    /// say.</summary>
    /// <returns>0, or the errno.</returns>
    public int Close()
    {
        if (_handle.IsInvalid || _handle.IsClosed) return 0;
        int descriptor = Descriptor;
        _handle.SetHandleAsInvalid();
        return Error(LibC.close(descriptor));
    }

    /// <summary>Closes the file, if it is still open.</summary>
    public void Dispose() => Close();

    private static NativeFile? TryOpen(string path, int flags, out int error)
    {
        int descriptor = Open(path, flags, out error);
        return descriptor < 0 ? null : new NativeFile(descriptor);
    }

    private static int Open(string path, int flags, out int error)
    {
        int descriptor = LibC.open(path, flags | LibC.O_CLOEXEC, LibC.ModeOfNewFiles);
        error = Error(descriptor);
        return descriptor;
    }

    private static int Error(int result) => result < 0 ? Marshal.GetLastPInvokeError() : 0;
}
