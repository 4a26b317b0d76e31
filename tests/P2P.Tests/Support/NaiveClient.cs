using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// A tracker's client as strangers write it: one message per `send`, no terminator; whatever one `recv(1024)` returns
/// is the answer, and its text is compared. The same socket also lets a test speak the line dialect, join messages,
/// cut them anywhere, dribble them byte by byte, or half-close.
/// </summary>
internal sealed class NaiveClient : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[1024];
    private long _sentBytes;

    public NaiveClient(int trackerPort, IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        _socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = Patience.SocketMilliseconds,
            SendTimeout = Patience.SocketMilliseconds,
        };
        _socket.Connect(address, trackerPort);
    }

    /// <summary>Sends all of it in one `send`.</summary>
    public void Send(string text) => Send(Encoding.Latin1.GetBytes(text));

    public void Send(byte[] bytes) => _sentBytes += _socket.Send(bytes);

    /// <summary>Sends, and waits until the tracker has read that: what is sent next is a read of its own.</summary>
    public void SendAlone(string text)
    {
        Send(text);
        _socket.WaitUntilRead(_sentBytes);
    }

    /// <summary>Sends a byte, pauses, sends the next;
    /// returns the longest time that can have been between two.</summary>
    /// <remarks>A busy machine can stretch a gap beyond what the protocol forgives;
    /// the caller then tries again.</remarks>
    public TimeSpan Dribble(string text, TimeSpan gap)
    {
        TimeSpan longest = TimeSpan.Zero;
        var watch = Stopwatch.StartNew();
        TimeSpan sentAt = watch.Elapsed;
        for (int sent = 0; sent < text.Length; sent++)
        {
            TimeSpan before = watch.Elapsed;
            _sentBytes += _socket.Send(Encoding.Latin1.GetBytes(text), sent, 1, SocketFlags.None);
            TimeSpan between = watch.Elapsed - sentAt;
            longest = between > longest ? between : longest;
            sentAt = before;
            if (sent < text.Length - 1)
                Patience.Pause(gap);
        }
        return longest;
    }

    /// <summary>What one `recv(1024)` returns; empty at the end of the stream.</summary>
    public string Receive() => Encoding.Latin1.GetString(_buffer, 0, _socket.Receive(_buffer));

    /// <summary>Reads until there are that many characters; fails when the stream ends before.</summary>
    public string Receive(int characters)
    {
        var text = new StringBuilder();
        while (text.Length < characters)
        {
            int count = _socket.Receive(_buffer, Math.Min(_buffer.Length, characters - text.Length), SocketFlags.None);
            if (count == 0)
                throw new XunitException($"The stream ended after '{text}', {characters} characters were expected.");
            text.Append(Encoding.Latin1.GetString(_buffer, 0, count));
        }
        return text.ToString();
    }

    /// <summary>Reads until the other side ends the stream, cleanly or by a reset.</summary>
    public string ReceiveToEnd(out bool reset)
    {
        var text = new StringBuilder();
        reset = false;
        try
        {
            for (string part; (part = Receive()).Length > 0;)
                text.Append(part);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            reset = true;
        }
        return text.ToString();
    }

    /// <summary>Asks for a chunk, unframed, and returns what one recv returns.</summary>
    public string Ask(int index)
    {
        Send($"WHERE_CHUNK,{index}");
        return Receive();
    }

    /// <summary>Announces a chunk, then asks for it: when this returns, the tracker has the announcement.</summary>
    public void Announce(int index, int port)
    {
        Send($"LOCAL_CHUNKS,{index},localhost,{port}");
        string answer = Ask(index);
        if (!answer.StartsWith($"GET_CHUNK_FROM,{index},localhost,", StringComparison.Ordinal))
            throw new XunitException($"Announced chunk {index} and asked for it; the answer was '{answer}'.");
    }

    /// <summary>The same for many, as lines: the tracker need not wait whether an unframed question was cut.</summary>
    public void AnnounceAsLines(int index, params IEnumerable<int> ports)
    {
        Send(
            string.Concat(ports.Select(port => $"LOCAL_CHUNKS,{index},localhost,{port}\n")) + $"WHERE_CHUNK,{index}\n");
        if (!Receive().StartsWith($"GET_CHUNK_FROM,{index},localhost,", StringComparison.Ordinal))
            throw new XunitException($"Chunk {index}, just announced, is not listed.");
    }

    /// <summary>Ends the sending direction only.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.End();
}
