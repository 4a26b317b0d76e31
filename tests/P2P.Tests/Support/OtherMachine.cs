using System;
using System.ComponentModel;
using System.Net;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace P2P.Tests.Support;

/// <summary>
/// Runs a test where the machine looks different: with a network of its own, a small disk, no /proc, no netlink.
/// Sockets made and processes started inside live there, nobody else sees it, and it goes with the last of them. All
/// but the last need root (<see cref="RootFactAttribute"/>).
/// </summary>
internal static class OtherMachine
{
    /// <summary>An address in the private network that is not a loopback one,
    /// though it belongs to the same machine.</summary>
    public static readonly IPAddress OtherAddress = IPAddress.Parse("10.77.0.1");

    /// <summary>Runs the action in a network that has only a loopback device, and every port free, 5100 too.</summary>
    public static void WithOwnNetwork(Action action) => Run(() =>
    {
        Check(Libc.unshare(Libc.CloneNewNet));
        BringUpLoopback();
    }, action);

    /// <summary>Runs the action while a disk of that size is mounted on the folder (a tmpfs, empty at first).</summary>
    public static void WithSmallDisk(string folder, long bytes, Action action) =>
        Run(() => MountEmpty(folder, $"size={bytes}"), action);

    /// <summary>Gives a small disk another size; where it is mounted.</summary>
    public static void ResizeSmallDisk(string folder, long bytes) =>
        Check(Libc.mount("none", folder, null, Libc.MountRemount, $"size={bytes}"));

    /// <summary>Runs the action where there is nothing in /proc, as in many a container.</summary>
    public static void WithoutProc(Action action) => Run(() => MountEmpty("/proc", ""), action);

    /// <summary>Runs the action where no netlink socket can be made: nobody can ask the kernel for a queue.</summary>
    public static void WithoutNetlink(Action action) => Run(() =>
    {
        // In classic BPF over struct seccomp_data: is it socket(2), and is its family (the low half) AF_NETLINK?
        const int NumberOffset = 0, FirstArgumentOffset = 16, Netlink = 16;
        const uint Allow = 0x7fff0000, FailWithUnsupported = 0x00050000 | 97;
        uint socketCall = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 198u : 41u;
        Libc.FilterInstruction[] program =
        [
            new(0x20, 0, 0, NumberOffset),
            new(0x15, 0, 3, socketCall),
            new(0x20, 0, 0, FirstArgumentOffset),
            new(0x15, 0, 1, Netlink),
            new(0x06, 0, 0, FailWithUnsupported),
            new(0x06, 0, 0, Allow),
        ];
        Check(Libc.prctl(Libc.SetNoNewPrivileges, 1, 0, 0, 0));
        unsafe
        {
            fixed (Libc.FilterInstruction* instructions = program)
            {
                var filter =
                    new Libc.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
                Check(Libc.prctl(Libc.SetSeccomp, Libc.SeccompFilter, (nuint)(&filter), 0, 0));
            }
        }
    }, action);

    // The action's thread is the only one inside (with those that it starts itself): it belongs to no pool.
    private static void Run(Action prepare, Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                prepare();
                action();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    private static void MountEmpty(string folder, string options)
    {
        Check(Libc.unshare(Libc.CloneNewMounts));
        // So that nothing mounted here reaches the machine.
        Check(Libc.mount("none", "/", null, Libc.MountPrivate | Libc.MountRecursive, null));
        Check(Libc.mount("none", folder, "tmpfs", 0, options));
    }

    // struct ifreq: 16 bytes of name, then 24 bytes of flags or of a sockaddr_in.
    private static void BringUpLoopback()
    {
        int socket = Check(Libc.socket(Libc.AddressFamilyInet, Libc.SocketDatagram, 0));
        try
        {
            byte[] flags = Request("lo");
            BitConverter.TryWriteBytes(flags.AsSpan(16), Libc.InterfaceUp);
            Check(Libc.ioctl(socket, Libc.SetInterfaceFlags, flags));
            byte[] address = Request("lo:1");
            BitConverter.TryWriteBytes(address.AsSpan(16), (short)Libc.AddressFamilyInet);
            OtherAddress.GetAddressBytes().CopyTo(address, 20);
            Check(Libc.ioctl(socket, Libc.SetInterfaceAddress, address));
        }
        finally
        {
            _ = Libc.close(socket);
        }
    }

    private static byte[] Request(string device)
    {
        byte[] request = new byte[40];
        Encoding.ASCII.GetBytes(device, request);
        return request;
    }

    private static int Check(int result) => result >= 0
        ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());
}
