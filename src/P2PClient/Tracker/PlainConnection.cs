using System;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using P2P.Transport;

namespace P2P.Client;

/// <summary>A connection for one question, of a caller that may wait: before the loop runs, or beside it.</summary>
internal static class PlainConnection
{
    private const int TimeoutMilliseconds = 15_000;

    /// <summary>Connects to the first address that accepts.</summary>
    /// <param name="unreadMax">What the kernel may hold unread; 0: as much as it finds right.</param>
    public static Socket? TryConnect(IPAddress[] addresses, int port, int unreadMax = 0)
    {
        SocketRuntime.Prepare();
        foreach (IPAddress address in addresses)
        {
            Socket? socket = null;
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                {
                    ReceiveTimeout = TimeoutMilliseconds, SendTimeout = TimeoutMilliseconds,
                };
                if (unreadMax > 0) socket.LimitUnread(unreadMax);     // before the window is first told
                socket.Connect(new IPEndPoint(address, port));
                if (!socket.LocalEndPoint!.Equals(socket.RemoteEndPoint)) return socket;
            }
            catch (SocketException)
            {
                // The next address, or the next attempt.
            }
            socket?.Dispose();
        }
        return null;
    }

    /// <summary>Sends a request and returns what comes: one line without its newline, or all up to the end of the
    /// stream; nothing if that fails.</summary>
    /// <param name="bytesMax">Most bytes to take, about.</param>
    /// <param name="patience">How long all of it may take.</param>
    /// <param name="limit">Of the bytes that come; null: none.</param>
    public static byte[] Exchange(
        Socket socket, ReadOnlySpan<byte> request, long bytesMax, bool isLine, TimeSpan patience,
        RateLimit? limit = null)
    {
        Debug.Assert(request[^1] == (byte)'\n', "a request ends its line");
        TimeSpan end = EventLoop.Now + patience;
        using var received = new MemoryStream();
        byte[] buffer = new byte[Math.Min(Limits.BufferBytes, limit?.StepBytes ?? Limits.BufferBytes)];
        try
        {
            socket.Send(request);
            while (received.Length <= bytesMax && end > EventLoop.Now)
            {
                double left = Math.Ceiling((end - EventLoop.Now).TotalMilliseconds);
                socket.ReceiveTimeout = (int)Math.Clamp(left, 1, TimeoutMilliseconds);
                int bytes = socket.Receive(buffer);
                if (bytes == 0) return isLine ? [] : received.ToArray();
                received.Write(buffer, 0, bytes);
                if (limit?.Take(bytes, EventLoop.Now) is { Ticks: > 0 } pause) Thread.Sleep(pause);
                if (isLine && buffer[bytes - 1] == (byte)'\n') return received.ToArray()[..^1];
            }
        }
        catch (SocketException)
        {
            // The same end as a stream that is cut off.
        }
        return [];
    }
}
