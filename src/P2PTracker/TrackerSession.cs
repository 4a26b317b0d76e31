using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// One client's connection to the tracker, from accept to its end. Each message is found, read, and passed to the
/// handler of its kind, which logs it: LOCAL_CHUNKS is listed, WHERE_CHUNK is answered. The session's life is
/// <see cref="RunAsync"/>, read top to bottom. Hot: allocates nothing per message.
/// </summary>
internal sealed class TrackerSession
{
    private const int TimedOut = -1;        // in place of the bytes of a read

    private readonly TrackerServer _server;
    private readonly Connection _connection;
    private LocalChunksHandler _localChunks;
    private WhereChunkHandler _whereChunk;
    private MessageFramer _framer;
    private int _badMessages;
    private bool _isWoken;                  // for news: the next timeout is none
    private bool _isHandedOver;             // the connection belongs to the HTTP server now
    private FairShare.Share _share;
    private LoopSignal? _pause;
    private readonly string? _client;       // the client's address, for the diagnosis alone
    private bool? _sendsLines;              // the dialect of the last message, for the diagnosis alone

    public TrackerSession(TrackerServer server, Socket socket)
    {
        _server = server;
        _connection = new Connection(server.Loop, socket, Limits.RequestReadBytes, isPeerQuick: true);
        socket.NoDelay();
        socket.KeepAlive(Limits.KeepAliveSeconds);
        var client = (IPEndPoint)socket.RemoteEndPoint!;
        string host = ListedHost(client.Address);
        string? thisMachine = host == HostName.Localhost ? null : AddressForClient(socket, client.Address);
        _localChunks = new LocalChunksHandler(server, host);
        _whereChunk = new WhereChunkHandler(server, thisMachine);
        if (Diagnosis.Log is not null) _client = client.ToString();
    }

    /// <summary>When the connection was accepted.</summary>
    public TimeSpan StartedAt { get; } = EventLoop.Now;

    /// <summary>The client has sent a message, and so speaks the protocol.</summary>
    public bool HasSentMessage { get; private set; }

    /// <summary>The client has announced a chunk.</summary>
    public bool HasAnnounced => _localChunks.HasAnnounced;

    /// <summary>The session's place in the <see cref="SessionList"/> that it is in; below 0: it is in none.</summary>
    public int ListPlace { get; set; } = -1;

    /// <summary>The client, as the page shows it while it has announced nothing; null if it has just gone.</summary>
    public WaitingClient? Waiting => _connection.Socket.SafeHandle.IsClosed ? null
        : new(_localChunks.Host, ((IPEndPoint)_connection.Socket.RemoteEndPoint!).Port, StartedAt)
        {
            Name = _localChunks.Ours?.Name,
        };

    /// <summary>Closes the connection, to make room for others; <see cref="RunAsync"/> then ends.</summary>
    public void Close() => _connection.Close();

    /// <summary>There is news that the client may not have been told.</summary>
    public void OnNews()
    {
        _isWoken = true;
        _connection.EndReceive();
    }

    /// <summary>Serves the client until the client ends the connection, or has sent too much nonsense.</summary>
    public async Task RunAsync()
    {
        byte[]? answers = null;
        string reason = "a bug of ours";
        try
        {
            while (true)
            {
                SocketResult received = await _connection.ReceiveAsync(_framer.ReadTimeout);
                if (received.HasFailed)
                {
                    reason = DescribeEnd(received);
                    return;
                }
                bool isWoken = received.IsTimedOut && _isWoken;
                if (isWoken) _isWoken = false;
                else _framer.OnReceived(_connection.Unread.Length, received.Bytes, received.IsTimedOut);
                // What the method still needs after its waits, it holds as long as the connection is open.
                int readBytes = received.IsTimedOut ? TimedOut : received.Bytes;

                if (!HasSentMessage && _badMessages == 0 && _server.TryServeHttp(_connection))
                {
                    _isHandedOver = true;
                    Diagnosis.Log?.Add($"{_client} speaks HTTP");
                    return;
                }

                answers = _server.Loop.Buffers.Rent();
                bool more;
                do
                {
                    more = HandleMessages(answers, out int answerBytes);
                    Debug.Assert(!more || answerBytes > 0 || _whereChunk.IsHolding, "the loop makes no progress");
                    if (answerBytes > 0)
                    {
                        // The log is written before the answers leave (PROTOCOL 5.3), once for all of a round.
                        await _server.Loop.RoundEndAsync();
                        SocketResult sent = await _connection.SendAsync(answers, 0, answerBytes);
                        if (!sent.IsSuccess)
                        {
                            reason = DescribeEnd(sent);
                            return;
                        }
                    }
                    if (_whereChunk.IsHolding) await PauseAsync(_whereChunk.HoldTime(EventLoop.Now));
                }
                while (more);
                _server.Loop.Buffers.Return(answers);
                answers = null;

                if (readBytes == 0)
                {
                    reason = "the client has ended it";
                    return;
                }
                if (_framer.IsOverlong || _badMessages >= Limits.BadMessagesMax)
                {
                    reason = _framer.IsOverlong ? "a message without an end" : "too much that is no message";
                    await PauseAsync(TrackerLimits.NonsensePause);
                    return;
                }
                TimeSpan pause = PauseAfterRead(readBytes);
                if (pause > TimeSpan.Zero) await PauseAsync(pause);
                else if (_connection.HasHadTurn) await _server.Loop.YieldAsync();
            }
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PTracker", e);
        }
        finally
        {
            if (answers is not null) _server.Loop.Buffers.Return(answers);
            if (!_isHandedOver)
            {
                _connection.Close();
                Diagnosis.Log?.Add($"connection from {_client} closed: {reason}");
            }
            _localChunks.OnSessionEnd(EventLoop.Now);
            _server.OnSessionEnd(this);
        }
    }

    private static string DescribeEnd(SocketResult result) => Diagnosis.Log is null ? "" : Diagnosis.Describe(result);

    private void ReportDialect(bool isLine)
    {
        if (_sendsLines == isLine) return;
        _sendsLines = isLine;
        Diagnosis.Log?.Add($"{_client} speaks {(isLine ? "in lines" : "unframed")}");
    }

    private TimeSpan PauseAfterRead(int bytes)
    {
        if (bytes >= TrackerLimits.BulkReadBytes) return _server.FairShare.PauseAfter(ref _share, bytes, EventLoop.Now);
        _server.FairShare.OnSmallRead(ref _share);
        return TimeSpan.Zero;
    }

    private LoopSignal PauseAsync(TimeSpan time)
    {
        _pause ??= new LoopSignal(_server.Loop);
        return _pause.WaitAsync(time);
    }

    // Handles the complete messages among the unread bytes. Returns true where more messages may follow: the buffer is
    // full; an unframed answer has to leave in a send of its own (PROTOCOL 6.2); an answer is held back.
    private bool HandleMessages(byte[] answers, out int answerBytes)
    {
        Debug.Assert(!_isHandedOver, "a session reads what belongs to the HTTP server");
        answerBytes = 0;
        if (_whereChunk.IsHolding)
        {
            answerBytes = _whereChunk.WriteHeldAnswer(answers, out bool wasLine);
            if (!wasLine) return true;
        }

        if (_server.News.HasMore(_localChunks, answers, ref answerBytes)) return true;
        while (true)
        {
            ReadOnlySpan<byte> text = default;
            bool isLine = true;
            bool isMessage = _framer.TryNextPlain(
                _connection.Unread, out MessageKind kind, out int chunkIndex, out int port, out int consumed);
            if (!isMessage)
            {
                if (!_framer.TryNext(_connection.Unread, out text, out consumed, out isLine)) return false;
                isMessage = MessageReader.TryRead(text, out Message message);
                (kind, chunkIndex, port) = (message.Kind, message.ChunkIndex, message.Port);
            }
            bool isHello = !isMessage && isLine && TryHandleOurs(text, answers, ref answerBytes);
            if ((isMessage || isHello) && !HasSentMessage) OnFirstMessage();
            if (Diagnosis.Log is not null && isMessage) ReportDialect(isLine);
            switch (isMessage ? kind : default(MessageKind?))
            {
                case MessageKind.LocalChunks:
                    _server.Announcements++;
                    if (!_localChunks.TryAnnounce(chunkIndex, port)) _server.Refused++;
                    break;
                case MessageKind.WhereChunk:
                    _server.Questions++;
                    int length = _whereChunk.WriteAnswer(chunkIndex, isLine, answers, answerBytes);
                    answerBytes += length;
                    if (!isLine || length == 0)
                    {
                        _connection.Consume(consumed);
                        return true;
                    }
                    break;
                default:
                    if (!isHello && !MessageReader.Trim(text).IsEmpty) _badMessages++;
                    break;
            }
            _connection.Consume(consumed);
            if (_badMessages >= Limits.BadMessagesMax) return false;
            if (answerBytes + Limits.MarkedAnswerBytesMax + 1 > answers.Length) return true;
        }
    }

    private void OnFirstMessage()
    {
        _server.OnFirstMessage(this);
        HasSentMessage = true;
    }

    // A client of ours says which set it has, or asks (PROTOCOL 10.2), how its user calls it (PROTOCOL 11), or that it
    // speaks the lane (PROTOCOL 9.2).
    private bool TryHandleOurs(ReadOnlySpan<byte> text, byte[] answers, ref int answerBytes)
    {
        if (SetSyntax.TryRead(text, out ulong set, out _))
        {
            int length = _whereChunk.WriteSet(set, answers, answerBytes);
            if (set != 0 && length == 0) _localChunks.MakeOurs().SetId = set;
            answerBytes += length;
            return true;
        }
        if (NameSyntax.TryRead(text, out ReadOnlySpan<byte> name))
        {
            // What is no UTF-8 becomes U+FFFD. One name a connection: any more would only cost memory.
            _localChunks.MakeOurs().Name ??= Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(name));
            return true;
        }
        if (LaneSyntax.IsNews(text))
        {
            OurClient ours = _localChunks.MakeOurs();
            if (ours.NewsTold is null) _server.News.Add(this);
            ours.NewsTold = _server.News.Count;
            answerBytes += WhereChunkHandler.WriteNews(0, answers, answerBytes);
            return true;
        }
        if (!LaneSyntax.TryReadHello(text, out int version)) return false;
        _localChunks.MakeOurs().LaneVersion = (byte)version;
        _whereChunk.ShowsMarks = true;
        Diagnosis.Log?.Add($"{_client} speaks the lane, version {version}");
        return true;
    }

    // A client on another machine finds the peers of this machine at the address at which the client found the tracker.
    // Null for a client that connected from that same address, or to a loopback address.
    private static string? AddressForClient(Socket socket, IPAddress client)
    {
        IPAddress reached = ((IPEndPoint)socket.LocalEndPoint!).Address;
        return reached.Equals(client) || HostName.IsLoopback(reached) ? null : ListedHost(reached);
    }

    // A peer is listed under the address that its connection comes from: so no client can point the swarm at a third
    // machine (PROTOCOL 6.4).
    private static string ListedHost(IPAddress address)
    {
        if (HostName.IsLoopback(address)) return HostName.Localhost;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        // The address is listed without its scope, which means nothing on another machine.
        return new IPAddress(address.GetAddressBytes()).ToString();
    }
}
