using System;
using System.Text;
using P2P.Posix;

namespace P2P.Cli;

/// <summary>Tells systemd, or whoever else started us as a service, that we are ready: the protocol of sd_notify(3).</summary>
public static class ServiceManager
{
    private const int PathBytesMax = 107;       // sun_path, and a zero byte

    /// <summary>Says that the program listens. Nothing happens where NOTIFY_SOCKET isn't set, or nobody hears it.</summary>
    public static unsafe void NotifyReady()
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } name) return;
        byte[] path = Encoding.UTF8.GetBytes(name);
        if (path.Length > PathBytesMax || path[0] is not ((byte)'/' or (byte)'@')) return;

        // struct sockaddr_un; an abstract name begins with a zero byte and has none at its end.
        byte* address = stackalloc byte[2 + PathBytesMax + 1];
        new Span<byte>(address, 2 + PathBytesMax + 1).Clear();
        *(ushort*)address = LibC.AF_UNIX;
        path.CopyTo(new Span<byte>(address + 2, path.Length));
        bool isAbstract = path[0] == '@';
        if (isAbstract) address[2] = 0;
        int socket = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        if (socket < 0) return;
        ReadOnlySpan<byte> message = "READY=1"u8;
        fixed (byte* bytes = message)
            _ = LibC.sendto(socket, bytes, message.Length, LibC.MSG_NOSIGNAL, address, (uint)(2 + path.Length + (isAbstract ? 0 : 1)));
        _ = LibC.close(socket);
    }
}
