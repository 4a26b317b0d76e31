using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace P2P.Tests.Support;

/// <summary>How a chunk's stream ended.</summary>
internal enum StreamEnd
{
    /// <summary>End of stream: to the assignment, the whole chunk is there.</summary>
    Clean,

    /// <summary>Reset: what came is not the chunk.</summary>
    Reset,
}

/// <summary>
/// The fetching side of a client as strangers write it: connects, asks, reads until the end. Lets a test ask in any
/// dialect, read slowly, half-close, or go away in the middle.
/// </summary>
internal sealed class FakeFetcher : IDisposable
{
    private readonly Socket _socket;
    private readonly MemoryStream _bytes = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <param name="receiveBytes">The socket's receive buffer:
    /// small makes the sender feel how slowly this one reads.</param>
    public FakeFetcher(int port, int receiveBytes = 0)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = Patience.SocketMilliseconds,
            SendTimeout = Patience.SocketMilliseconds,
        };
        if (receiveBytes > 0)
            _socket.ReceiveBufferSize = receiveBytes;
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>Everything received until now.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

    /// <summary>How the stream ended; null before.</summary>
    public StreamEnd? End { get; private set; }

    /// <summary>Fetches one chunk the plain way: unframed, to the end.</summary>
    public static FakeFetcher Fetch(int port, string request)
    {
        var fetcher = new FakeFetcher(port);
        fetcher.Ask(request);
        fetcher.ReadToEnd();
        return fetcher;
    }

    public void Ask(string request) => _socket.Send(Encoding.Latin1.GetBytes(request));

    public void Dribble(string request, TimeSpan gap)
    {
        foreach (char character in request)
        {
            Ask(character.ToString());
            Patience.Pause(gap);
        }
    }

    /// <summary>Ends the sending direction only; nothing happens when the other side has reset the connection
    /// already.</summary>
    public void HalfClose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.NotConnected or SocketError.ConnectionReset)
        {
            // The next read says so.
        }
    }

    /// <summary>Reads at least that many bytes more, or to the end.</summary>
    public void ReadSome(int bytes)
    {
        for (long goal = _bytes.Length + bytes; End == null && _bytes.Length < goal;)
            ReadOnce();
    }

    public StreamEnd ReadToEnd()
    {
        while (End == null)
            ReadOnce();
        return End.Value;
    }

    /// <summary>Goes away as a killed process with unread bytes does: by a reset.</summary>
    public void GoAway() => _socket.Close(0);

    public void Dispose() => _socket.End();

    private void ReadOnce()
    {
        try
        {
            int count = _socket.Receive(_buffer);
            _bytes.Write(_buffer, 0, count);
            if (count == 0)
                End = StreamEnd.Clean;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            End = StreamEnd.Reset;
        }
    }
}
