using System;
using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using P2P.Posix;

namespace P2P.Transport;

/// <summary>
/// One non-blocking TCP socket: a descriptor and the calls on it, one system call each, with results as values. Whoever
/// waits for something watches the descriptor with <see cref="EventLoop"/>; <see cref="Connection"/> does.
/// </summary>
public sealed unsafe class TcpSocket : IDisposable
{
    private const int AddressBytesMax = 28;     // struct sockaddr_in6
    private const int Flags = LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK;

    private TcpSocket(int descriptor) => Descriptor = descriptor;

    /// <summary>The descriptor; -1 once it is closed.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Of a socket that was accepted or connected: the other end.</summary>
    public IPEndPoint? RemoteEndPoint { get; private init; }

    /// <summary>Our own end.</summary>
    /// <exception cref="Win32Exception">It has none.</exception>
    public IPEndPoint LocalEndPoint
    {
        get
        {
            byte* address = stackalloc byte[AddressBytesMax];
            int bytes = AddressBytesMax;
            Check(LibC.getsockname(Descriptor, address, &bytes));
            return ReadAddress(address);
        }
    }

    /// <summary>Listens.</summary>
    /// <param name="endPoint">Port 0 for any free one. An IPv6 address leaves IPv4 alone.</param>
    /// <exception cref="Win32Exception">The port is taken, the address isn't this machine's, or its family isn't here.</exception>
    public static TcpSocket Listen(IPEndPoint endPoint, int backlog)
    {
        var socket = new TcpSocket(Check(LibC.socket(Family(endPoint.Address), LibC.SOCK_STREAM | Flags, 0)));
        try
        {
            socket.Set(LibC.SOL_SOCKET, LibC.SO_REUSEADDR, 1);     // a port whose last connections still linger is free
            if (Family(endPoint.Address) == LibC.AF_INET6) socket.Set(LibC.IPPROTO_IPV6, LibC.IPV6_V6ONLY, 1);
            byte* address = stackalloc byte[AddressBytesMax];
            Check(LibC.bind(socket.Descriptor, address, WriteAddress(address, endPoint)));
            Check(LibC.listen(socket.Descriptor, backlog));
            return socket;
        }
        catch (Win32Exception)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next connection from a socket that listens.</summary>
    /// <param name="error">0, or why there is none: EAGAIN if nobody is waiting.</param>
    public TcpSocket? TryAccept(out int error)
    {
        byte* address = stackalloc byte[AddressBytesMax];
        int bytes = AddressBytesMax;
        int descriptor = LibC.accept4(Descriptor, address, &bytes, Flags);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new TcpSocket(descriptor) { RemoteEndPoint = ReadAddress(address) };
    }

    /// <summary>A socket that is to be connected.</summary>
    /// <returns>Null if there is no descriptor left, or no such family here.</returns>
    public static TcpSocket? TryCreate(IPEndPoint remote)
    {
        int descriptor = LibC.socket(Family(remote.Address), LibC.SOCK_STREAM | Flags, 0);
        return descriptor < 0 ? null : new TcpSocket(descriptor) { RemoteEndPoint = remote };
    }

    /// <summary>Connects, or finds out how far that is.</summary>
    /// <returns>0: connected. EINPROGRESS: to be called again once the socket is writable. Else why it failed.</returns>
    public int Connect()
    {
        byte* address = stackalloc byte[AddressBytesMax];
        int bytes = WriteAddress(address, RemoteEndPoint!);
        int error = LibC.connect(Descriptor, address, bytes) < 0 ? Marshal.GetLastPInvokeError() : 0;
        return error switch
        {
            LibC.EISCONN => 0,
            LibC.EALREADY => LibC.EINPROGRESS,
            _ => error,
        };
    }

    /// <summary>Reads what is there, up to the buffer's length.</summary>
    public SocketResult Receive(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer) return Result(LibC.recv(Descriptor, bytes, buffer.Length, 0));
    }

    /// <summary>Hands the kernel as many of the bytes as it takes now.</summary>
    /// <param name="isMoreToFollow">At once, even if it is only the end of the stream: a packet that isn't full waits
    /// for it.</param>
    public SocketResult Send(ReadOnlySpan<byte> buffer, bool isMoreToFollow = false)
    {
        int flags = LibC.MSG_NOSIGNAL | (isMoreToFollow ? LibC.MSG_MORE : 0);
        fixed (byte* bytes = buffer) return Result(LibC.send(Descriptor, bytes, buffer.Length, flags));
    }

    /// <summary>Lets the kernel send bytes of a file, as many as it takes now; none of a file that ends before them.</summary>
    public SocketResult SendFile(int file, long offset, int count)
    {
        return Result(LibC.sendfile(Descriptor, file, &offset, count));
    }

    /// <summary>Says that no more will be sent. False if the peer has gone.</summary>
    public bool TryShutdownSend() => LibC.shutdown(Descriptor, LibC.SHUT_WR) == 0;

    /// <summary>Whatever ends the connection, even the end of this process, shall reach the peer as a reset; or no
    /// longer. Sockets accepted from this one do the same.</summary>
    public void ResetOnClose(bool isOn)
    {
        var linger = new LibC.Linger { IsOn = isOn ? 1 : 0 };
        LibC.setsockopt(Descriptor, LibC.SOL_SOCKET, LibC.SO_LINGER, &linger, sizeof(LibC.Linger));
    }

    /// <summary>The kernel takes no more to send while it has as much as this that it could not send yet, so that little
    /// stands between who is served and who is next; sockets accepted from this one do the same.</summary>
    public void LimitUnsent(int bytes) => Set(LibC.IPPROTO_TCP, LibC.TCP_NOTSENT_LOWAT, bytes);

    /// <summary>The kernel holds about as much as this for us to read, and lets the peer wait then; sockets accepted
    /// from this one do the same.</summary>
    public void LimitUnread(int bytes) => Set(LibC.SOL_SOCKET, LibC.SO_RCVBUF, bytes);

    /// <summary>Small messages leave at once.</summary>
    public void SendAtOnce() => Set(LibC.IPPROTO_TCP, LibC.TCP_NODELAY, 1);

    /// <summary>Lets the kernel find out that the other machine is dead.</summary>
    /// <param name="seconds">Silence after which it is probed; it is dead after twice as long.</param>
    public void KeepAlive(int seconds)
    {
        const int probes = 4;
        Set(LibC.SOL_SOCKET, LibC.SO_KEEPALIVE, 1);
        Set(LibC.IPPROTO_TCP, LibC.TCP_KEEPIDLE, seconds);
        Set(LibC.IPPROTO_TCP, LibC.TCP_KEEPINTVL, seconds / probes);
        Set(LibC.IPPROTO_TCP, LibC.TCP_KEEPCNT, probes);
    }

    /// <summary>Closes it; closing twice is allowed.</summary>
    public void Dispose()
    {
        if (Descriptor >= 0) LibC.close(Descriptor);
        Descriptor = -1;
    }

    // An option that can't be set, since the peer has gone already, changes nothing.
    private void Set(int level, int name, int value) => LibC.setsockopt(Descriptor, level, name, &value, sizeof(int));

    private static SocketResult Result(nint bytes) =>
        bytes >= 0 ? new SocketResult((int)bytes, 0) : new SocketResult(0, Marshal.GetLastPInvokeError());

    private static int Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? LibC.AF_INET : LibC.AF_INET6;

    // struct sockaddr_in: family, port, address. struct sockaddr_in6: family, port, flow, address, scope.
    private static int WriteAddress(byte* address, IPEndPoint endPoint)
    {
        var bytes = new Span<byte>(address, AddressBytesMax);
        bytes.Clear();
        bool isIPv6 = Family(endPoint.Address) == LibC.AF_INET6;
        MemoryMarshal.Write(bytes, (ushort)Family(endPoint.Address));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)endPoint.Port);
        endPoint.Address.TryWriteBytes(bytes[(isIPv6 ? 8 : 4)..], out _);
        if (isIPv6) MemoryMarshal.Write(bytes[24..], (uint)endPoint.Address.ScopeId);
        return isIPv6 ? AddressBytesMax : 16;
    }

    private static IPEndPoint ReadAddress(byte* address)
    {
        var bytes = new ReadOnlySpan<byte>(address, AddressBytesMax);
        bool isIPv6 = MemoryMarshal.Read<ushort>(bytes) == LibC.AF_INET6;
        int port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        IPAddress ip = isIPv6 ? new IPAddress(bytes.Slice(8, 16), MemoryMarshal.Read<uint>(bytes[24..])) : new IPAddress(bytes.Slice(4, 4));
        return new IPEndPoint(ip, port);
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());
}
