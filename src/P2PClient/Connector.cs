using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Connects to the first of several addresses that accepts.</summary>
internal static class Connector
{
    /// <summary>Tries the addresses in turn.</summary>
    /// <param name="patience">How long one attempt may take.</param>
    /// <returns>The connected socket, or null if nobody accepts.</returns>
    public static async Task<Socket?> ConnectAsync(EventLoop loop, IPAddress[] addresses, int port, TimeSpan patience)
    {
        foreach (IPAddress address in addresses)
        {
            Socket? socket = null;
            SocketOperation operation = loop.Pools.Operations.Get();
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                var timer = new LoopTimer(loop, socket.Dispose);
                timer.Start(patience);
                operation.RemoteEndPoint = new IPEndPoint(address, port);
                SocketResult result = await operation.Start(socket.ConnectAsync(operation));
                timer.Forget();
                if (result.IsSuccess && !IsSelf(socket)) return socket;
            }
            catch (SocketException)
            {
                // No descriptor left, or no such family here: as good as refused.
            }
            finally
            {
                loop.Pools.Operations.Return(operation);
            }
            socket?.Dispose();
        }
        return null;
    }

    // Linux may connect a socket to itself when nobody listens on a port of the range for outgoing connections.
    private static bool IsSelf(Socket socket) => socket.LocalEndPoint!.Equals(socket.RemoteEndPoint);
}
