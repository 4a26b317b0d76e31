using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace P2P.Tests.Support;

/// <summary>
/// What the fakes that accept connections have in common: a listener on a port of its own, a thread per connection
/// (or, as many strangers' programs are written, one connection after the other), and an end that leaves nothing
/// behind. A broken connection ends that connection only; anything unexpected is a fault, which the test looks at.
/// </summary>
internal abstract class LoopbackServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly HashSet<Socket> _open = [];
    private readonly bool _oneAtATime;
    private readonly Thread _acceptThread;
    private readonly ManualResetEventSlim _closing = new();

    /// <param name="oneAtATime">Accepts the next connection only when the one before has ended.</param>
    /// <param name="receiveBufferBytes">Of the kernel's, for each connection; 0 leaves it to the kernel.</param>
    protected LoopbackServer(bool oneAtATime, int port, int receiveBufferBytes = 0)
    {
        _oneAtATime = oneAtATime;
        if (receiveBufferBytes > 0)
            _listener.ReceiveBufferSize = receiveBufferBytes;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(256);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _acceptThread = new Thread(Accept) { IsBackground = true, Name = GetType().Name };
    }

    public int Port { get; }

    /// <summary>What the other side did that a naive program written to the assignment would stumble over.</summary>
    public EventList<string> Faults { get; } = new();

    /// <summary>The numbers, from 1, of the connections accepted.</summary>
    public EventList<int> Accepted { get; } = new();

    /// <summary>The numbers of the connections that have ended, by whichever side.</summary>
    public EventList<int> Ended { get; } = new();

    public void Dispose()
    {
        _closing.Set();
        _listener.End();
        lock (_open)
            foreach (Socket socket in _open)
                socket.End();
        _acceptThread.Join(Patience.Limit);
    }

    /// <summary>Starts to accept; the derived type calls it when it is ready to serve.</summary>
    protected void Start() => _acceptThread.Start();

    /// <summary>Holds one conversation, on a thread where it may block;
    /// the connection is closed when it returns.</summary>
    /// <param name="connection">Its number, from 1, in the order of acceptance.</param>
    protected abstract void Serve(Socket socket, int connection);

    /// <summary>Is slow for that long; returns at once when the fake is disposed meanwhile.</summary>
    protected void Pause(TimeSpan duration)
    {
        if (duration > TimeSpan.Zero)
            _closing.Wait(duration);
    }

    /// <summary>Reads and drops until the other side ends the connection; true after a clean end,
    /// false after a reset.</summary>
    protected static bool ReadToEnd(Socket socket, out long bytes)
    {
        byte[] buffer = new byte[4096];
        bytes = 0;
        try
        {
            for (int count; (count = socket.Receive(buffer)) > 0;)
                bytes += count;
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Accept()
    {
        for (int connection = 1; ; connection++)
        {
            Socket socket;
            try
            {
                socket = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;                                  // disposed: the only way to end a blocked accept
            }
            socket.NoDelay = true;
            lock (_open)
                _open.Add(socket);
            if (_closing.IsSet)
                socket.End();
            Accepted.Add(connection);
            int number = connection;
            if (_oneAtATime)
                Converse(socket, number);
            else
                new Thread(() => Converse(socket, number)) { IsBackground = true, Name = GetType().Name }.Start();
        }
    }

    private void Converse(Socket socket, int connection)
    {
        try
        {
            Serve(socket, connection);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side reset the connection, or the fake was disposed: that connection is over.
        }
        catch (Exception e)
        {
            Faults.Add($"connection {connection}: {e}");
        }
        lock (_open)
            _open.Remove(socket);
        socket.End();
        Ended.Add(connection);
    }
}
