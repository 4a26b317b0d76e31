using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Logging;
using P2P.Protocol;
using P2P.Tests.Support;
using P2P.Tracker;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Tracker;

/// <summary>In the steady state the tracker allocates nothing per message, from received bytes to answer and log line.</summary>
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int KnownChunks = 50;

    [Fact]
    public void LinesInOneRead_FromBytesToAnswersAndLog_AllocateNothing()
    {
        IEnumerable<string> lines = Enumerable.Range(1, 20)
            .Select(i => $"LOCAL_CHUNKS,{i},localhost,5001\nWHERE_CHUNK,{i}\r\nWHERE_CHUNK,{i + 10}\nHello\n\n");
        AssertAllocatesNothing(Encoding.ASCII.GetBytes(string.Concat(lines)), messages: 60, answers: 40);
    }

    [Theory]
    [InlineData("WHERE_CHUNK,1", 1, 1)]
    [InlineData("WHERE_CHUNK,999", 1, 1)]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001", 1, 0)]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001LOCAL_CHUNKS,2,localhost,5001WHERE_CHUNK,2", 3, 1)]
    public void UnframedMessages_FromBytesToAnswersAndLog_AllocateNothing(string read, int messages, int answers) =>
        AssertAllocatesNothing(Encoding.ASCII.GetBytes(read), messages, answers);

    private static void AssertAllocatesNothing(byte[] read, int messages, int answers)
    {
        const int rounds = 5000;
        using var folder = new TempFolder();
        var session = new MemorySession(folder["logs.log"]);
        for (int round = 0; round < 200; round++) session.Read(read);       // compiles, fills the list

        // A collection that another test causes takes the rest of this thread's allocation buffer away and counts it as
        // allocated: only a run without one tells. And ZLogger's generic code keeps a message off the heap only once the
        // runtime has compiled it anew, with optimization, as native code always is.
        long allocated = long.MaxValue;
        for (var watch = Stopwatch.StartNew(); allocated != 0 && watch.Elapsed < TimeSpan.FromSeconds(20);)
        {
            (session.Messages, session.Answers) = (0, 0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < rounds; round++) session.Read(read);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;

            Assert.Equal(rounds * messages, session.Messages);
            Assert.Equal(rounds * answers, session.Answers);
        }
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void TheNativeTracker_AllocatesAsMuchFor1000QuestionsAsFor101000()
    {
        long few = BytesAllocatedFor(1000), many = BytesAllocatedFor(101_000);
        output.WriteLine($"{few} bytes for 1,000 questions and announcements, {many} bytes for 101,000");
        const int pooled = 3 * Limits.BufferBytes;      // what waits for its rest at one time differs from run to run
        Assert.InRange(many, few - pooled, few + pooled);
    }

    // What the tracker says, as it stops, to have allocated in its whole life with as many questions and announcements.
    private static long BytesAllocatedFor(int questions)
    {
        using var folder = new TempFolder();
        using var tracker = new TrackerProcess(folder.Path, "-port", "0", "-log", "/dev/null");
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            (socket.NoDelay, socket.ReceiveTimeout) = (true, 60_000);
            socket.Connect(IPAddress.Loopback, tracker.Port);
            AskUnframed(socket, questions / 10);
            AskInLines(socket, questions - questions / 10, announcements: questions - 1);
        }
        tracker.Terminate();
        Assert.Equal(0, tracker.WaitForExit());

        string expected = $"^P2PTracker stopped: 1 connections, {questions} announcements, {questions} questions, (.+) bytes allocated$";
        Match stopped = Regex.Match(tracker.Output.All[^1], expected);
        Assert.True(stopped.Success, tracker.Describe());
        return long.Parse(stopped.Groups[1].Value);
    }

    // An announcement, and then one question, one answer, and so on.
    private static void AskUnframed(Socket socket, int questions)
    {
        byte[] question = "WHERE_CHUNK,1"u8.ToArray(), unknown = "WHERE_CHUNK,1000"u8.ToArray(), answer = new byte[1024];
        socket.Send("LOCAL_CHUNKS,1,localhost,5001"u8);
        for (int i = 0; i < questions; i++)
        {
            socket.Send(i == 7 ? unknown : question);
            Assert.NotEqual(0, socket.Receive(answer));
        }
    }

    // As many announcements as questions, 16 questions in flight; one of them for a chunk that nobody has.
    private static void AskInLines(Socket socket, int questions, int announcements)
    {
        byte[] answers = new byte[64 * 1024];
        for (int asked = 0, announced = 0; asked < questions || announced < announcements;)
        {
            var lines = new StringBuilder();
            for (int i = 0; i < 18 && announced < announcements; i++, announced++)
                lines.Append($"LOCAL_CHUNKS,{announced % KnownChunks + 1},localhost,5001\n");
            int batch = Math.Min(16, questions - asked);
            for (int i = 0; i < batch; i++, asked++) lines.Append($"WHERE_CHUNK,{(i == 5 ? 1000 + asked : i + 1)}\n");
            socket.Send(Encoding.ASCII.GetBytes(lines.ToString()));
            while (batch > 0)
            {
                int bytes = socket.Receive(answers);
                Assert.NotEqual(0, bytes);
                batch -= answers.AsSpan(0, bytes).Count((byte)'\n');
            }
        }
    }

    /// <summary>What the tracker's session does with a read, without its socket.</summary>
    private sealed class MemorySession
    {
        private readonly Swarm _swarm = new();
        private readonly SwarmPeer _peer;
        private readonly ActionLog _log;
        private readonly byte[] _answers = new byte[Limits.BufferBytes];
        private MessageFramer _framer;

        public MemorySession(string logPath)
        {
            _log = ActionLog.Open(logPath, "P2PTracker", reason => throw new IOException(reason));
            _peer = _swarm.GetPeer("localhost", 5001)!;
            _peer.OnConnected();
            for (int chunkIndex = 1; chunkIndex <= KnownChunks; chunkIndex++) _swarm.TryAnnounce(chunkIndex, _peer);
        }

        public int Messages { get; set; }

        public int Answers { get; set; }

        public void Read(ReadOnlySpan<byte> unread)
        {
            _framer.OnRead(0, unread.Length);
            unread = unread[Handle(unread)..];
            if (unread.IsEmpty) return;
            _framer.OnQuiet();
            Handle(unread);
        }

        private int Handle(ReadOnlySpan<byte> unread)
        {
            int consumedBytes = 0, answerBytes = 0;
            while (_framer.TryNext(unread[consumedBytes..], out ReadOnlySpan<byte> text, out int consumed, out bool isLine))
            {
                consumedBytes += consumed;
                if (!MessageReader.TryRead(text, out Message message)) continue;
                Messages++;
                if (message.Kind == MessageKind.LocalChunks)
                {
                    _swarm.TryAnnounce(message.ChunkIndex, _peer);
                    _log.Add(LoggedMessage.LocalChunks(message.ChunkIndex, _peer.HostText, _peer.Port));
                }
                if (message.Kind != MessageKind.WhereChunk) continue;
                _log.Add(LoggedMessage.WhereChunk(message.ChunkIndex));
                Answers++;
                Memory<byte> answer = _answers.AsMemory(answerBytes);
                int length = _swarm.WriteAnswer(message.ChunkIndex, answer.Span, out _);
                _log.Add(LoggedMessage.Written(answer[..length]));
                if (isLine) answer.Span[length++] = (byte)'\n';
                answerBytes += length;
            }
            _log.Flush();
            return consumedBytes;
        }
    }
}
