using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using P2P.Client;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>What the fakes do with their sockets that a socket can't do by itself.</summary>
internal static class SocketExtensions
{
    // The probe has one netlink socket for the process; our programs have one thread, the tests have many.
    private static readonly Lock Probing = new();

    /// <summary>
    /// Closes a socket so that the other side sees it at once. A child that is just being started holds copies of all
    /// our sockets until its exec, which may last on a cold disk: closing alone would say nothing until then. A socket
    /// that listens stops to listen, and its port is free.
    /// </summary>
    public static void End(this Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Never connected, or over already.
        }
        socket.Dispose();
    }

    /// <summary>Waits until the program at the other end of a loopback connection has read all that was sent: what is
    /// sent next is a read of its own.</summary>
    /// <param name="sentBytes">Sent on this connection so far, in all.</param>
    public static void WaitUntilRead(this Socket socket, long sentBytes)
    {
        var probe = new ReceiveQueueProbe((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);
        var watch = Stopwatch.StartNew();
        for (int look = 1; !HasRead(); look++)
        {
            if (watch.Elapsed > Patience.Limit)
                throw new XunitException($"Waited {watch.Elapsed.TotalSeconds:F1} s for {sentBytes} bytes to be read.");
            // The kernel tells nobody when somebody else has read: looking is the only way.
            if (look < 100) Thread.Yield();
            else Patience.Pause(TimeSpan.FromMilliseconds(1));
        }

        bool HasRead()
        {
            lock (Probing)
            {
                return probe.HasReadAll(sentBytes)
                    ?? throw new XunitException("The receive queue of the other end can't be seen: no netlink here.");
            }
        }
    }

    /// <summary>Whether our client would take the other end of this connection for our tracker.</summary>
    public static bool IsConnectedToOurTracker(this Socket socket)
    {
        lock (Probing)
        {
            var probe = new ReceiveQueueProbe((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);
            return probe.HasReadAll(0) is not null ? probe.IsOurTracker : throw new XunitException("No netlink here.");
        }
    }
}
