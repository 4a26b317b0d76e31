using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Asks Linux whether the other end of a loopback connection has read all that we sent (PROTOCOL 2.5). One inet_diag
/// request names exactly the socket at the other end; the request takes some microseconds, and any user may make it
/// (man sock_diag(7)).
///
/// An empty receive queue alone proves nothing while our bytes are still on their way into the queue. So an earlier
/// request must have shown that the other end's TCP has received all of them (tcp_info).
///
/// The same request shows the size of the other end's receive buffer, by which our own tracker is recognised.
/// </summary>
internal sealed class ReceiveQueueProbe
{
    // linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h, linux/tcp.h
    private const int NetlinkSockDiag = 4, SockDiagByFamily = 20, NetlinkRequest = 1;
    private const byte DiagInfo = 2, DiagMemory = 7;
    private const int HeaderBytes = 16, RequestBytes = HeaderBytes + 56, ReplyBytes = 1024;
    private const int SocketId = HeaderBytes + 8;           // in the request, behind family, protocol and states
    private const int ReplyQueue = HeaderBytes + 56;        // idiag_rqueue, behind the socket id and idiag_expires
    private const int ReplyAttributes = HeaderBytes + 72;
    private const int InfoBytesReceived = 128;              // tcpi_bytes_received, since Linux 4.1
    private const int MemoryReceiveBuffer = 4;              // SK_MEMINFO_RCVBUF: twice the size that was set

    private static readonly Socket? Netlink = OpenNetlink();

    private readonly byte[] _request = new byte[RequestBytes];
    private ulong _arrived;         // bytes that were in the other end's TCP by the last request
    private uint _bufferBytes;      // the other end's receive buffer by the last request; 0: not known

    /// <summary>Makes a probe for one connection.</summary>
    /// <param name="local">Our end.</param>
    /// <param name="remote">The other end, whose receive queue is asked about.</param>
    public ReceiveQueueProbe(IPEndPoint local, IPEndPoint remote)
    {
        Debug.Assert(local.AddressFamily == remote.AddressFamily, "a connection has one address family");
        Span<byte> request = _request;
        BinaryPrimitives.WriteInt32LittleEndian(request, RequestBytes);
        BinaryPrimitives.WriteInt16LittleEndian(request[4..], SockDiagByFamily);
        BinaryPrimitives.WriteInt16LittleEndian(request[6..], NetlinkRequest);
        request[HeaderBytes] = (byte)(
            remote.AddressFamily == AddressFamily.InterNetwork ? LibC.AF_INET : LibC.AF_INET6);
        request[HeaderBytes + 1] = LibC.IPPROTO_TCP;
        request[HeaderBytes + 2] = 1 << (DiagInfo - 1) | 1 << (DiagMemory - 1);
        BinaryPrimitives.WriteUInt32LittleEndian(request[(HeaderBytes + 4)..], uint.MaxValue);      // any state
        Span<byte> id = request[SocketId..];
        BinaryPrimitives.WriteUInt16BigEndian(id, (ushort)remote.Port);
        BinaryPrimitives.WriteUInt16BigEndian(id[2..], (ushort)local.Port);
        remote.Address.TryWriteBytes(id[4..], out _);
        local.Address.TryWriteBytes(id[20..], out _);
        id[40..48].Fill(0xff);      // no cookie
    }

    /// <summary>By the last request the other end is a <c>P2PTracker</c> of ours.</summary>
    public bool IsOurTracker => _bufferBytes == 2 * Limits.TrackerUnreadBytes;

    /// <summary>Tells whether another program than a <c>P2PClient</c> of ours that speaks the lane listens at a
    /// port.</summary>
    /// <returns>False also if the kernel can't say, as of another machine.</returns>
    public static bool IsStrangersPort(IPAddress address, int port)
    {
        ReceiveQueueProbe probe = AskForListener(address, port);
        return probe._bufferBytes is not (0 or 2 * Limits.PeerUnreadBytes);
    }

    /// <summary>Tells whether a tracker of ours on this machine can be reached from other machines: a tracker that
    /// listens on an address that no machine has (RFC 5737 and 3849) listens on all addresses.</summary>
    public static bool IsOurTrackerOnAllAddresses(int port) =>
        IsOurTrackerOn("192.0.2.1", port) || IsOurTrackerOn("2001:db8::1", port);

    private static bool IsOurTrackerOn(string address, int port) =>
        AskForListener(IPAddress.Parse(address), port).IsOurTracker;

    // The kernel looks for the socket that would accept a connection to that address.
    private static ReceiveQueueProbe AskForListener(IPAddress address, int port)
    {
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        var anyClient = new IPEndPoint(isIPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var probe = new ReceiveQueueProbe(anyClient, new IPEndPoint(address, port));
        probe.HasReadAll(0);
        return probe;
    }

    /// <summary>Tells whether the other end has read everything.</summary>
    /// <param name="sentBytes">Sent on this connection so far, in all.</param>
    /// <returns>Null if the kernel can't say: there is no netlink here, or the other end is not on this machine.
    /// </returns>
    public bool? HasReadAll(long sentBytes)
    {
        Debug.Assert(sentBytes >= 0, "less than nothing was sent");
        if (Netlink is null || Netlink.Send(_request, SocketFlags.None, out _) != RequestBytes) return null;
        Span<byte> reply = stackalloc byte[ReplyBytes];
        ReadOnlySpan<byte> answer = reply[..Math.Max(Netlink.Receive(reply, SocketFlags.None, out _), 0)];
        if (answer.Length < ReplyAttributes) return null;
        if (BinaryPrimitives.ReadInt16LittleEndian(answer[4..]) != SockDiagByFamily) return null;

        bool hadArrived = _arrived >= (ulong)sentBytes;
        uint unread = BinaryPrimitives.ReadUInt32LittleEndian(answer[ReplyQueue..]);
        ReadOnlySpan<byte> info = FindAttribute(answer[ReplyAttributes..], DiagInfo, InfoBytesReceived + sizeof(ulong));
        _arrived = info.IsEmpty ? (ulong)sentBytes : BinaryPrimitives.ReadUInt64LittleEndian(info[InfoBytesReceived..]);
        ReadOnlySpan<byte> memory =
            FindAttribute(answer[ReplyAttributes..], DiagMemory, MemoryReceiveBuffer + sizeof(uint));
        _bufferBytes =
            memory.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(memory[MemoryReceiveBuffer..]);
        return hadArrived && unread == 0;
    }

    // The runtime has no name for this address family, but can use a socket that was made outside.
    private static Socket? OpenNetlink()
    {
        int descriptor = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, NetlinkSockDiag);
        if (descriptor < 0) return null;
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) { Blocking = false };
    }

    // Each attribute is a length (which counts its own two bytes and the kind's), a kind, a value, and padding to four
    // bytes. Returns the value; empty if there is no such attribute, or it is too short.
    private static ReadOnlySpan<byte> FindAttribute(ReadOnlySpan<byte> attributes, int wanted, int bytesMin)
    {
        while (attributes.Length >= 4)
        {
            int length = MemoryMarshal.Read<ushort>(attributes);
            int kind = MemoryMarshal.Read<ushort>(attributes[2..]);
            if (length < 4 || length > attributes.Length) return default;
            if (kind == wanted) return length - 4 >= bytesMin ? attributes[4..length] : default;
            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }
        return default;
    }
}
