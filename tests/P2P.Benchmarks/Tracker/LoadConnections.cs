using System;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Tracker;

/// <summary>Many plain connections to one port of this machine, without a byte of .NET's own for any of them.</summary>
internal sealed unsafe class LoadConnections : IDisposable
{
    /// <summary>Connections from one address of 127.0.0.0/8: far fewer than it has ports.</summary>
    private const int PerAddress = 4000;

    private readonly int[] _sockets;

    /// <summary>Opens them all; the server has accepted them, or its kernel has.</summary>
    public LoadConnections(int port, int count)
    {
        _sockets = new int[count];
        Array.Fill(_sockets, -1);
        for (int i = 0; i < count; i++)
            _sockets[i] = Connect(port, from: 0x7f000001u + (uint)(i / PerAddress));
    }

    public ReadOnlySpan<int> Sockets => _sockets;

    /// <summary>Sends a request on one of them and waits for at least so many bytes of the answer.</summary>
    public void Exchange(int index, ReadOnlySpan<byte> request, int answerBytes)
    {
        const int readBytes = 16 * 1024;
        byte* read = stackalloc byte[readBytes];
        fixed (byte* bytes = request)
            if (LibC.send(_sockets[index], bytes, request.Length, LibC.MSG_NOSIGNAL) != request.Length)
                throw new BenchmarkException("the server does not take a request");
        while (answerBytes > 0)
        {
            nint count = LibC.recv(_sockets[index], read, readBytes, 0);
            answerBytes -= count > 0 ? (int)count : throw new BenchmarkException("the server closed a connection");
        }
    }

    public void Dispose()
    {
        foreach (int socket in _sockets)
            if (socket >= 0)
                LibC.close(socket);
        Array.Fill(_sockets, -1);
    }

    private static int Connect(int port, uint from)
    {
        int socket = LibC.Check(LibC.socket(LibC.AF_INET, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0));
        int on = 1;
        LibC.setsockopt(socket, LibC.IPPROTO_TCP, LibC.TCP_NODELAY, &on, sizeof(int));
        // A reset in the end leaves no port in TIME_WAIT for the next run to stumble over.
        var reset = new LibC.Linger { IsOn = 1, Seconds = 0 };
        LibC.setsockopt(socket, LibC.SOL_SOCKET, LibC.SO_LINGER, &reset, sizeof(LibC.Linger));
        var address = LibC.SocketAddress.Loopback(from, 0);
        LibC.Check(LibC.bind(socket, &address, sizeof(LibC.SocketAddress)));
        address = LibC.SocketAddress.Loopback(0x7f000001, port);
        LibC.Check(LibC.connect(socket, &address, sizeof(LibC.SocketAddress)));
        return socket;
    }
}
