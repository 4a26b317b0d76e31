using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// The client's persistent connection to the tracker: announces what we have, asks who has what we lack, and is made
/// anew, with everything announced again, whenever it breaks (PROTOCOL 2 and 7).
///
/// Its life is <see cref="RunAsync"/>. While a connection lasts, one loop sends and one receives, both on the event
/// loop's thread. Toward a tracker that may be a stranger's there is one message per send, one question at a time, and
/// never a second message before the tracker has read the first. Our own is spoken to in lines, many at a time.
/// </summary>
internal sealed class TrackerConnection
{
    private readonly EventLoop _loop;
    private readonly ClientOptions _options;
    private readonly ActionLog _log;
    private readonly ChunkPicker _picker;
    private readonly PeerBook _peers;
    private readonly int _transferPort;
    private readonly Action _onAnswer;
    private readonly Queue<int> _toAnnounce = new();
    private readonly List<(int ChunkIndex, TimeSpan SentAt)> _questions = [];      // in flight
    private readonly byte[] _buffer = new byte[Limits.BufferBytes];
    private readonly LoopSignal _wake;      // there may be something to send
    private readonly LoopSignal _pace;      // look again whether the tracker has read
    private readonly LoopSignal _retry;
    private Connection _connection = null!;
    private ReceiveQueueProbe _probe = null!;
    private AnswerReader _reader = null!;
    private readonly TrackerDialect _dialect;
    private bool _mustEndLine;
    private bool _isBroken = true;
    private bool _hasReadAll;           // the kernel has said that it has read the last message that was sent
    private bool _wasCounted;           // the answer that may go on has ended its question already
    private bool _isBlind;              // how much it has read can't be seen
    private long _sentBytes;
    private TimeSpan _sentAt, _receivedAt, _questionTime;

    /// <summary>Makes it; <see cref="RunAsync"/> connects.</summary>
    /// <param name="onAnswer">Called when the picker has been told of an answer.</param>
    public TrackerConnection(
        EventLoop loop, ClientOptions options, ActionLog log, ChunkPicker picker, PeerBook peers, int transferPort, Action onAnswer)
    {
        (_loop, _options, _log, _picker, _peers, _transferPort, _onAnswer) = (loop, options, log, picker, peers, transferPort, onAnswer);
        _dialect = new TrackerDialect(options.Framing, options.IsTrackerLocal);
        _wake = new LoopSignal(loop);
        _pace = new LoopSignal(loop);
        _retry = new LoopSignal(loop);
    }

    /// <summary>A connection was made at least once.</summary>
    public bool WasReached { get; private set; }

    /// <summary>There is a connection now.</summary>
    public bool IsConnected => !_isBroken;

    /// <summary>It has sent anything at all.</summary>
    public bool HasSpoken { get; private set; }

    /// <summary>When it last answered a question; null: never.</summary>
    public TimeSpan? AnsweredAt { get; private set; }

    /// <summary>Connects, and connects again, for as long as the program runs.</summary>
    /// <param name="onUnreachable">Called when the tracker isn't there at first.</param>
    public async Task RunAsync(Action onUnreachable)
    {
        TimeSpan pause = ClientLimits.TrackerPauseMin;
        try
        {
            while (true)
            {
                Connection? connection = await Connector.ConnectAsync(
                    _loop, _options.TrackerAddresses, _options.TrackerPort, Limits.MessageReadBytes, ClientLimits.SilencePatience);
                WasReached |= connection is not null;
                if (connection is not null)
                {
                    if (await TalkAsync(connection)) pause = ClientLimits.TrackerPauseMin;
                }
                else
                {
                    Diagnosis.Log?.Add($"no tracker at {_options.TrackerName}");
                    if (pause == ClientLimits.TrackerPauseMax && !_dialect.WasEverAnswered) onUnreachable();
                }
                await _retry.WaitAsync(pause);
                pause = 2 * pause < ClientLimits.TrackerPauseMax ? 2 * pause : ClientLimits.TrackerPauseMax;
            }
        }
        catch (Exception e)
        {
            _loop.Fail(e);
        }
    }

    /// <summary>A chunk has arrived, and others may fetch it from us.</summary>
    public void Announce(int chunkIndex)
    {
        if (!_isBroken) _toAnnounce.Enqueue(chunkIndex);       // else it is announced with all others
        _wake.Set();
    }

    /// <summary>There may be a question to ask.</summary>
    public void Wake() => _wake.Set();

    // One connection, from its first message to its end. True if the tracker ever said something.
    private async Task<bool> TalkAsync(Connection connection)
    {
        _connection = connection;
        _connection.Socket.SendAtOnce();
        _connection.Socket.KeepAlive(Limits.KeepAliveSeconds);
        _probe = new ReceiveQueueProbe((IPEndPoint)_connection.Socket.LocalEndPoint!, (IPEndPoint)_connection.Socket.RemoteEndPoint!);
        _isBlind = _probe.HasReadAll(0) is null;
        _dialect.OnConnected(_probe.IsOurTracker, EventLoop.Now);
        Diagnosis.Log?.Add($"tracker spoken to {(_dialect.UsesLines ? "in lines" : "unframed")}: {_dialect.Rule}");
        _reader = new AnswerReader();
        _sentBytes = 0;
        _sentAt = _receivedAt = TimeSpan.MinValue / 2;
        _isBroken = _mustEndLine = _wasCounted = false;
        _picker.OnTrackerBack();
        AnnounceEverything();

        Task receiving = ReceiveAsync();
        await SendAsync();
        _connection.Close();
        await receiving;

        foreach ((int chunkIndex, _) in _questions) _picker.OnNoAnswer(chunkIndex);
        _questions.Clear();
        _picker.OnTrackerGone();
        _picker.OnChange(EventLoop.Now);
        return _receivedAt > TimeSpan.Zero;
    }

    private void AnnounceEverything()
    {
        _toAnnounce.Clear();
        for (int chunkIndex = 1; chunkIndex <= _picker.ChunkCount; chunkIndex++)
        {
            if (_picker.StateOf(chunkIndex) == ChunkState.Have) _toAnnounce.Enqueue(chunkIndex);
        }
    }

    private async Task SendAsync()
    {
        while (!_isBroken)
        {
            int bytes = 0;
            if (MayHaveMessage)
            {
                if (!_dialect.UsesLines) await WaitUntilReadAsync();
                if (!TryGiveUpOldQuestions()) return;
                bytes = WriteMessages();
            }
            if (bytes == 0)
            {
                if (!_isBroken) await _wake.WaitAsync(Timeout.InfiniteTimeSpan);
                continue;
            }
            await _loop.RoundEndAsync();        // the log is written before the messages leave (PROTOCOL 5)
            _sentBytes += bytes;
            _sentAt = EventLoop.Now;
            _hasReadAll = false;
            if (!(await _connection.SendAsync(_buffer, 0, bytes)).IsSuccess) return;
        }
    }

    // Whether there is a question to ask takes asking the picker; but an unframed one never follows another.
    private bool MayHaveMessage =>
        _dialect.UsesLines || _toAnnounce.Count > 0 || _questions.Count == 0 || IsOld(_questions[0].SentAt);

    private bool IsOld(TimeSpan sentAt) => EventLoop.Now - sentAt >= _dialect.Patience;

    // Unframed: one message. Lines: as many as there are and the buffer holds.
    private int WriteMessages()
    {
        int bytes = 0;
        if (_mustEndLine) _buffer[bytes++] = (byte)'\n';
        _mustEndLine = false;
        while (bytes + MessageWriter.BytesMax < _buffer.Length)
        {
            Span<byte> buffer = _buffer.AsSpan(bytes);
            int length;
            if (_toAnnounce.TryDequeue(out int chunkIndex))
            {
                if (_picker.StateOf(chunkIndex) != ChunkState.Have) continue;      // lost meanwhile
                length = MessageWriter.LocalChunks(buffer, chunkIndex, "localhost"u8, _transferPort);
            }
            else if (_questions.Count < (_dialect.UsesLines ? ClientLimits.QuestionsInFlightMax : 1)
                && _picker.TryPickQuestion(EventLoop.Now, out chunkIndex))
            {
                length = MessageWriter.WhereChunk(buffer, chunkIndex);
                _questions.Add((chunkIndex, EventLoop.Now));
            }
            else return bytes;

            _log.Written(_buffer, bytes, length);
            bytes += length;
            if (!_dialect.UsesLines) return bytes;
            _buffer[bytes++] = (byte)'\n';
        }
        return bytes;
    }

    // Returns when the tracker has read every message so far. Usually it does at once, so we look a few times before
    // we sleep; where the queue can't be seen, the clock decides.
    private async Task WaitUntilReadAsync()
    {
        const int looks = 16;
        TimeSpan nap = TimeSpan.FromMicroseconds(100), napMax = TimeSpan.FromMilliseconds(5);
        for (int look = 1; !_isBroken; look++)
        {
            if (_sentBytes == 0 || (_hasReadAll && !_isBlind)) return;
            bool? hasRead = _probe.HasReadAll(_sentBytes);
            if (hasRead == true) _hasReadAll = true;
            else if (hasRead is null)
            {
                TimeSpan afterSend = _sentAt + ClientLimits.BlindPauseAfterSend, afterReceive = _receivedAt + ClientLimits.BlindPauseAfterReceive;
                TimeSpan wait = (afterSend > afterReceive ? afterSend : afterReceive) - EventLoop.Now;
                if (wait <= TimeSpan.Zero) return;
                await _pace.WaitAsync(wait);
            }
            else if (look < looks) await _loop.YieldAsync();
            else
            {
                await _pace.WaitAsync(nap);
                nap = nap * 1.5 < napMax ? nap * 1.5 : napMax;
            }
        }
    }

    // The tracker has read all, and yet owes an answer for long: the question is asked again, if need be in the other
    // dialect. In lines everything is said again, behind the end of what the tracker may have taken for half of a line.
    // False if the connection is to be made anew.
    private bool TryGiveUpOldQuestions()
    {
        int count = 0;
        for (; count < _questions.Count && IsOld(_questions[count].SentAt); count++) _picker.OnNoAnswer(_questions[count].ChunkIndex);
        if (count == 0) return true;
        _questions.RemoveRange(0, count);
        switch (_dialect.OnUnanswered(EventLoop.Now))
        {
            case DialectTurn.ToLines:
                Diagnosis.Log?.Add($"tracker spoken to in lines from now on: {_dialect.Rule}");
                _mustEndLine = true;
                AnnounceEverything();
                return true;
            case DialectTurn.ToNewConnection:
                Diagnosis.Log?.Add("tracker connection closed: lines get no answer either");
                return false;
            default:
                return true;
        }
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            SocketResult received = await _connection.ReceiveAsync(
                _reader.WaitingChunkIndex > 0 ? _reader.Patience : Timeout.InfiniteTimeSpan);
            bool isOver = !received.IsQuiet && (!received.IsSuccess || received.IsEnd);
            if (isOver) Diagnosis.Log?.Add($"tracker connection closed: {Diagnosis.Describe(received)}");
            if (received.IsQuiet || isOver) _reader.OnQuiet();
            else
            {
                _receivedAt = EventLoop.Now;
                HasSpoken = true;
                _reader.OnRead(_connection.Unread);
                _connection.Consume(_connection.Unread.Length);
            }
            ReadAnswers();
            if (isOver) break;
            if (_connection.HasHadTurn) await _loop.YieldAsync();
        }
        _isBroken = true;
        _wake.Set();
        _pace.Set();
    }

    private void ReadAnswers()
    {
        while (_reader.TryNext(out Message answer))
        {
            AnsweredAt = EventLoop.Now;
            if (!_wasCounted) OnAnswered(answer.ChunkIndex);
            _wasCounted = false;
            _picker.OnAnswer(answer.ChunkIndex, _peers.Read(answer.Peers), EventLoop.Now);
            _onAnswer();
        }
        // An answer that may go on still shows that the tracker is ready for the next question. The same chunk may be
        // asked about meanwhile: that question is not answered by what follows of this one.
        if (_reader.WaitingChunkIndex == 0 || _wasCounted) return;
        OnAnswered(_reader.WaitingChunkIndex);
        _wasCounted = true;
    }

    private void OnAnswered(int chunkIndex)
    {
        int place = _questions.FindIndex(question => question.ChunkIndex == chunkIndex);
        if (place < 0) return;
        TimeSpan time = EventLoop.Now - _questions[place].SentAt;
        _dialect.OnAnswered(time);
        _questionTime = _questionTime == TimeSpan.Zero ? time : (7 * _questionTime + time) / 8;
        TimeSpan life = ClientLimits.AnswerLifeFactor * _questionTime;
        _picker.AnswerLife = life < ClientLimits.AnswerLifeMin ? ClientLimits.AnswerLifeMin
            : life > ClientLimits.AnswerLifeMax ? ClientLimits.AnswerLifeMax : life;
        _questions.RemoveAt(place);
        _wake.Set();
    }
}
