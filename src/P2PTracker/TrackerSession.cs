using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// One client's connection to the tracker, from accept to its end: messages are read, noted or answered, and logged
/// here. Its life is <see cref="RunAsync"/>, read top to bottom. Hot: allocates nothing per message.
/// </summary>
internal sealed class TrackerSession
{
    private readonly TrackerServer _server;
    private readonly Connection _connection;
    private SessionPeers _peers;
    private SessionAnswers _answers;
    private MessageFramer _framer;
    private int _badMessages;
    private bool _hasSpoken;
    private bool _isHandedOver;             // the connection belongs to the HTTP server now
    private FairShare.Share _share;
    private LoopSignal? _pause;
    private readonly string? _client;       // for the diagnosis alone
    private bool? _sendsLines;              // for the diagnosis alone

    public TrackerSession(TrackerServer server, Socket socket)
    {
        _server = server;
        _connection = new Connection(server.Loop, socket, Limits.RequestReadBytes, isPeerQuick: true);
        socket.NoDelay();
        socket.KeepAlive(Limits.KeepAliveSeconds);
        var client = (IPEndPoint)socket.RemoteEndPoint!;
        string host = ListedHost(client.Address);
        string? thisMachine = host == HostName.Localhost ? null : AddressReached(socket, client.Address);
        _peers = new SessionPeers(server, host);
        _answers = new SessionAnswers(server, thisMachine);
        if (Diagnosis.Log is not null) _client = client.ToString();
    }

    /// <summary>When it was accepted.</summary>
    public TimeSpan StartedAt { get; } = EventLoop.Now;

    /// <summary>Ends it, for want of room.</summary>
    public void Close() => _connection.Close();

    /// <summary>Serves the client until it goes, or has sent too much nonsense.</summary>
    public async Task RunAsync()
    {
        byte[]? answers = null;
        string reason = "a bug of ours";
        try
        {
            while (true)
            {
                SocketResult received = await _connection.ReceiveAsync(_framer.ReadTimeout);
                if (received.IsTimedOut) _framer.OnTimeout();
                else if (!received.IsSuccess)
                {
                    reason = DescribeEnd(received);
                    return;
                }
                else if (received.IsEnd) _framer.OnEnd();
                else _framer.OnRead(_connection.Unread.Length - received.Bytes, received.Bytes);

                if (!_hasSpoken && _badMessages == 0 && _server.TryServeHttp(_connection))
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
                    if (_answers.IsHolding) await PauseFor(_answers.HoldTime(EventLoop.Now));
                }
                while (more);
                _server.Loop.Buffers.Return(answers);
                answers = null;

                if (received.IsEnd)
                {
                    reason = "the client has ended it";
                    return;
                }
                if (_framer.IsOverlong || _badMessages >= Limits.BadMessagesMax)
                {
                    reason = _framer.IsOverlong ? "a message without an end" : "too much that is no message";
                    await PauseFor(TrackerLimits.NonsensePause);
                    return;
                }
                TimeSpan pause = ShareAfter(received.Bytes);
                if (pause > TimeSpan.Zero) await PauseFor(pause);
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
            _peers.OnSessionEnd(EventLoop.Now);
            _server.OnSessionEnd(this);
        }
    }

    private static string DescribeEnd(SocketResult result) => Diagnosis.Log is null ? "" : Diagnosis.Describe(result);

    private void TellDialect(bool isLine)
    {
        if (_sendsLines == isLine) return;
        _sendsLines = isLine;
        Diagnosis.Log?.Add($"{_client} speaks {(isLine ? "in lines" : "unframed")}");
    }

    private TimeSpan ShareAfter(int bytes)
    {
        if (bytes >= TrackerLimits.BulkReadBytes) return _server.FairShare.PauseAfter(ref _share, bytes, EventLoop.Now);
        _server.FairShare.OnSmallRead(ref _share);
        return TimeSpan.Zero;
    }

    private LoopSignal PauseFor(TimeSpan time)
    {
        _pause ??= new LoopSignal(_server.Loop);
        return _pause.WaitAsync(time);
    }

    // Handles the complete messages that are there. Returns true where it stopped although more may be handled: the
    // buffer is full; an unframed answer has to leave in a send of its own (PROTOCOL 6.2); an answer is held back.
    private bool HandleMessages(byte[] answers, out int answerBytes)
    {
        answerBytes = 0;
        if (_answers.IsHolding)
        {
            answerBytes = _answers.WriteHeld(answers, out bool wasLine);
            if (!wasLine) return true;
        }

        while (_framer.TryNext(_connection.Unread, out ReadOnlySpan<byte> text, out int consumed, out bool isLine))
        {
            bool isMessage = MessageReader.TryRead(text, out Message message);
            if (isMessage && !_hasSpoken) _server.OnFirstMessage(this);
            _hasSpoken |= isMessage;
            if (Diagnosis.Log is not null && isMessage) TellDialect(isLine);
            switch (isMessage ? message.Kind : default(MessageKind?))
            {
                case MessageKind.LocalChunks:
                    _server.Announcements++;
                    if (!_peers.TryAnnounce(message.ChunkIndex, message.Port)) _server.Refused++;
                    break;
                case MessageKind.WhereChunk:
                    _server.Questions++;
                    _server.Log.WhereChunk(message.ChunkIndex);
                    int length = _answers.Write(message.ChunkIndex, isLine, answers, answerBytes);
                    answerBytes += length;
                    if (!isLine || length == 0)
                    {
                        _connection.Consume(consumed);
                        return true;
                    }
                    break;
                default:
                    if (!MessageReader.Trim(text).IsEmpty) _badMessages++;
                    break;
            }
            _connection.Consume(consumed);
            if (_badMessages >= Limits.BadMessagesMax) return false;
            if (answerBytes + Limits.AnswerBytesMax + 1 > answers.Length) return true;
        }
        return false;
    }

    // A client that calls from elsewhere finds the peers that called by a loopback address where it found the tracker.
    private static string? AddressReached(Socket socket, IPAddress client)
    {
        IPAddress reached = ((IPEndPoint)socket.LocalEndPoint!).Address;
        return reached.Equals(client) || HostName.IsLoopback(reached) ? null : ListedHost(reached);
    }

    // Nobody can point the swarm at a third machine: a peer is where it calls from (PROTOCOL 6.4).
    private static string ListedHost(IPAddress address)
    {
        if (HostName.IsLoopback(address)) return HostName.Localhost;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        // The address is listed without its scope, which means nothing on another machine.
        return new IPAddress(address.GetAddressBytes()).ToString();
    }
}
