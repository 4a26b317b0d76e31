using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Tests.Support;

namespace P2P.Tests.Faults;

/// <summary>A connection of somebody who means no good: sends whatever it likes,
/// and sees how the other side ends it.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = 60_000 + Patience.SocketMilliseconds,     // an idle connection is closed after a minute
        SendTimeout = Patience.SocketMilliseconds,
    };

    private bool _wasReset;        // as a send has told; the kernel tells it once

    public RawConnection(int port) => _socket.Connect(IPAddress.Loopback, port);

    /// <summary>Sends all of it.</summary>
    /// <returns>False if the other side has gone meanwhile.</returns>
    public bool TrySend(ReadOnlySpan<byte> bytes)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[_socket.Send(bytes)..];
            return true;
        }
        catch (SocketException) when (watch.Elapsed < Patience.Limit)
        {
            // Which of several errors it is depends on how far the kernel has got.
            _wasReset = true;
            return false;
        }
    }

    public bool TrySend(string text) => TrySend(Encoding.Latin1.GetBytes(text));

    /// <summary>Ends the sending direction, unless the other side has gone.</summary>
    public void HalfClose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It has gone.
        }
    }

    /// <summary>Reads until the other side ends the connection.</summary>
    /// <returns>The bytes that came before, and the way it ended.</returns>
    public (long Bytes, StreamEnd End) ReadToEnd()
    {
        byte[] buffer = new byte[64 * 1024];
        long bytes = 0;
        try
        {
            for (int count; (count = _socket.Receive(buffer)) > 0;)
                bytes += count;
            return (bytes, _wasReset ? StreamEnd.Reset : StreamEnd.Clean);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return (bytes, StreamEnd.Reset);
        }
    }

    /// <summary>Reads and drops what is there, without waiting.</summary>
    public void Drop()
    {
        byte[] buffer = new byte[64 * 1024];
        while (_socket.Available > 0)
            _socket.Receive(buffer);
    }

    /// <summary>True while the other side has neither sent anything nor ended the connection.</summary>
    public bool IsQuiet => !_socket.Poll(0, SelectMode.SelectRead);

    public void Dispose() => _socket.End();
}
