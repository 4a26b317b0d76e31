using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace P2P.Transport;

/// <summary>
/// Listens, and hands every accepted socket to its owner for as long as the program runs. Listening comes first and
/// needs no loop: clients can connect while the rest of the program is still being put together.
/// </summary>
public sealed class Acceptor
{
    // Connections accepted in a row, before those have their turn.
    private const int AcceptedPerTurn = 64;

    private readonly List<Socket> _listeners = [];
    private readonly List<Accepting> _accepting = [];
    private readonly IPAddress[] _addresses;
    private readonly Action<Socket>? _configure;
    private Action? _start;

    private Acceptor(IPAddress[] addresses, int port, Action<Socket>? configure) =>
        (_addresses, Port, _configure) = (addresses, port, configure);

    /// <summary>The port, the same on every address.</summary>
    public int Port { get; private set; }

    /// <summary>
    /// Listens on every address given, all on one port. An address whose family this machine lacks is passed over,
    /// as long as one is left.
    /// </summary>
    /// <param name="addresses">The addresses, without port.</param>
    /// <param name="port">1 to 65535, or 0 for any that is free on all of them.</param>
    /// <param name="configure">Sets the options of each socket before it listens: what it accepts inherits them, from
    /// the first connection on, and that may come at once.</param>
    /// <exception cref="SocketException">The port is taken, or the address isn't this machine's.</exception>
    public static Acceptor Listen(IPAddress[] addresses, int port, Action<Socket>? configure = null)
    {
        SocketRuntime.Prepare();
        for (int attempt = 1; ; attempt++)
        {
            var acceptor = new Acceptor(addresses, port, configure);
            try
            {
                foreach (IPAddress address in addresses)
                {
                    if (acceptor.TryListen(address) is not { } listener) continue;
                    acceptor._listeners.Add(listener);
                    if (acceptor.Port == 0) acceptor.Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
                }
                if (acceptor._listeners.Count == 0) throw new SocketException((int)SocketError.AddressNotAvailable);
                return acceptor;
            }
            catch (SocketException e)
            {
                foreach (Socket listener in acceptor._listeners) listener.Dispose();
                // A port that is free on one address may be taken on the next: try another.
                if (port != 0 || !IsPortTaken(e) || attempt == 100) throw;
            }
        }
    }

    /// <summary>Tells whether listening failed since another program has the port.</summary>
    public static bool IsPortTaken(SocketException failure) =>
        failure.SocketErrorCode == SocketError.AddressAlreadyInUse;

    /// <summary>Tells whether listening failed since this machine does not have the address.</summary>
    public static bool IsAddressForeign(SocketException failure) =>
        failure.SocketErrorCode == SocketError.AddressNotAvailable;

    /// <summary>Accepts from now on. On the loop.</summary>
    /// <param name="onAccepted">Takes over each socket.</param>
    /// <param name="onShortage">Called while descriptors or memory run short, before each pause.</param>
    public void Start(EventLoop loop, Action<Socket> onAccepted, Action? onShortage = null)
    {
        Debug.Assert(_start is null, "accepting starts once");
        _start = Start;
        Start();

        void Start()
        {
            foreach (Socket listener in _listeners)
            {
                var accepting = new Accepting(loop, listener, onAccepted, onShortage);
                _accepting.Add(accepting);
                accepting.Resume();
            }
        }
    }

    /// <summary>Listens on other addresses, on the same port. Connections that wait to be accepted just then are reset.
    /// On the loop.</summary>
    /// <returns>False if those addresses can't be listened on; the acceptor then listens where it did.</returns>
    public bool TryMoveTo(IPAddress[] addresses)
    {
        Debug.Assert(Port != 0 && _listeners.Count > 0, "an acceptor that listens can move");
        _accepting.ForEach(accepting => accepting.Dispose());
        _accepting.Clear();
        _listeners.Clear();
        bool hasMoved = true;
        try
        {
            _listeners.AddRange(Listen(addresses, Port, _configure)._listeners);
        }
        catch (SocketException)
        {
            hasMoved = false;
            _listeners.AddRange(Listen(_addresses, Port, _configure)._listeners);
        }
        _start?.Invoke();
        return hasMoved;
    }

    private Socket? TryListen(IPAddress address)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, Port));
            if (IPAddress.IsLoopback(address)) socket.SendUnpaced();
            _configure?.Invoke(socket);
            socket.Listen(Limits.ListenBacklog);
            return socket;
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            bool isMissing =
                e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable;
            if (isMissing && address.AddressFamily == AddressFamily.InterNetworkV6) return null;
            throw;
        }
    }

    private sealed class Accepting : IOperationOwner, IDisposable
    {
        private readonly EventLoop _loop;
        private readonly Socket _listener;
        private readonly Action<Socket> _onAccepted;
        private readonly Action? _onShortage;
        private readonly Action _resume;
        private readonly LoopTimer _pause;
        private SocketOperation? _operation;        // in flight
        private bool _isClosed;

        public Accepting(EventLoop loop, Socket listener, Action<Socket> onAccepted, Action? onShortage)
        {
            (_loop, _listener, _onAccepted, _onShortage) = (loop, listener, onAccepted, onShortage);
            _resume = Resume;
            _pause = new LoopTimer(loop, _resume);
            loop.Leaks.OnOpened(this);
        }

        public void Resume()
        {
            if (_isClosed) return;
            for (int count = 0; count < AcceptedPerTurn; count++)
            {
                Debug.Assert(_operation is null, "one accept at a time");
                _operation = _loop.RentOperation(this);
                _operation.UseBuffer(null, 0, 0);       // AcceptAsync would receive into a buffer
                if (_listener.AcceptAsync(_operation)) return;
                if (!TryEnd()) return;
            }
            _loop.YieldAsync().OnCompleted(_resume);
        }

        public void Dispose()
        {
            _isClosed = true;
            _loop.Leaks.OnClosed(this);
            _pause.Forget();
            _loop.AbandonOperation(ref _operation);
            _listener.Dispose();
        }

        void IOperationOwner.OnCompleted(SocketOperation operation)
        {
            Debug.Assert(operation == _operation && !_isClosed, "one accept is in flight");
            if (TryEnd()) Resume();
        }

        // False if accepting pauses.
        private bool TryEnd()
        {
            SocketOperation operation = _operation!;
            _operation = null;
            (Socket? socket, SocketError error) = (operation.AcceptSocket, operation.SocketError);
            operation.AcceptSocket = null;
            _loop.Operations.Return(operation);
            if (error == SocketError.Success)
            {
                _onAccepted(socket!);
                return true;
            }
            // A connection that was reset while it waited needs no session; any other error is a lack of descriptors or
            // memory, which passes.
            if (error is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.Interrupted)
                return true;
            _onShortage?.Invoke();
            _pause.Start(Limits.AcceptPause);
            return false;
        }
    }
}
