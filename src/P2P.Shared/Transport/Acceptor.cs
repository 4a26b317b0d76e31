using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace P2P.Transport;

/// <summary>
/// Listens, and hands every accepted socket to its owner for as long as the program runs. Listening comes first and
/// needs no loop: clients can connect while the rest of the program is still being put together.
/// </summary>
public sealed class Acceptor
{
    private readonly List<Socket> _listeners = [];

    private Acceptor(int port) => Port = port;

    /// <summary>The port, the same on every address.</summary>
    public int Port { get; private set; }

    /// <summary>
    /// Listens on every address given, all on one port. An address whose family this machine lacks is passed over,
    /// as long as one is left.
    /// </summary>
    /// <param name="addresses">The addresses, without port.</param>
    /// <param name="port">1 to 65535, or 0 for any that is free on all of them.</param>
    /// <exception cref="SocketException">The port is taken, or the address isn't this machine's.</exception>
    public static Acceptor Listen(IPAddress[] addresses, int port)
    {
        for (int attempt = 1; ; attempt++)
        {
            var acceptor = new Acceptor(port);
            try
            {
                foreach (IPAddress address in addresses)
                {
                    if (TryListen(address, acceptor.Port) is not { } listener) continue;
                    acceptor._listeners.Add(listener);
                    acceptor.Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
                }
                if (acceptor._listeners.Count == 0) throw new SocketException((int)SocketError.AddressNotAvailable);
                return acceptor;
            }
            catch (SocketException e)
            {
                foreach (Socket listener in acceptor._listeners) listener.Dispose();
                // A port that is free on one address may be taken on the next: try another.
                if (port != 0 || e.SocketErrorCode != SocketError.AddressAlreadyInUse || attempt == 100) throw;
            }
        }
    }

    /// <summary>Accepts from now on. On the loop.</summary>
    /// <param name="onAccepted">Takes over each socket.</param>
    /// <param name="onShortage">Called while descriptors or memory run short, before each pause.</param>
    public void Start(EventLoop loop, Action<Socket> onAccepted, Action? onShortage = null)
    {
        foreach (Socket listener in _listeners) _ = AcceptAsync(loop, listener, onAccepted, onShortage);
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

    private static async Task AcceptAsync(EventLoop loop, Socket listener, Action<Socket> onAccepted, Action? onShortage)
    {
        var pause = new LoopSignal(loop);
        SocketOperation operation = loop.Pools.Operations.Get();
        while (true)
        {
            operation.AcceptSocket = null;
            SocketResult result = await operation.Start(listener.AcceptAsync(operation));
            if (result.IsSuccess) onAccepted(operation.AcceptSocket!);
            // A connection that was reset while it waited is nobody's loss; anything else is a lack of descriptors or
            // memory, which passes.
            else if (result.Error != SocketError.ConnectionReset && result.Error != SocketError.ConnectionAborted)
            {
                onShortage?.Invoke();
                await pause.WaitAsync(Limits.AcceptPause);
            }
        }
    }
}
