using System;
using System.Net;
using System.Threading.Tasks;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Connects to the first of several addresses that accepts.</summary>
internal static class Connector
{
    /// <summary>Tries the addresses in turn.</summary>
    /// <param name="readBytesMax">Most that one receive takes, in bytes.</param>
    /// <param name="patience">How long one attempt may take.</param>
    /// <returns>The connection, or null if nobody accepts.</returns>
    public static async Task<Connection?> ConnectAsync(EventLoop loop, IPAddress[] addresses, int port, int readBytesMax, TimeSpan patience)
    {
        foreach (IPAddress address in addresses)
        {
            var socket = TcpSocket.TryCreate(new IPEndPoint(address, port));
            if (socket is null) continue;
            var connection = new Connection(loop, socket, readBytesMax, mayHaveBytes: false);
            // Over loopback the second call already finds that the other end has accepted, which saves waiting for it.
            int error = socket.Connect();
            if (error == LibC.EINPROGRESS) error = socket.Connect();
            if (error == LibC.EINPROGRESS)
            {
                var timer = new LoopTimer(loop, connection.Close);
                timer.Start(patience);
                while (error == LibC.EINPROGRESS && (await connection.WritableAsync()).IsSuccess) error = socket.Connect();
                timer.Forget();
            }
            if (error == 0 && !IsSelf(socket)) return connection;
            connection.Close();
        }
        return null;
    }

    // Linux may connect a socket to itself when nobody listens on a port of the range for outgoing connections.
    private static bool IsSelf(TcpSocket socket) => socket.LocalEndPoint.Equals(socket.RemoteEndPoint);
}
