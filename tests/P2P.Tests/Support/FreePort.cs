using System;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace P2P.Tests.Support;

/// <summary>
/// Ports for the few tests that must know one before its owner starts. They are taken below the range from which
/// the kernel takes ports by itself, so that no outgoing connection of a test beside this one gets the same. A port
/// given is reserved until this process ends, so that no other run of the tests on this machine is given it either.
/// </summary>
internal static class FreePort
{
    private const int First = 12000;
    private const int Count = 18000;
    private static readonly ConcurrentBag<Socket> Reserved = [];
    private static int _next = Random.Shared.Next(Count);

    /// <summary>A port on which nobody listens now, and that no other test is given.</summary>
    public static int Next()
    {
        for (int tries = 0; tries < 1000; tries++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (TryReserve(port) && IsFree(port))
                return port;
        }
        throw new InvalidOperationException($"No free port between {First} and {First + Count}.");
    }

    // The name of a socket without a file is known to the whole machine, and goes with the process.
    private static bool TryReserve(int port)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0p2p-test-port-{port}"));
            Reserved.Add(socket);
            return true;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return false;
        }
    }

    /// <summary>A port that refuses every connection as long as the returned socket lives: bound,
    /// but not listening.</summary>
    public static Socket Refusing(out int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    public static bool IsFree(int port)
    {
        foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6)
                continue;
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                socket.Listen(1);
                // Closed alone, a child's copy of the socket would listen for a moment longer.
                socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                return false;
            }
            catch (SocketException)
            {
                // No such address on this machine: nobody can hold the port there.
            }
        }
        return true;
    }
}
