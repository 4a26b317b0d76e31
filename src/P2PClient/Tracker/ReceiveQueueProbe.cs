using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Asks Linux whether the other end of a loopback connection has read all that we sent (PROTOCOL 2.5): one exact-match
/// inet_diag request for the peer's socket, some microseconds, as any user (man sock_diag(7)).
///
/// An empty receive queue alone proves nothing while our bytes are still on their way into it, so the bytes that the
/// peer's TCP has received in all (tcp_info) must have been right in an earlier request.
///
/// The same request shows how large the peer's receive buffer may get, by which our own tracker is known.
/// </summary>
internal sealed class ReceiveQueueProbe
{
    // linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h, linux/tcp.h
    private const int NetlinkSockDiag = 4, SockDiagByFamily = 20, NetlinkRequest = 1;
    private const byte DiagInfo = 2, DiagMemory = 7;
    private const int HeaderBytes = 16, RequestBytes = HeaderBytes + 56, ReplyBytes = 1024;
    private const int SocketId = HeaderBytes + 8;           // in the request: behind family, protocol, states and more
    private const int ReplyQueue = HeaderBytes + 56;        // idiag_rqueue, behind the socket id and idiag_expires
    private const int ReplyAttributes = HeaderBytes + 72;
    private const int InfoBytesReceived = 128;              // tcpi_bytes_received, since Linux 4.1
    private const int MemoryReceiveBuffer = 4;              // SK_MEMINFO_RCVBUF: twice what was asked for

    private static readonly Socket? _netlink = OpenNetlink();

    private readonly byte[] _request = new byte[RequestBytes];
    private ulong _arrived;         // bytes that have certainly come out of the network

    /// <summary>Makes a probe for one connection.</summary>
    /// <param name="local">Our end.</param>
    /// <param name="remote">The other end, whose queue is looked at.</param>
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

    /// <summary>The other end is a <c>P2PTracker</c> of ours; as of the last look.</summary>
    public bool IsOurTracker { get; private set; }

    /// <summary>Tells whether a tracker of ours on this machine can be reached from other machines: whether it listens
    /// on an address that nobody has (RFC 5737 and 3849), and so on all of them.</summary>
    public static bool IsOurTrackerEverywhere(int port) => Listens("192.0.2.1", port) || Listens("2001:db8::1", port);

    // The kernel looks for the socket that would accept a connection to that address.
    private static bool Listens(string address, int port)
    {
        IPAddress reached = IPAddress.Parse(address);
        bool isIPv4 = reached.AddressFamily == AddressFamily.InterNetwork;
        var nobody = new IPEndPoint(isIPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        var probe = new ReceiveQueueProbe(nobody, new IPEndPoint(reached, port));
        probe.HasReadAll(0);
        return probe.IsOurTracker;
    }

    /// <summary>Tells whether the other end has read everything.</summary>
    /// <param name="sentBytes">Sent on this connection so far, in all.</param>
    /// <returns>Null if it can't be known: netlink is not to be had, or the other end is not on this machine.</returns>
    public bool? HasReadAll(long sentBytes)
    {
        Debug.Assert(sentBytes >= 0, "less than nothing was sent");
        if (_netlink is null || _netlink.Send(_request, SocketFlags.None, out _) != RequestBytes) return null;
        Span<byte> reply = stackalloc byte[ReplyBytes];
        ReadOnlySpan<byte> answer = reply[..Math.Max(_netlink.Receive(reply, SocketFlags.None, out _), 0)];
        if (answer.Length < ReplyAttributes) return null;
        if (BinaryPrimitives.ReadInt16LittleEndian(answer[4..]) != SockDiagByFamily) return null;

        bool hadArrived = _arrived >= (ulong)sentBytes;
        uint unread = BinaryPrimitives.ReadUInt32LittleEndian(answer[ReplyQueue..]);
        ReadOnlySpan<byte> info = FindAttribute(answer[ReplyAttributes..], DiagInfo, InfoBytesReceived + sizeof(ulong));
        _arrived = info.IsEmpty ? (ulong)sentBytes : BinaryPrimitives.ReadUInt64LittleEndian(info[InfoBytesReceived..]);
        ReadOnlySpan<byte> memory =
            FindAttribute(answer[ReplyAttributes..], DiagMemory, MemoryReceiveBuffer + sizeof(uint));
        IsOurTracker = !memory.IsEmpty
            && BinaryPrimitives.ReadUInt32LittleEndian(memory[MemoryReceiveBuffer..]) == 2 * Limits.TrackerUnreadBytes;
        return hadArrived && unread == 0;
    }

    // The runtime has no word for this family, but takes a socket of it.
    private static Socket? OpenNetlink()
    {
        int descriptor = LibC.socket(LibC.AF_NETLINK, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, NetlinkSockDiag);
        if (descriptor < 0) return null;
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) { Blocking = false };
    }

    // Attributes: length with its four bytes of head, kind, value, padding to four bytes. Empty if it isn't there.
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
