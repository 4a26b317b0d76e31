using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;

namespace P2P.Tests.Support;

/// <summary>A text that went from one machine to another: what one TCP segment held, if that was nothing but
/// text.</summary>
internal sealed record WireText(IPEndPoint From, IPEndPoint To, string Text);

/// <summary>
/// Reads along on all devices of the network in which it is made, by a packet socket, so that nothing that is sent
/// there can be missed by a test that asks whether something was sent. A segment that passes several devices is seen
/// several times. Needs root.
/// </summary>
internal sealed class WireTap : IDisposable
{
    private const short AllProtocols = 0x0300;      // ETH_P_ALL, in the network's order
    private const int EthernetBytes = 14, Tcp = 6, TextBytesMax = 2000;
    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly HashSet<WireText> _texts = [];
    private volatile bool _ends;

    public WireTap()
    {
        int handle = Libc.socket(Libc.AddressFamilyPacket, Libc.SocketRaw, AllProtocols);
        if (handle < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        _socket = new Socket(new SafeSocketHandle(handle, ownsHandle: true))
        {
            ReceiveBufferSize = 64 << 20, ReceiveTimeout = 100,
        };
        _thread = new Thread(Read) { IsBackground = true, Name = nameof(WireTap) };
        _thread.Start();
    }

    /// <summary>Segments seen, of whatever content.</summary>
    public int Segments { get; private set; }

    /// <summary>Waits until nothing more has come for a moment, and returns all texts.</summary>
    public IReadOnlyCollection<WireText> End()
    {
        Dispose();
        return _texts;
    }

    public void Dispose()
    {
        _ends = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Read()
    {
        byte[] buffer = new byte[128 * 1024];
        while (true)
        {
            int bytes = _socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out SocketError error);
            if (error == SocketError.Success) Take(buffer.AsSpan(0, bytes));
            else if (_ends || error is not (SocketError.TimedOut or SocketError.WouldBlock)) return;
        }
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetBytes + 20 || frame[12] != 8 || frame[13] != 0) return;
        ReadOnlySpan<byte> packet = frame[EthernetBytes..];
        int length = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]), head = 4 * (packet[0] & 15);
        if (packet[9] != Tcp || length > packet.Length || head + 20 > length) return;
        ReadOnlySpan<byte> segment = packet[head..length], data = segment[(4 * (segment[12] >> 4))..];
        Segments++;
        if (data.Length is 0 or > TextBytesMax) return;
        foreach (byte each in data)
        {
            if (each is not ((byte)'\r' or (byte)'\n' or (>= (byte)' ' and <= (byte)'~'))) return;
        }
        var from = new IPEndPoint(new IPAddress(packet.Slice(12, 4)), BinaryPrimitives.ReadUInt16BigEndian(segment));
        var to = new IPEndPoint(
            new IPAddress(packet.Slice(16, 4)), BinaryPrimitives.ReadUInt16BigEndian(segment[2..]));
        _texts.Add(new WireText(from, to, Encoding.ASCII.GetString(data)));
    }
}
