using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;

namespace P2P.Benchmarks.Support;

/// <summary>
/// The Linux calls that the benchmarks make without .NET between: it would cost more than what is measured. Signatures
/// are blittable. Those that set no last error are for loops; after them ask <see cref="Marshal.GetLastSystemError"/>.
/// </summary>
internal static unsafe class LibC
{
    public const int AF_INET = 2, SOCK_STREAM = 1, SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1, SO_LINGER = 13, IPPROTO_TCP = 6, TCP_NODELAY = 1;
    public const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
    public const int EPOLL_CTL_ADD = 1, EPOLL_CLOEXEC = 0x80000;
    public const uint EPOLLIN = 1;
    public const int O_RDONLY = 0, O_RDWR = 2, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000;
    public const short POLLIN = 1;
    public const int EINTR = 4, EAGAIN = 11;
    public const int SIGINT = 2, SIGKILL = 9, SIGTERM = 15;
    public const int WNOHANG = 1, WEXITED = 4, WNOWAIT = 0x1000000, P_PID = 1;
    public const int RLIMIT_NOFILE = 7;
    public const int CLONE_NEWNET = 0x40000000;
    public const short POSIX_SPAWN_SETPGROUP = 2, POSIX_SPAWN_SETSIGDEF = 4, POSIX_SPAWN_SETSIGMASK = 8;

    // struct epoll_event { uint32 events; uint64 data; } is packed on x86-64 and nowhere else.
    public static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    public static readonly int EventDataOffset = EventBytes - sizeof(ulong);

    /// <summary>struct sockaddr_in; port and address in network order.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    public struct SocketAddress
    {
        public ushort Family;
        public ushort Port;
        public uint Address;

        /// <param name="host">As a number: 0x7f000001 is 127.0.0.1.</param>
        public static SocketAddress Loopback(uint host, int port) => new()
        {
            Family = AF_INET,
            Port = (ushort)IPAddress.HostToNetworkOrder((short)port),
            Address = (uint)IPAddress.HostToNetworkOrder((int)host),
        };
    }

    public struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    public struct TimeSpec
    {
        public long Seconds, Nanoseconds;
    }

    public struct ResourceLimit
    {
        public ulong Soft, Hard;
    }

    public struct Linger
    {
        public int IsOn, Seconds;
    }

    /// <summary>The part of siginfo_t that waitid fills; process is 0 if none has ended.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct SignalInfo
    {
        [FieldOffset(16)] public int Process;
    }

    /// <summary>The head of struct rusage; the rest of its 144 bytes is not looked at.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    public struct ResourceUsage
    {
        public long UserSeconds, UserMicroseconds, SystemSeconds, SystemMicroseconds;

        public readonly double CpuSeconds =>
            UserSeconds + SystemSeconds + 1e-6 * (UserMicroseconds + SystemMicroseconds);
    }

    [DllImport("libc", SetLastError = true)]
    public static extern int socket(int family, int type, int protocol);

    [DllImport("libc", SetLastError = true)]
    public static extern int bind(int socket, SocketAddress* address, int length);

    [DllImport("libc", SetLastError = true)]
    public static extern int connect(int socket, SocketAddress* address, int length);

    [DllImport("libc", SetLastError = true)]
    public static extern int setsockopt(int socket, int level, int option, void* value, int length);

    [DllImport("libc")]
    public static extern nint send(int socket, byte* bytes, nint count, int flags);

    [DllImport("libc")]
    public static extern nint recv(int socket, byte* bytes, nint count, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern nint read(int descriptor, byte* bytes, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern nint write(int descriptor, byte* bytes, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern int open(byte* path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    public static extern int syncfs(int descriptor);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int descriptor);

    [DllImport("libc", SetLastError = true)]
    public static extern int pipe2(int* descriptors, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int poll(PollEntry* entries, nuint count, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    public static extern int ppoll(PollEntry* entries, nuint count, TimeSpec* timeout, void* signals);

    [DllImport("libc", SetLastError = true)]
    public static extern int ioctl(int descriptor, nuint request, void* argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_ctl(int epoll, int operation, int descriptor, void* entry);

    [DllImport("libc")]
    public static extern int epoll_wait(int epoll, void* events, int count, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    public static extern int kill(int process, int signal);

    [DllImport("libc", SetLastError = true)]
    public static extern int wait4(int process, int* status, int options, ResourceUsage* usage);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitid(int kind, int process, SignalInfo* info, int options);

    [DllImport("libc", SetLastError = true)]
    public static extern int getrlimit(int resource, ResourceLimit* limit);

    [DllImport("libc", SetLastError = true)]
    public static extern int setrlimit(int resource, ResourceLimit* limit);

    [DllImport("libc", SetLastError = true)]
    public static extern int setns(int descriptor, int kind);

    [DllImport("libc", SetLastError = true)]
    public static extern int unshare(int kinds);

    [DllImport("libc", SetLastError = true)]
    public static extern int link(byte* path, byte* name);

    [DllImport("libc")]
    public static extern uint geteuid();

    // The posix_spawn family returns an error number; its types are opaque, of at most 512 bytes.
    [DllImport("libc")]
    public static extern int posix_spawnp(
        int* process, byte* file, void* actions, void* attributes, byte** arguments, byte** environment);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_init(void* actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_destroy(void* actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_adddup2(void* actions, int descriptor, int becomes);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addopen(
        void* actions, int descriptor, byte* path, int flags, uint mode);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addchdir_np(void* actions, byte* path);

    [DllImport("libc")]
    public static extern int posix_spawnattr_init(void* attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_destroy(void* attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setflags(void* attributes, short flags);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigdefault(void* attributes, void* signals);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigmask(void* attributes, void* signals);

    /// <summary>Opens a file or a folder to look at it, not to be inherited by processes that are started.</summary>
    public static int Open(string path, int flags = O_RDONLY)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(path);
        int descriptor = Check(open((byte*)text, flags | O_CLOEXEC, 0));
        Marshal.FreeCoTaskMem(text);
        return descriptor;
    }

    /// <summary>Gives a file a second name.</summary>
    public static void Link(string path, string name)
    {
        nint pathText = Marshal.StringToCoTaskMemUTF8(path), nameText = Marshal.StringToCoTaskMemUTF8(name);
        Check(link((byte*)pathText, (byte*)nameText));
        Marshal.FreeCoTaskMem(pathText);
        Marshal.FreeCoTaskMem(nameText);
    }

    /// <summary>Passes a result on, unless it is the -1 of a failed call.</summary>
    public static int Check(int result) => result >= 0
        ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());
}
