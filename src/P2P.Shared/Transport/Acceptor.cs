using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using P2P.Posix;

namespace P2P.Transport;

/// <summary>
/// Listens, and hands every accepted socket to its owner for as long as the program runs. Listening comes first and
/// needs no loop: clients can connect while the rest of the program is still being put together.
/// </summary>
public sealed class Acceptor
{
    // In a row, before those who were accepted have their turn.
    private const int AcceptedPerTurn = 64;

    private readonly List<TcpSocket> _listeners = [];

    private Acceptor(int port) => Port = port;

    /// <summary>The port, the same on every address.</summary>
    public int Port { get; private set; }

    /// <summary>
    /// Listens on every address given, all on one port. An address whose family this machine lacks is passed over,
    /// as long as one is left.
    /// </summary>
    /// <param name="addresses">The addresses, without port.</param>
    /// <param name="port">1 to 65535, or 0 for any that is free on all of them.</param>
    /// <exception cref="Win32Exception">The port is taken, or the address isn't this machine's.</exception>
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
                    if (acceptor.Port == 0) acceptor.Port = listener.LocalEndPoint.Port;
                }
                if (acceptor._listeners.Count == 0) throw new Win32Exception(LibC.EADDRNOTAVAIL);
                return acceptor;
            }
            catch (Win32Exception e)
            {
                foreach (TcpSocket listener in acceptor._listeners) listener.Dispose();
                // A port that is free on one address may be taken on the next: try another.
                if (port != 0 || e.NativeErrorCode != LibC.EADDRINUSE || attempt == 100) throw;
            }
        }
    }

    /// <summary>Tells whether listening failed since another program has the port.</summary>
    public static bool IsPortTaken(Win32Exception failure) => failure.NativeErrorCode == LibC.EADDRINUSE;

    /// <summary>Changes the sockets that listen, and through them those that they accept.</summary>
    public void Configure(Action<TcpSocket> change) => _listeners.ForEach(change);

    /// <summary>Accepts from now on. On the loop.</summary>
    /// <param name="onAccepted">Takes over each socket.</param>
    /// <param name="onShortage">Called while descriptors or memory run short, before each pause.</param>
    public void Start(EventLoop loop, Action<TcpSocket> onAccepted, Action? onShortage = null)
    {
        foreach (TcpSocket listener in _listeners) new Accepting(loop, listener, onAccepted, onShortage).Resume();
    }

    private static TcpSocket? TryListen(IPAddress address, int port)
    {
        try
        {
            return TcpSocket.Listen(new IPEndPoint(address, port), Limits.ListenBacklog);
        }
        catch (Win32Exception e) when (e.NativeErrorCode is LibC.EAFNOSUPPORT or LibC.EADDRNOTAVAIL
            && address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return null;
        }
    }

    private sealed class Accepting : IWatcher
    {
        private readonly EventLoop _loop;
        private readonly TcpSocket _listener;
        private readonly Action<TcpSocket> _onAccepted;
        private readonly Action? _onShortage;
        private readonly LoopTimer _pause;

        public Accepting(EventLoop loop, TcpSocket listener, Action<TcpSocket> onAccepted, Action? onShortage)
        {
            (_loop, _listener, _onAccepted, _onShortage) = (loop, listener, onAccepted, onShortage);
            _pause = new LoopTimer(loop, Resume);
        }

        public void Resume() => _loop.Watch(_listener.Descriptor, Readiness.Readable, this);

        public void OnReady(Readiness readiness)
        {
            for (int count = 0; count < AcceptedPerTurn; count++)
            {
                TcpSocket? socket = _listener.TryAccept(out int error);
                if (socket is not null)
                {
                    _onAccepted(socket);
                    continue;
                }
                // A connection that was reset while it waited is nobody's loss; anything else is a lack of descriptors
                // or memory, which passes.
                if (error is LibC.ECONNABORTED or LibC.ECONNRESET) continue;
                if (error is LibC.EAGAIN or LibC.EINTR) return;
                _loop.Unwatch(_listener.Descriptor, isClosing: false);
                _onShortage?.Invoke();
                _pause.Start(Limits.AcceptPause);
                return;
            }
        }
    }
}
