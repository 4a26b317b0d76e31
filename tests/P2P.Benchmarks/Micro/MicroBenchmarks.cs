using System;
using System.IO;
using System.Linq;
using System.Text;
using BenchmarkDotNet.Attributes;
using P2P.Logging;
using P2P.Protocol;
using P2P.Tracker;

namespace P2P.Benchmarks.Micro;

/// <summary>The pieces that every message passes in the tracker. Public because BenchmarkDotNet wants it.</summary>
public class MicroBenchmarks
{
    private const int Lines = 16, Chunk = 5;
    private static readonly int[] PeerCounts = [1, 64, 10_000];       // chunks 1, 64 and 10,000 have as many peers

    private readonly byte[] _lines =
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"WHERE_CHUNK,{Chunk}\n", Lines)));
    private readonly byte[] _question = Encoding.ASCII.GetBytes($"WHERE_CHUNK,{Chunk}");
    private readonly byte[] _announcement = Encoding.ASCII.GetBytes($"LOCAL_CHUNKS,{Chunk},localhost,5001");
    private readonly byte[] _answer = new byte[Limits.MarkedAnswerBytesMax];
    private readonly Swarm _swarm = new();
    private readonly ActionLog _log =
        ActionLog.Open("/dev/null", "P2PTracker", reason => throw new IOException(reason));

    public MicroBenchmarks()
    {
        foreach (int count in PeerCounts)
            for (int i = 0; i < count; i++)
            {
                SwarmPeer peer = _swarm.GetPeer("localhost", 10_000 + i)!;
                if (peer.Connections == 0)
                    peer.OnConnected();
                _swarm.TryAnnounce(count, peer);
            }
    }

    [Benchmark(Description = "frame a line", OperationsPerInvoke = Lines)]
    public int Frame()
    {
        var framer = new MessageFramer();
        framer.OnRead(0, _lines.Length);
        int consumed = 0;
        while (framer.TryNext(_lines.AsSpan(consumed), out _, out int bytes, out _))
            consumed += bytes;
        return consumed;
    }

    [Benchmark(Description = "read WHERE_CHUNK")]
    public bool ReadQuestion() => MessageReader.TryRead(_question, out _);

    [Benchmark(Description = "read LOCAL_CHUNKS")]
    public bool ReadAnnouncement() => MessageReader.TryRead(_announcement, out _);

    [Benchmark(Description = "write LOCAL_CHUNKS")]
    public int WriteAnnouncement() => MessageWriter.LocalChunks(_answer, Chunk, "localhost"u8, 5001);

    [Benchmark(Description = "look up and answer, 1 peer")]
    public int AnswerOne() => _swarm.WriteAnswer(PeerCounts[0], _answer, out _);

    [Benchmark(Description = "look up and answer, 64 peers")]
    public int AnswerMany() => _swarm.WriteAnswer(PeerCounts[1], _answer, out _);

    [Benchmark(Description = "look up and answer, 10,000 peers")]
    public int AnswerVeryMany() => _swarm.WriteAnswer(PeerCounts[2], _answer, out _);

    [Benchmark(Description = "look up and answer, nobody")]
    public int AnswerUnknown() => _swarm.WriteAnswer(int.MaxValue, _answer, out _);

    [Benchmark(Description = "log a line, one write each (/dev/null)")]
    public void LogLine()
    {
        _log.WhereChunk(Chunk);
        _log.Flush();
    }

    [Benchmark(Description = "log a line, 16 in one write (/dev/null)", OperationsPerInvoke = Lines)]
    public void LogLines()
    {
        for (int i = 0; i < Lines; i++)
            _log.WhereChunk(Chunk);
        _log.Flush();
    }
}
