using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace P2P.Tests.Support;

/// <summary>How one stranger's tracker differs from the next. The defaults are the plainest one.</summary>
internal sealed record TrackerManners
{
    /// <summary>Doesn't read for that long after each message, as a loop with `sleep` in it.</summary>
    public TimeSpan DeafAfterRead { get; init; }

    /// <summary>Doesn't read for that long after each answer.</summary>
    public TimeSpan DeafAfterAnswer { get; init; }

    /// <summary>Takes that long for an answer, and doesn't read meanwhile.</summary>
    public TimeSpan AnswersAfter { get; init; }

    /// <summary>Leaves a new connection unread for that long.</summary>
    public TimeSpan UnreadAtFirst { get; init; }

    /// <summary>Sent as soon as a client is accepted.</summary>
    public string Greeting { get; init; } = "";

    /// <summary>Sent in front of the first answer, in the same segment.</summary>
    public string GreetingBeforeAnswer { get; init; } = "";

    /// <summary>Behind each answer: nothing, a comma, a line end.</summary>
    public string AnswerEnd { get; init; } = "";

    /// <summary>Sends an answer in three pieces, the second cut in the middle of the last port number.</summary>
    public bool InPieces { get; init; }

    /// <summary>Answers once per peer it knows, each time with one more, this long apart.</summary>
    public TimeSpan Growing { get; init; }

    /// <summary>Takes only whole lines for messages (and answers in lines);
    /// anything else waits in its buffer.</summary>
    public bool LinesOnly { get; init; }

    /// <summary>Has the receive buffer by which a client of ours knows our tracker.</summary>
    public bool LooksLikeOurs { get; init; }

    /// <summary>Closes the connection over anything that is not exactly one message.</summary>
    public bool ClosesOnFault { get; init; }

    /// <summary>Closes each of the first connections after that many messages, unanswered. 0: never.</summary>
    public int ClosesFirstAfter { get; init; }

    /// <summary>Serves the next client when the one before has gone.</summary>
    public bool OneAtATime { get; init; }

    /// <summary>The question, counted from 1 on each connection, that stays without an answer. 0: none.</summary>
    public int LosesQuestion { get; init; }

    /// <summary>Leaves the first question about each chunk without an answer.</summary>
    public bool LosesFirstOfEach { get; init; }

    /// <summary>Leaves every question on the first connection without an answer.</summary>
    public bool IsDumbAtFirst { get; init; }

    /// <summary>Says CHUNK_LOCATION_UNKNOWN as a GET_CHUNK_FROM without any address.</summary>
    public bool UnknownIsEmptyList { get; init; }
}

/// <summary>One `recv` of the naive tracker.</summary>
/// <param name="Connection">The connection's number, from 1.</param>
/// <param name="Text">All bytes of that recv.</param>
/// <param name="At">Since the tracker's start.</param>
/// <param name="AnsweredBefore">When this connection's last answer before it was about to be sent; zero before the
/// first. Whatever the client sent because of that answer, it sent later.</param>
internal sealed record TrackerMessage(int Connection, string Text, TimeSpan At, TimeSpan AnsweredBefore);

/// <summary>
/// A tracker as strangers write it: takes whatever one `recv(1024)` returns for exactly one message, splits it at the
/// commas and compares the *text* of the fields. It notes every recv that holds more or less than one message. With
/// <see cref="TrackerManners"/> it also sleeps, greets, stutters, repeats itself or wants lines.
/// </summary>
internal sealed class NaiveTracker : LoopbackServer
{
    private static readonly Regex OneMessage =
        new(@"^(LOCAL_CHUNKS,[1-9][0-9]*,localhost,[1-9][0-9]*|WHERE_CHUNK,[1-9][0-9]*)\z");

    private readonly TrackerManners _manners;
    private readonly Dictionary<string, List<string>> _list = [];
    private readonly ConcurrentDictionary<int, int> _questions = [];
    private readonly ConcurrentDictionary<int, bool> _greeted = [];
    private readonly ConcurrentDictionary<string, bool> _asked = [];
    private readonly ConcurrentDictionary<int, TimeSpan> _answeredAt = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public NaiveTracker(TrackerManners? manners = null, int port = 0)
        : base(manners?.OneAtATime ?? false, port, manners is { LooksLikeOurs: true } ? Limits.TrackerUnreadBytes : 0)
    {
        _manners = manners ?? new TrackerManners();
        Start();
    }

    /// <summary>Called with the text of each recv, before anything else is done with it.</summary>
    public Action<string>? OnReceived { get; set; }

    /// <summary>Every recv, of all connections, in order;
    /// with <see cref="TrackerManners.LinesOnly"/> every line.</summary>
    public EventList<TrackerMessage> Received { get; } = new();

    /// <summary>The longest gap between two pieces of one answer:
    /// a busy machine can make it longer than intended.</summary>
    public TimeSpan LongestPieceGap { get; private set; }

    /// <summary>The indexes asked for until now, in order, repetitions included.</summary>
    public IReadOnlyList<int> Questions => Received.All.Select(each => each.Text.TrimEnd().Split(','))
        .Where(fields => fields[0] == "WHERE_CHUNK").Select(fields => int.Parse(fields[1])).ToArray();

    /// <summary>Lists a peer for a chunk, as though another client had announced it.</summary>
    public void Offer(int index, int port)
    {
        lock (_list)
            PeersOf(index.ToString()).Add($"localhost,{port}");
    }

    public void Offer(IEnumerable<int> indexes, int port)
    {
        foreach (int index in indexes)
            Offer(index, port);
    }

    protected override void Serve(Socket socket, int connection)
    {
        Send(socket, _manners.Greeting);
        Pause(_manners.UnreadAtFirst);
        if (_manners.LinesOnly)
            ServeLines(socket, connection);
        else
            ServeReads(socket, connection);
    }

    private void ServeReads(Socket socket, int connection)
    {
        byte[] buffer = new byte[1024];
        int messages = 0;
        for (int count; (count = socket.Receive(buffer)) > 0;)
        {
            string text = Encoding.Latin1.GetString(buffer, 0, count);
            OnReceived?.Invoke(text);
            Received.Add(
                new TrackerMessage(connection, text, _watch.Elapsed, _answeredAt.GetValueOrDefault(connection)));
            if (!OneMessage.IsMatch(text))
            {
                Faults.Add($"connection {connection}: one recv returned '{text}'");
                if (_manners.ClosesOnFault)
                    return;
            }
            if (_manners.ClosesFirstAfter != 0 && connection == 1 && ++messages == _manners.ClosesFirstAfter)
                return;
            Take(socket, connection, text.Split(','));
            Pause(_manners.DeafAfterRead);
        }
    }

    private void ServeLines(Socket socket, int connection)
    {
        using var reader = new System.IO.StreamReader(new NetworkStream(socket), Encoding.Latin1);
        while (reader.ReadLine() is { } line)
        {
            Received.Add(
                new TrackerMessage(connection, line, _watch.Elapsed, _answeredAt.GetValueOrDefault(connection)));
            if (OneMessage.IsMatch(line))
                Take(socket, connection, line.Split(','));
        }
    }

    /// <summary>Believes one message, without looking whether it is one.</summary>
    private void Take(Socket socket, int connection, string[] fields)
    {
        if (fields[0] == "LOCAL_CHUNKS" && fields.Length >= 4)
        {
            lock (_list)
                PeersOf(fields[1]).Add($"{fields[2]},{fields[3]}");
        }
        else if (fields[0] == "WHERE_CHUNK" && fields.Length >= 2)
        {
            if (_questions.AddOrUpdate(connection, 1, (_, count) => count + 1) == _manners.LosesQuestion)
                return;
            if ((_manners.LosesFirstOfEach && _asked.TryAdd(fields[1], true))
                || (_manners.IsDumbAtFirst && connection == 1))
                return;
            Pause(_manners.AnswersAfter);
            Answer(socket, connection, fields[1]);
            Pause(_manners.DeafAfterAnswer);
        }
    }

    private void Answer(Socket socket, int connection, string index)
    {
        string[] peers;
        lock (_list)
            peers = PeersOf(index).ToArray();
        _answeredAt[connection] = _watch.Elapsed;
        string end = _manners.LinesOnly ? "\n" : _manners.AnswerEnd;
        if (peers.Length == 0)
        {
            Send(socket, (_manners.UnknownIsEmptyList ? "GET_CHUNK_FROM," : "CHUNK_LOCATION_UNKNOWN,") + index + end);
            return;
        }
        for (int known = _manners.Growing > TimeSpan.Zero ? 1 : peers.Length; known <= peers.Length; known++)
        {
            string answer = $"GET_CHUNK_FROM,{index},{string.Join(',', peers.Take(known))}{end}";
            if (_manners.InPieces)
                SendInPieces(socket, answer);
            else
                Send(socket, (_greeted.TryAdd(connection, true) ? _manners.GreetingBeforeAnswer : "") + answer);
            if (known < peers.Length)
                Pause(_manners.Growing);
        }
    }

    private void SendInPieces(Socket socket, string answer)
    {
        int middle = answer.IndexOf(',') + 1, last = answer.Length - 1;
        TimeSpan sentAt = _watch.Elapsed;
        foreach (string piece in new[] { answer[..middle], answer[middle..last], answer[last..] })
        {
            TimeSpan before = _watch.Elapsed;
            Send(socket, piece);
            TimeSpan gap = _watch.Elapsed - sentAt;          // as seen by the most unlucky reader
            LongestPieceGap = gap > LongestPieceGap ? gap : LongestPieceGap;
            sentAt = before;
            Pause(TimeSpan.FromMilliseconds(5));
        }
    }

    private static void Send(Socket socket, string text)
    {
        if (text.Length > 0)
            socket.Send(Encoding.Latin1.GetBytes(text));
    }

    private List<string> PeersOf(string index)
    {
        if (!_list.TryGetValue(index, out List<string>? peers))
            _list[index] = peers = [];
        return peers;
    }
}
