using System;
using System.Net.Sockets;

namespace P2P.Cli;

/// <summary>Tells systemd, or whoever else started us as a service, that we are ready: the protocol of sd_notify(3).</summary>
public static class ServiceManager
{
    /// <summary>Says that the program listens. Nothing happens where NOTIFY_SOCKET isn't set, or nobody hears it.</summary>
    public static void NotifyReady()
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } name || name[0] is not ('/' or '@')) return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // An abstract name begins with a zero byte.
            socket.SendTo("READY=1"u8, new UnixDomainSocketEndPoint(name[0] == '@' ? '\0' + name[1..] : name));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // Nobody hears it, or no socket can have that name.
        }
    }
}
