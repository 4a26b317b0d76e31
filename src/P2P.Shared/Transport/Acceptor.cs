using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace P2P.Transport;

/// <summary>Listens on one address and hands every accepted socket to its owner, on the loop, for as long as it runs.</summary>
public sealed class Acceptor
{
    private readonly EventLoop _loop;
    private readonly Socket _listener;
    private readonly Action<Socket> _onAccepted;

    private Acceptor(EventLoop loop, Socket listener, Action<Socket> onAccepted)
    {
        _loop = loop;
        _listener = listener;
        _onAccepted = onAccepted;
        _ = RunAsync();
    }

    /// <summary>
    /// Listens on every address given, all on one port. An address whose family this machine lacks is passed over,
    /// as long as one is left. Connections are accepted from now on; call it on the loop.
    /// </summary>
    /// <param name="addresses">The addresses, without port.</param>
    /// <param name="port">1 to 65535, or 0 for any that is free on all of them.</param>
    /// <param name="onAccepted">Takes over each socket.</param>
    /// <returns>The port.</returns>
    /// <exception cref="SocketException">The port is taken, or the address isn't this machine's.</exception>
    public static int Listen(EventLoop loop, IPAddress[] addresses, int port, Action<Socket> onAccepted)
    {
        for (int attempt = 1; ; attempt++)
        {
            var listeners = new Socket?[addresses.Length];
            int chosen = port;
            try
            {
                for (int i = 0; i < addresses.Length; i++)
                {
                    listeners[i] = TryListen(addresses[i], chosen);
                    if (listeners[i] is { } bound) chosen = ((IPEndPoint)bound.LocalEndPoint!).Port;
                }
                if (chosen == 0) throw new SocketException((int)SocketError.AddressNotAvailable);
            }
            catch (SocketException e)
            {
                foreach (Socket? listener in listeners) listener?.Dispose();
                // A port that is free on one address may be taken on the next: try another.
                if (port == 0 && e.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < 100) continue;
                throw;
            }
            foreach (Socket? listener in listeners)
            {
                if (listener is not null) _ = new Acceptor(loop, listener, onAccepted);
            }
            return chosen;
        }
    }

    private static Socket? TryListen(IPAddress address, int port)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (address.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Limits.ListenBacklog);
            return socket;
        }
        catch (SocketException e) when (address.AddressFamily == AddressFamily.InterNetworkV6
            && e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable)
        {
            socket?.Dispose();
            return null;
        }
        catch (SocketException)
        {
            socket?.Dispose();
            throw;
        }
    }

    private async Task RunAsync()
    {
        var pause = new LoopSignal(_loop);
        SocketOperation operation = _loop.Pools.Operations.Get();
        while (true)
        {
            operation.AcceptSocket = null;
            SocketResult result = await operation.Start(_listener.AcceptAsync(operation));
            if (result.IsSuccess) _onAccepted(operation.AcceptSocket!);
            // A connection that was reset while it waited is nobody's loss; anything else is a lack of descriptors or
            // memory, which passes.
            else if (result.Error != SocketError.ConnectionReset && result.Error != SocketError.ConnectionAborted)
                await pause.WaitAsync(Limits.AcceptPause);
        }
    }
}
