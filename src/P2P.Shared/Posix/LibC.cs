using System.Runtime.InteropServices;

namespace P2P.Posix;

/// <summary>
/// The Linux calls that .NET has no public API for. Signatures are blittable, so that no marshalling code is made; all
/// return -1 on failure, with the reason in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe class LibC
{
    public const int O_WRONLY = 1, O_CREAT = 0x40, O_APPEND = 0x400, O_CLOEXEC = 0x80000;
    public const int AF_UNIX = 1, AF_NETLINK = 16, SOCK_STREAM = 1, SOCK_DGRAM = 2;
    public const int SOCK_CLOEXEC = 0x80000, SOCK_NONBLOCK = 0x800;
    public const int CLOCK_MONOTONIC = 1, TFD_CLOEXEC = 0x80000;
    public const int EINTR = 4, EAGAIN = 11;
    public const int SIGINT = 2, SIG_DFL = 0;

    /// <summary>struct itimerspec: seconds and nanoseconds of the interval, then of the first expiry.</summary>
    public struct TimerSpec
    {
        public long IntervalSeconds, IntervalNanoseconds, Seconds, Nanoseconds;
    }

    /// <summary>struct dirent; the name ends in a zero byte.</summary>
    public struct DirectoryEntry
    {
        public ulong Inode;
        public long Offset;
        public ushort Length;
        public byte Kind;
        public fixed byte Name[256];
    }

    // File.Open with FileMode.Append does not use O_APPEND: several writers would overwrite each other's lines.
    [DllImport("libc", SetLastError = true)]
    public static extern int open(byte* path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    public static extern nint write(int descriptor, byte* bytes, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern nint read(int descriptor, byte* bytes, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int descriptor);

    // Socket.SendFile can't say how much it sent before the peer's buffer was full.
    [DllImport("libc", SetLastError = true)]
    public static extern nint sendfile(int socket, int file, long* offset, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern int socketpair(int family, int type, int protocol, int* descriptors);

    [DllImport("libc", SetLastError = true)]
    public static extern int timerfd_create(int clock, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int timerfd_settime(int descriptor, int flags, TimerSpec* time, TimerSpec* old);

    // Netlink has no address family in System.Net.Sockets.
    [DllImport("libc", SetLastError = true)]
    public static extern int socket(int family, int type, int protocol);

    [DllImport("libc", SetLastError = true)]
    public static extern nint send(int socket, byte* bytes, nint count, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern nint recv(int socket, byte* bytes, nint count, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern byte* realpath(byte* path, byte* resolved);

    [DllImport("libc", SetLastError = true)]
    public static extern nint opendir(byte* path);

    [DllImport("libc", SetLastError = true)]
    public static extern DirectoryEntry* readdir(nint directory);

    [DllImport("libc", SetLastError = true)]
    public static extern int closedir(nint directory);

    [DllImport("libc", SetLastError = true)]
    public static extern nint signal(int number, nint handler);
}
