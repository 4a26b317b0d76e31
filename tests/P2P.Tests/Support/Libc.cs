using System;
using System.Runtime.InteropServices;

namespace P2P.Tests.Support;

/// <summary>The few system calls that .NET has no type for: signals, the user,
/// what makes a machine look different to a process.</summary>
internal static class Libc
{
    public const int SigHup = 1;
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigContinue = 18;
    public const int SigStop = 19;

    public const int CloneNewNet = 0x40000000;
    public const int CloneNewMounts = 0x00020000;
    public const nuint MountRemount = 0x20;
    public const nuint MountRecursive = 0x4000;
    public const nuint MountPrivate = 0x40000;
    public const int AddressFamilyInet = 2;
    public const int AddressFamilyPacket = 17;
    public const int SocketDatagram = 2;
    public const int SocketRaw = 3;
    public const nuint SetInterfaceFlags = 0x8914;
    public const nuint SetInterfaceAddress = 0x8916;
    public const short InterfaceUp = 1;

    public const int SetNoNewPrivileges = 38;
    public const int SetSeccomp = 22;
    public const nuint SeccompFilter = 2;

    private const int ThreadClock = 3;

    public static bool IsRoot => geteuid() == 0;

    /// <summary>How long this thread has run, without the time in which others had the processor.</summary>
    public static TimeSpan ThreadTime
    {
        get
        {
            _ = clock_gettime(ThreadClock, out Time time);
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
        }
    }

    [DllImport("libc", SetLastError = true)]
    public static extern int kill(int processId, int signal);

    [DllImport("libc")]
    public static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    public static extern int clock_gettime(int clock, out Time time);

    [DllImport("libc")]
    public static extern int gettid();

    [DllImport("libc", SetLastError = true)]
    public static extern int unshare(int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int socket(int family, int type, int protocol);

    [DllImport("libc", SetLastError = true)]
    public static extern int ioctl(int file, nuint request, byte[] argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int file);

    [DllImport("libc", SetLastError = true)]
    public static extern int prctl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [DllImport("libc", SetLastError = true)]
    public static extern int mount(string source, string target, string? type, nuint flags, string? options);

    /// <summary>struct timespec.</summary>
    public struct Time
    {
        public long Seconds, Nanoseconds;
    }

    /// <summary>struct sock_filter: an instruction of classic BPF.</summary>
    public readonly record struct FilterInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Value);

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public ushort Length;
        public nint Instructions;
    }
}
