using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Text;

namespace P2P.Tests.Support;

/// <summary>How one stranger's serving side differs from the next. The defaults are a good one.</summary>
internal sealed record PeerManners
{
    /// <summary>Accepts the next fetcher when the one before has gone.</summary>
    public bool OneAtATime { get; init; }

    /// <summary>Sends nothing for that long after the request.</summary>
    public TimeSpan StartsAfter { get; init; }

    /// <summary>Sends that many bytes, then pauses for <see cref="PartGap"/>. 0: all at once.</summary>
    public int PartBytes { get; init; }

    public TimeSpan PartGap { get; init; }

    /// <summary>Sends no more than that many bytes of a chunk, then does what <see cref="End"/> says.</summary>
    public int BytesAtMost { get; init; } = int.MaxValue;

    public PeerEnd End { get; init; } = PeerEnd.Clean;
}

/// <summary>How a serving side ends.</summary>
internal enum PeerEnd
{
    /// <summary>Ends its stream, then waits for the fetcher to go.</summary>
    Clean,

    /// <summary>Resets the connection.</summary>
    Reset,

    /// <summary>Says nothing more, and keeps the connection open until the fetcher goes.</summary>
    Silence,
}

/// <summary>A request that reached a <see cref="FakePeer"/>.</summary>
/// <param name="Index">0 when the text names no chunk.</param>
/// <param name="At">Since the peer's start.</param>
internal sealed record PeerRequest(int Connection, string Text, int Index, TimeSpan At);

/// <summary>
/// The serving side of a client as strangers write it: one `recv`, whose text must be exactly `REQUEST_CHUNK,[index]`,
/// then the chunk's bytes. It notes as a fault whatever such a program may not survive: a connection without a
/// question, more than the question, a half-close, a question for a chunk that it doesn't have.
/// </summary>
internal sealed class FakePeer : LoopbackServer
{
    private readonly ChunkSet _chunks;
    private readonly HashSet<int> _held;
    private readonly PeerManners _manners;
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public FakePeer(ChunkSet chunks, IEnumerable<int> held, PeerManners? manners = null, int port = 0)
        : base(manners?.OneAtATime ?? false, port)
    {
        _chunks = chunks;
        _held = held.ToHashSet();
        _manners = manners ?? new PeerManners();
        Start();
    }

    public EventList<PeerRequest> Requests { get; } = new();

    /// <summary>Called with the text of each request, before anything else is done with it.</summary>
    public Action<string>? OnRequest { get; set; }

    /// <summary>Connections on which everything that this peer sends is sent.</summary>
    public EventList<int> Sent { get; } = new();

    /// <summary>Connections that the fetcher ended cleanly after all was sent.</summary>
    public EventList<int> LeftByFetcher { get; } = new();

    /// <summary>From now on this chunk is held too (and served).</summary>
    public void Hold(int index)
    {
        lock (_held)
            _held.Add(index);
    }

    protected override void Serve(Socket socket, int connection)
    {
        byte[] buffer = new byte[1024];
        string text = Encoding.Latin1.GetString(buffer, 0, socket.Receive(buffer));
        if (text.Length == 0)
        {
            Faults.Add($"connection {connection}: ended without a question");
            return;
        }
        OnRequest?.Invoke(text);
        string[] fields = text.Split(',');
        bool understood = fields is ["REQUEST_CHUNK", _] && int.TryParse(fields[1], out _) && text == text.Trim();
        int index = understood ? int.Parse(fields[1]) : 0;
        Requests.Add(new PeerRequest(connection, text, index, _watch.Elapsed));
        bool held;
        lock (_held)
            held = _held.Contains(index);
        if (!held)
        {
            Faults.Add($"connection {connection}: asked for '{text}'");
            socket.Close(0);
            return;
        }
        Pause(_manners.StartsAfter);
        NoteIfTheFetcherSaidMore(socket, connection);
        SendChunk(socket, _chunks[index]);
        NoteIfTheFetcherSaidMore(socket, connection);
        Sent.Add(connection);
        switch (_manners.End)
        {
            case PeerEnd.Reset:
                socket.Close(0);
                return;
            case PeerEnd.Clean:
                socket.Shutdown(SocketShutdown.Send);
                break;
        }
        if (ReadToEnd(socket, out long bytes) && bytes == 0)
            LeftByFetcher.Add(connection);
    }

    private void SendChunk(Socket socket, byte[] chunk)
    {
        int length = Math.Min(chunk.Length, _manners.BytesAtMost);
        int part = _manners.PartBytes == 0 ? Math.Max(length, 1) : _manners.PartBytes;
        for (int sent = 0; sent < length; sent += part)
        {
            if (sent > 0)
                Pause(_manners.PartGap);
            for (int from = sent, to = Math.Min(sent + part, length); from < to;)
                from += socket.Send(chunk, from, to - from, SocketFlags.None);
        }
    }

    /// <summary>Until the chunk has ended, a byte or an end from the fetcher is one too many.</summary>
    private void NoteIfTheFetcherSaidMore(Socket socket, int connection)
    {
        if (!socket.Poll(0, SelectMode.SelectRead))
            return;
        Faults.Add($"connection {connection}: after the question the fetcher "
            + (socket.Available > 0 ? $"sent {socket.Available} bytes more" : "ended its side"));
    }
}
