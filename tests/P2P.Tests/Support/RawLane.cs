using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using P2P.Protocol;

namespace P2P.Tests.Support;

/// <summary>The fetching end of a lane, by hand.</summary>
internal sealed class RawLane : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
    {
        NoDelay = true,
        ReceiveTimeout = Patience.SocketMilliseconds,
    };

    public RawLane(int port, string hello = "LANE,1\n")
        : this(IPAddress.Loopback, port, hello)
    {
    }

    public RawLane(IPAddress address, int port, string hello = "LANE,1\n")
    {
        _socket.Connect(address, port);
        Send(hello);
    }

    public void Send(string text) => _socket.Send(Encoding.Latin1.GetBytes(text));

    /// <summary>Receives one answer: its last piece, and the chunk's bytes.</summary>
    public (LanePiece Last, byte[] Chunk) Receive()
    {
        byte[] chunk = [];
        while (true)
        {
            (LanePiece piece, byte[] bytes) = ReceivePiece();
            chunk = [.. chunk, .. bytes];
            if (piece.IsEnd) return (piece, chunk);
        }
    }

    /// <summary>Receives the pieces of one answer, each as soon as it has come, on a thread of their own.</summary>
    public void ReceiveAll(Action<(LanePiece Head, byte[] Bytes)> onPiece)
    {
        new Thread(() =>
        {
            try
            {
                (LanePiece Head, byte[] Bytes) piece;
                do onPiece(piece = ReceivePiece());
                while (!piece.Head.IsEnd);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test has ended the lane, or misses the piece.
            }
        })
        { IsBackground = true, Name = nameof(RawLane) }.Start();
    }

    /// <summary>Waits until the other end has ended or reset the lane; what comes before is dropped.</summary>
    public void WaitForEnd()
    {
        byte[] buffer = new byte[65536];
        try
        {
            while (_socket.Receive(buffer) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.TimedOut
            && e.SocketErrorCode != SocketError.WouldBlock)
        {
            // A reset is an end, too.
        }
    }

    public void Dispose() => _socket.End();

    private (LanePiece Head, byte[] Bytes) ReceivePiece()
    {
        if (!LanePiece.TryRead(ReceiveBytes(LanePiece.HeadBytes), out LanePiece piece))
            throw new InvalidOperationException("what came is no piece");
        return (piece, ReceiveBytes(piece.Bytes));
    }

    private byte[] ReceiveBytes(int count)
    {
        byte[] bytes = new byte[count];
        for (int received = 0; received < count;)
        {
            int now = _socket.Receive(bytes.AsSpan(received));
            if (now == 0) throw new InvalidOperationException($"the lane has ended after {received} of {count} bytes");
            received += now;
        }
        return bytes;
    }
}
