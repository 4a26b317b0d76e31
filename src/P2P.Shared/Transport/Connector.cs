using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace P2P.Transport;

/// <summary>Connects to the first of several addresses that accepts.</summary>
public static class Connector
{
    /// <summary>Tries the addresses in turn.</summary>
    /// <param name="readBytesMax">Most that one receive takes, in bytes.</param>
    /// <param name="timeout">How long one attempt may take.</param>
    /// <param name="unreadMax">As of <see cref="SocketOptions.LimitUnread"/>; 0: as much as the kernel finds
    /// right.</param>
    /// <returns>The connection, or null if no address accepts.</returns>
    public static async Task<Connection?> ConnectAsync(
        EventLoop loop, IPAddress[] addresses, int port, int readBytesMax, TimeSpan timeout,
        int unreadMax = 0)
    {
        Debug.Assert(port is > 0 and <= 65535 && readBytesMax > 0, "the caller knows where and how much");
        foreach (IPAddress address in addresses)
        {
            if (TryCreate(address) is not { } socket) continue;
            if (IPAddress.IsLoopback(address)) socket.SendUnpaced();
            if (unreadMax > 0) socket.LimitUnread(unreadMax);     // before the window is first told
            var connection = new Connection(loop, socket, readBytesMax);
            var timer = new LoopTimer(loop, connection.Close);
            timer.Start(timeout);
            var remote = new IPEndPoint(address, port);
            SocketResult result = await connection.ConnectAsync(remote);
            timer.Forget();
            // Linux may connect a socket to itself where no program listens on a port of the range for outgoing
            // connections.
            if (result.IsSuccess && !socket.LocalEndPoint!.Equals(remote)) return connection;
            connection.Close();
        }
        return null;
    }

    // Null if there is no descriptor left, or no such family here.
    private static Socket? TryCreate(IPAddress address)
    {
        try
        {
            return new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
