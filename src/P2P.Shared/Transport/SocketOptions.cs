using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace P2P.Transport;

/// <summary>The options that the programs set on TCP sockets. Those of a listening socket hold for the sockets that it
/// accepts. Setting an option fails only where the peer has gone already, and is then left undone.</summary>
public static class SocketOptions
{
    // netinet/tcp.h and asm-generic/socket.h; the runtime has no names for these.
    private const int ProtocolTcp = 6, Cork = 3, Information = 11, Congestion = 13, UnsentLowWater = 25;
    private const int LevelSocket = 1, ReceiveLowWater = 18;

    /// <summary>Small messages leave at once.</summary>
    public static void NoDelay(this Socket socket) =>
        Set(socket, SocketOptionLevel.Tcp, SocketOptionName.NoDelay, 1);

    /// <summary>A packet that isn't full waits for the end of the stream, or for 200 ms, and carries that end: both
    /// machines save a packet, and the peer's loop a round.</summary>
    public static void SendFullPackets(this Socket socket, bool isOn = true) => SetRaw(socket, Cork, isOn ? 1 : 0);

    /// <summary>The kernel stops taking bytes once this many are unsent, so that little stands between the peer that is
    /// served and the next one.</summary>
    public static void LimitUnsent(this Socket socket, int bytes) => SetRaw(socket, UnsentLowWater, bytes);

    /// <summary>Packets leave as soon as the peer has room for them. For a connection within this machine, where there
    /// is no line to share: a kernel that paces packets by default (BBR) would let both ends wait for its timers. Reno
    /// does not, and every kernel has it and lets everybody use it.</summary>
    /// <param name="socket">Not yet connected: a socket that was paced once remains so.</param>
    public static void SendUnpaced(this Socket socket) => SetRaw(socket, Congestion, "reno"u8);

    /// <summary>A wait for bytes ends when so many have come, or the end of the stream.</summary>
    public static void WaitFor(this Socket socket, int bytes) => SetRaw(socket, ReceiveLowWater, bytes, LevelSocket);

    /// <summary>The kernel holds about this many received bytes that are unread, and then lets the peer wait.</summary>
    public static void LimitUnread(this Socket socket, int bytes) =>
        Set(socket, SocketOptionLevel.Socket, SocketOptionName.ReceiveBuffer, bytes);

    /// <summary>Tells whether the bytes of a connection never leave this machine.</summary>
    /// <param name="socket">Connected.</param>
    public static bool IsPeerOnThisMachine(this Socket socket)
    {
        IPAddress peer = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        return IPAddress.IsLoopback(peer) || peer.Equals(((IPEndPoint)socket.LocalEndPoint!).Address);
    }

    /// <summary>Tells whether the other end has a small receive buffer that was set by its program: by default Linux
    /// reckons with some megabytes, and says so when it connects (the scale of the window, RFC 7323).</summary>
    /// <param name="socket">Connected.</param>
    public static bool HasPeerSmallBuffer(this Socket socket)
    {
        Span<byte> info = stackalloc byte[8];
        return TryGetInformation(socket, info) && (info[6] & 0xf) <= 1;
    }

    /// <summary>The shortest time so far from a packet to its acknowledgement; zero if the kernel tells none.</summary>
    /// <param name="socket">Connected.</param>
    public static TimeSpan ShortestRoundTrip(this Socket socket) =>
        TimeSpan.FromMicroseconds(Measured(socket, 148) & uint.MaxValue);       // tcpi_min_rtt

    /// <summary>The bytes a second that the kernel sends at most, by its measure of the line;
    /// <see cref="long.MaxValue"/> if it has none.</summary>
    /// <param name="socket">Connected.</param>
    public static long PacingRate(this Socket socket)
    {
        long rate = Measured(socket, 104);      // tcpi_pacing_rate: all bits are set where there is no bound
        return rate > 0 ? rate : long.MaxValue;
    }

    /// <summary>Lets the kernel forget how fast it may send, and find out anew. Linux has no call for it, but does so
    /// when a connection changes its congestion control.</summary>
    /// <param name="socket">Connected.</param>
    public static void ForgetRate(this Socket socket)
    {
        Span<byte> name = stackalloc byte[16];      // TCP_CA_NAME_MAX
        try
        {
            int bytes = socket.GetRawSocketOption(ProtocolTcp, Congestion, name);
            socket.SendUnpaced();
            SetRaw(socket, Congestion, name[..bytes]);
        }
        catch (SocketException)
        {
            // The peer has gone.
        }
    }

    /// <summary>Lets the kernel find out that the other machine is dead.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="seconds">Silence after which it is probed; it is dead after twice as long.</param>
    public static void KeepAlive(this Socket socket, int seconds)
    {
        const int probes = 4;
        Set(socket, SocketOptionLevel.Socket, SocketOptionName.KeepAlive, 1);
        Set(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        Set(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, seconds / probes);
        Set(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, probes);
    }

    /// <summary>Makes every end of the connection, even by the end of this process, reach the peer as a reset; or makes
    /// it a clean end again.</summary>
    public static void ResetOnClose(this Socket socket, bool isOn)
    {
        try
        {
            socket.LingerState = new LingerOption(isOn, 0);
        }
        catch (SocketException)
        {
            // The peer has gone.
        }
    }

    /// <summary>Ends the stream to the peer. False if the peer has gone.</summary>
    public static bool TryShutdownSend(this Socket socket) => TryShutdown(socket, SocketShutdown.Send);

    internal static bool TryShutdown(Socket socket, SocketShutdown how)
    {
        try
        {
            socket.Shutdown(how);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // A number of 8 bytes in linux/tcp.h, struct tcp_info; 0 if the kernel does not tell it.
    private static long Measured(Socket socket, int offset)
    {
        Span<byte> info = stackalloc byte[offset + sizeof(long)];
        return TryGetInformation(socket, info) ? BitConverter.ToInt64(info[offset..]) : 0;
    }

    // The head of the struct.
    private static bool TryGetInformation(Socket socket, Span<byte> info)
    {
        try
        {
            return socket.GetRawSocketOption(ProtocolTcp, Information, info) == info.Length;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void Set(Socket socket, SocketOptionLevel level, SocketOptionName name, int value)
    {
        try
        {
            socket.SetSocketOption(level, name, value);
        }
        catch (SocketException)
        {
            // The peer has gone.
        }
    }

    private static void SetRaw(Socket socket, int name, int value, int level = ProtocolTcp) =>
        SetRaw(socket, name, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)), level);

    private static void SetRaw(Socket socket, int name, ReadOnlySpan<byte> value, int level = ProtocolTcp)
    {
        try
        {
            socket.SetRawSocketOption(level, name, value);
        }
        catch (SocketException)
        {
            // The peer has gone.
        }
    }
}
