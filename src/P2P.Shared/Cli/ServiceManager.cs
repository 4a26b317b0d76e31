using System;
using System.Net.Sockets;

namespace P2P.Cli;

/// <summary>Tells systemd, or another manager that started the program as a service, that it is ready:
/// sd_notify(3).</summary>
public static class ServiceManager
{
    /// <summary>Reports that the program listens. Nothing happens where NOTIFY_SOCKET isn't set, or no manager reads
    /// it.</summary>
    public static void NotifyReady()
    {
        string? name = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (name is not { Length: > 1 } || name[0] is not ('/' or '@')) return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // An abstract name begins with a zero byte.
            socket.SendTo("READY=1"u8, new UnixDomainSocketEndPoint(name[0] == '@' ? $"\0{name[1..]}" : name));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // The manager does not listen, or no socket can have that name.
        }
    }
}
