using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// The client's persistent connection to the tracker. The client announces the chunks that it holds, and asks which
/// peers have those that it lacks; when the connection breaks, it makes a new one and announces everything again
/// (PROTOCOL 7.2).
///
/// <see cref="RunAsync"/> is the life of all these connections. While one lasts, one method sends and one receives,
/// both on the event loop's thread. A tracker that may be a stranger's gets one message per send and one question at a
/// time, and never a second message before it has read the first (<see cref="TrackerPacing"/>). Our own tracker gets
/// lines, many at a time (<see cref="TrackerDialect"/>).
/// </summary>
internal sealed class TrackerConnection
{
    private readonly EventLoop _loop;
    private readonly ClientOptions _options;
    private readonly ChunkPicker _picker;
    private readonly PeerBook _peers;
    private readonly Action _onAnswer;
    private readonly TrackerDialect _dialect;
    private readonly TrackerQuestions _questions;
    private readonly TrackerMessages _messages;
    private readonly LoopSignal _wake;      // there may be something to send
    private readonly LoopSignal _retry;
    private Connection _connection = null!;
    private TrackerPacing _pacing = null!;
    private AnswerReader _reader = null!;
    private bool _isBroken = true;

    /// <summary>Prepares for a tracker; <see cref="RunAsync"/> connects.</summary>
    /// <param name="transferPort">The port that is announced.</param>
    /// <param name="onAnswer">Called after the picker has got an answer.</param>
    public TrackerConnection(
        EventLoop loop, ClientOptions options, ActionLog log, FileSet files, int transferPort, Action onAnswer)
    {
        (_loop, _options, _picker, _onAnswer) = (loop, options, files.Picker, onAnswer);
        _peers = new PeerBook(transferPort, options.IsTrackerLocal, options.TrackerAddresses);
        _dialect = new TrackerDialect(options.Framing, options.IsTrackerLocal);
        _questions = new TrackerQuestions(_picker, _dialect);
        _messages = new TrackerMessages(log, files, _questions, _dialect, transferPort, options.GivenName);
        _wake = new LoopSignal(loop);
        _retry = new LoopSignal(loop);
    }

    /// <summary>Whether the tracker can be reached and answers.</summary>
    public TrackerHealth Health { get; } = new();

    /// <summary>Connects, and connects again, for as long as the program runs.</summary>
    /// <param name="onUnreachable">Called when the tracker's name is not known, or when attempts to connect have failed
    /// for a while, and the tracker has never answered.</param>
    /// <param name="onHub">Called before anything is announced to a tracker of ours on this machine that serves other
    /// machines, too.</param>
    public async Task RunAsync(Action onUnreachable, Action onHub)
    {
        var backOff = new BackOff(ClientLimits.TrackerPauseMin, ClientLimits.TrackerPauseMax);
        var lookUp = new HostLookUp(_loop, _options.Tracker, OnOtherAddresses, onUnreachable);
        lookUp.Begin();
        try
        {
            while (true)
            {
                Connection? connection = await Connector.ConnectAsync(
                    _loop, _options.TrackerAddresses, _options.TrackerPort, Limits.MessageReadBytes,
                    ClientLimits.SilenceTimeout);
                Health.OnAttempt(isConnected: connection is not null);
                if (connection is not null)
                {
                    if (await TalkAsync(connection, onHub)) backOff.Reset();
                }
                else
                {
                    Diagnosis.Log?.Add($"no tracker at {_options.TrackerName}");
                    bool isKnown = _options.TrackerAddresses.Length > 0;
                    if (isKnown && backOff.IsLongest && !_dialect.WasEverAnswered) onUnreachable();
                    lookUp.Begin();     // it may have moved
                }
                await _retry.WaitAsync(backOff.Next());
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
        if (!_isBroken) _messages.Announce(chunkIndex);       // else the next connection announces all chunks
        _wake.Set();
    }

    /// <summary>There may be a question to ask.</summary>
    public void Wake() => _wake.Set();

    private void OnOtherAddresses()
    {
        _peers.TrackerAddresses = _options.TrackerAddresses;
        _retry.Set();
    }

    // One connection, from its first message to its end. True if a question was answered: a program that only speaks
    // and closes, as a web server does, must get no more attempts to connect than a tracker that is not there.
    private async Task<bool> TalkAsync(Connection connection, Action onHub)
    {
        Debug.Assert(_isBroken, "there are two connections to the tracker");
        _connection = connection;
        _connection.Socket.NoDelay();
        _connection.Socket.KeepAlive(Limits.KeepAliveSeconds);
        _pacing = new TrackerPacing(_loop, connection);
        _dialect.OnConnected(_pacing.IsOurTracker, EventLoop.Now);
        _peers.IsHub = _options.IsTrackerLocal && _pacing.IsOurTracker
            && ReceiveQueueProbe.IsOurTrackerOnAllAddresses(_options.TrackerPort);
        if (_peers.IsHub) onHub();
        _questions.OnConnected();
        Diagnosis.Log?.Add($"tracker spoken to {(_dialect.UsesLines ? "in lines" : "unframed")}: {_dialect.Rule}");
        bool isOurs = _dialect.UsesLines
            && (_options.IsTrackerLocal ? _pacing.IsOurTracker : connection.Socket.HasPeerSmallBuffer());
        _peers.HasMarks = _options.UsesLanes && isOurs;
        if (_peers.HasMarks) _messages.SayHello();
        _messages.SaySetAndName(isOurs);
        _reader = new AnswerReader();
        _isBroken = false;
        _picker.OnTrackerBack();
        _messages.AnnounceAll(mustEndLine: false);

        Task receiving = ReceiveAsync();
        await SendAsync();
        _connection.Close();
        await receiving;
        Debug.Assert(_isBroken, "the loop that receives has not ended");

        _questions.GiveUpAll();
        _picker.OnTrackerGone();
        _picker.OnChange(EventLoop.Now);
        return _dialect.IsAnswered;
    }

    private async Task SendAsync()
    {
        while (!_isBroken)
        {
            int bytes = 0;
            if (_messages.MayHaveMessage)
            {
                if (!_dialect.UsesLines) await _pacing.WaitUntilReadAsync();
                if (!TryAskOverdueAgain()) return;
                bytes = _messages.Write();
            }
            if (bytes == 0)
            {
                if (!_isBroken) await _wake.WaitAsync(Timeout.InfiniteTimeSpan);
                continue;
            }
            await _loop.RoundEndAsync();        // the log is written before the messages leave (PROTOCOL 5.3)
            _pacing.OnSending(bytes);
            if (!(await _connection.SendAsync(_messages.Buffer, 0, bytes)).IsSuccess) return;
        }
    }

    // Overdue questions are asked again, perhaps in the other dialect. False if that takes a new connection.
    private bool TryAskOverdueAgain()
    {
        if (!_questions.TryGiveUpOverdue()) return true;
        switch (_dialect.OnUnanswered(EventLoop.Now))
        {
            case DialectChange.ToLines:
                Diagnosis.Log?.Add($"tracker spoken to in lines from now on: {_dialect.Rule}");
                _messages.AnnounceAll(mustEndLine: true);
                return true;
            case DialectChange.ToNewConnection:
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
                _reader.WaitingChunkIndex > 0 ? _reader.ReadTimeout : Timeout.InfiniteTimeSpan);
            bool isOver = !received.IsTimedOut && (!received.IsSuccess || received.IsEnd);
            if (isOver) Diagnosis.Log?.Add($"tracker connection closed: {Diagnosis.Describe(received)}");
            if (received.IsTimedOut || isOver) _reader.OnTimeout();
            else
            {
                _pacing.OnReceived();
                CheckSet();
                Health.HasSpoken = true;
                _reader.OnRead(_connection.Unread);
                _connection.Consume(_connection.Unread.Length);
            }
            ReadAnswers();
            if (isOver) break;
            if (_connection.HasHadTurn) await _loop.YieldAsync();
        }
        _isBroken = true;
        _wake.Set();
        _pacing.Stop();
    }

    // A tracker of ours says so if its other clients have another set (PROTOCOL 10.2): chunks of both would be mixed.
    private void CheckSet()
    {
        ReadOnlySpan<byte> text = _connection.Unread;
        int end = text.IndexOf((byte)'\n');
        if (end < 0 || !_messages.HasSaidSet || !SetSyntax.TryRead(text[..end], out _, out _)) return;
        _loop.Fail(new ProgramException(ExitCode.Usage, $"the clients of the tracker at {_options.TrackerName} share "
            + "another set of chunks: a tracker is for one set, start another for this one and give it with -tracker"));
    }

    private void ReadAnswers()
    {
        while (_reader.TryNext(out Message answer))
        {
            if (_peers.HasMarks && answer is { Kind: MessageKind.GetChunkFrom, Peers.IsEmpty: true })
            {
                _picker.OnNews(answer.ChunkIndex);
                _onAnswer();
                continue;
            }
            Health.AnsweredAt = EventLoop.Now;
            _questions.OnAnswer(answer.ChunkIndex);
            if (answer.ChunkIndex == LaneSyntax.NewsIndex && _peers.HasMarks) _picker.OnNewsBegin(EventLoop.Now);
            _picker.OnAnswer(answer.ChunkIndex, _peers.Read(answer.Peers), EventLoop.Now);
            _onAnswer();
        }
        if (_reader.WaitingChunkIndex > 0) _questions.OnUnfinishedAnswer(_reader.WaitingChunkIndex);
        if (_questions.HasRoom) _wake.Set();
    }
}
