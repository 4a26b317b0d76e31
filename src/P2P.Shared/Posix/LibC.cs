using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace P2P.Posix;

/// <summary>
/// The Linux calls that the programs make themselves, each with its reason: .NET has no public API for them, or one
/// that costs too much. The stubs that the compiler makes turn a path into UTF-8 with a zero at its end. Unless a
/// remark says otherwise, a call that fails returns -1, and the reason is in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class LibC
{
    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_CREAT = 0x40, O_TRUNC = 0x200, O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    public const int ModeOfNewFiles = 0b110_110_110;        // rw-rw-rw-, less the umask
    public const int AT_FDCWD = -100, AT_SYMLINK_FOLLOW = 0x400, AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    public const uint STATX_TYPE = 1, STATX_MODE = 2, STATX_MTIME = 0x40, STATX_SIZE = 0x200;
    public const int FileTypeMask = 0xF000, RegularFile = 0x8000;      // of a mode: S_IFMT and S_IFREG
    public const int FileIsFolder = 0x4000, FileIsLink = 0xA000;            // S_IFDIR and S_IFLNK
    public const int AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;
    public const int IPPROTO_TCP = 6;
    public const int EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, ENXIO = 6, EAGAIN = 11, EACCES = 13, EEXIST = 17;
    public const int ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, EFBIG = 27, ENOSPC = 28;
    public const int EPIPE = 32, ENAMETOOLONG = 36, ELOOP = 40, EOPNOTSUPP = 95, EDQUOT = 122;
    public const int SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2, SEEK_DATA = 3, SEEK_HOLE = 4;
    public const int F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032;
    public const uint SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2;
    public const int SIGINT = 2, SIGPIPE = 13, SIGTERM = 15, SIG_DFL = 0, SIG_IGN = 1;
    public const int StandardInput = 0, StandardOutput = 1;
    public const int WNOHANG = 1, RWF_NOWAIT = 8;
    public const int LOCK_EX = 2, LOCK_NB = 4;
    public const short POSIX_SPAWN_SETPGROUP = 2, POSIX_SPAWN_SETSIGDEF = 4;
    public const uint TIOCGPGRP = 0x540F, TIOCGWINSZ = 0x5413;
    public const short POLLOUT = 4;

    /// <summary>The reason of a failure, as the system words it.</summary>
    public static string ErrorText(int error)
    {
        Debug.Assert(error > 0, "a success has no reason");
        return new Win32Exception(error).Message;
    }

    /// <summary>struct pollfd.</summary>
    public struct PollFile
    {
        public int Descriptor;
        public short Events, HappenedEvents;
    }

    /// <summary>struct iovec.</summary>
    public struct IoVector
    {
        public void* Start;
        public nint Bytes;
    }

    /// <summary>struct statx, which is the same on every machine, up to the fields that our code reads; 256 bytes.
    /// </summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct FileStatus
    {
        public uint Mask, BlockBytes;
        public ulong Attributes;
        public uint Links, User, Group;
        public ushort Mode;
        public ulong Inode, Bytes, Blocks, KnownAttributes;
        public FileTime Accessed, Created, Changed, Modified;
    }

    /// <summary>struct statx_timestamp.</summary>
    public struct FileTime
    {
        public long Seconds;
        public uint Nanoseconds;
    }

    /// <summary>posix_spawnattr_t, as glibc's and musl's headers lay it out: all zero when it is initialised, with the
    /// fields that our code sets at its start, 336 bytes in all.</summary>
    public struct SpawnAttributes
    {
        public short Flags;
        public int ProcessGroup;
        public fixed ulong DefaultSignals[16];      // sigset_t
        public fixed ulong Rest[25];
    }

    // File.Open with FileMode.Append does not use O_APPEND (several writers would overwrite each other's lines), knows
    // no O_TMPFILE, and waits for a pipe that stands in a chunk's place.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int open(string path, int flags, int mode);

    // Gives a name to a file that has none.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int linkat(int fromFolder, string from, int toFolder, string to, int flags);

    // The log takes whole lines, each in one call, in a file opened with O_APPEND. On the terminal RandomAccess would
    // write at an offset of its own into a file that stdout was redirected to.
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, byte* bytes, nint count);

    // SafeFileHandle does not tell what some file systems say only when a file is closed.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    // Socket.SendFile takes a path, and waits until all is sent.
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendfile(int socket, int file, long* offset, nint count);

    // File.Copy copies whole files only.
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint copy_file_range(
        int from, long* fromOffset, int to, long* toOffset, nint count, uint flags);

    // AnonymousPipeServerStream would bring System.IO.Pipes along.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* ends, int flags);

    // Sets or reads the size of a pipe.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, nint argument);

    // Moves bytes from a socket to a file without bringing them into this process.
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint splice(int from, long* fromOffset, int to, long* toOffset, nint count, uint flags);

    // Reads the part of a file that is in memory, without waiting for the disk.
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint preadv2(int descriptor, IoVector* buffers, int count, long offset, int flags);

    // RandomAccess.GetLength and File.GetLastWriteTimeUtc make two calls of it, and bring 70 KB of time zones along.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int statx(int folder, string path, int flags, uint mask, FileStatus* status);

    // Finds holes (SEEK_DATA and SEEK_HOLE), and the length of the log, which fails for a pipe.
    [LibraryImport("libc", SetLastError = true)]
    public static partial long lseek(int descriptor, long offset, int whence);

    // The runtime has no name for AF_NETLINK, but takes a socket of that family.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int socket(int family, int type, int protocol);

    // Follows every link of a path; ResolveLinkTarget follows those of its last part. Returns null on failure.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial byte* realpath(string path, byte* resolved);

    // FileSystemInfo.LinkTarget brings 60 KB of dates along.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial nint readlink(string path, byte* target, nint bytesMax);

    // Restores SIGINT, which a script may have set to be ignored, and ignores SIGPIPE.
    [LibraryImport("libc", SetLastError = true)]
    public static partial nint signal(int number, nint handler);

    // Reads the width of the terminal, and its foreground process group: the Console class would cost 140 KB.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int descriptor, nuint request, void* argument);

    // Tells whether the terminal, or the log's pipe, takes any bytes.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollFile* files, nuint count, int milliseconds);

    // Locks a folder, which .NET can't open.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(int descriptor, int operation);

    // Starts a program beside the client: Process.Start would cost 100 KB. Returns the error, and leaves errno alone.
    [LibraryImport("libc")]
    public static partial int posix_spawn(
        int* process, byte* program, void* fileActions, SpawnAttributes* attributes, nint* arguments,
        nint* environment);

    // Ends a program that was started with posix_spawn, and what it has started.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int kill(int process, int signal);

    // Tells how a program that was started with posix_spawn has ended.
    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int process, int* status, int options);
}
