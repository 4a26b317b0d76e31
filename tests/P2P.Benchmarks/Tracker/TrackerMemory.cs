using System;
using System.Diagnostics;
using System.Linq;
using System.Text;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Tracker;

/// <summary>What connections, announcements and questions cost the tracker in memory,
/// beside the same in Redis.</summary>
internal sealed class TrackerMemory(BenchmarkContext context)
{
    private const int IdleConnections = 10_000, Peers = 1000, ChunksPerPeer = 1000, FirstPort = 10_000;
    private static readonly byte[] Question = "WHERE_CHUNK,5\n"u8.ToArray();

    public ResultTable Measure()
    {
        var table = new ResultTable("Tracker: memory, against redis-server");
        context.Progress($"{IdleConnections} idle connections");
        (double[] Ours, double[] Peer) connection = Medians.OfPair(context.Runs,
            () => WithTracker(tracker => [BytesPerConnection(tracker.Process, tracker.Port, Question)]),
            Peer(redis => [BytesPerConnection(redis.Process, redis.Port, RedisServer.Command("GET", "chunk"))]));
        table.Add($"{IdleConnections:N0} idle connections: bytes for each", connection.Ours[0],
            connection.Peer[0], "{0:N0}");

        context.Progress($"{Peers} peers with {ChunksPerPeer} chunks each");
        (double[] Ours, double[] Peer) announcement = Medians.OfPair(context.Runs,
            () => WithTracker(
                tracker => Announce(tracker.Process, tracker.Port, Question, OurAnnouncements, answerBytes: 1)),
            // SADD answers :1 and an end of line.
            Peer(redis => Announce(redis.Process, redis.Port, RedisServer.Command("GET", "chunk"), PeerAnnouncements,
                answerBytes: 4 * ChunksPerPeer)));
        string what = $"{Peers:N0} peers announce {ChunksPerPeer:N0} chunks each";
        table.Add($"{what}: bytes for each pair", announcement.Ours[0], announcement.Peer[0], "{0:F1}");
        table.Add($"{what}: new pairs per second", announcement.Ours[1], announcement.Peer[1], "{0:N0}");

        context.Progress("allocations");
        table.Add("bytes allocated per question", AllocatedBytesPerQuestion(), double.NaN, "{0:F4}", "0");
        return table;
    }

    // Idle, but known: each has asked once.
    private static double BytesPerConnection(ChildProcess server, int port, byte[] question)
    {
        long before = ProcessFigures.ResidentBytes(server.Id);
        using var connections = new LoadConnections(port, IdleConnections);
        for (int i = 0; i < IdleConnections; i++)
            connections.Exchange(i, question, answerBytes: 1);
        return (ProcessFigures.ResidentBytes(server.Id) - before) / (double)IdleConnections;
    }

    private static double[] Announce(
        ChildProcess server, int port, byte[] question, Func<int, byte[]> announcementsOf, int answerBytes)
    {
        byte[][] messages = Enumerable.Range(0, Peers).Select(announcementsOf).ToArray();
        using var connections = new LoadConnections(port, Peers);
        for (int i = 0; i < Peers; i++)
            connections.Exchange(i, question, answerBytes: 1);
        long before = ProcessFigures.ResidentBytes(server.Id);
        var watch = Stopwatch.StartNew();
        for (int i = 0; i < Peers; i++)
            connections.Exchange(i, messages[i], answerBytes);
        double pairs = (double)Peers * ChunksPerPeer;
        return [(ProcessFigures.ResidentBytes(server.Id) - before) / pairs, pairs / watch.Elapsed.TotalSeconds];
    }

    // The question behind them is answered when all of them have been noted.
    private static byte[] OurAnnouncements(int peer) => Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Range(1, ChunksPerPeer)
            .Select(chunk => TrackerFigure.Announcement(chunk, FirstPort + peer))) + "WHERE_CHUNK,1\n");

    private static byte[] PeerAnnouncements(int peer) => Enumerable.Range(1, ChunksPerPeer)
        .SelectMany(chunk => RedisServer.Command("SADD", $"chunk{chunk}", $"localhost:{FirstPort + peer}")).ToArray();

    // What starting and stopping cost is the same in a short life and in a long one, but for some hundred bytes that
    // are left to chance: the least of some lives counts. One connection: with more it is left to chance how many of
    // them need a buffer at a time, and so how many the pool gets.
    private double AllocatedBytesPerQuestion()
    {
        const int lives = 5;
        (long Questions, long AllocatedBytes) few = AskLeast(context.RateTime / 10);
        (long Questions, long AllocatedBytes) many = AskLeast(context.RateTime);
        return (many.AllocatedBytes - few.AllocatedBytes) / (double)(many.Questions - few.Questions);

        (long Questions, long AllocatedBytes) AskLeast(TimeSpan time) =>
            Enumerable.Range(0, lives).Select(_ => Ask(time)).MinBy(life => life.AllocatedBytes);

        (long Questions, long AllocatedBytes) Ask(TimeSpan time)
        {
            using var folder = WorkFolder.Make();
            using var tracker = new TrackerProcess(context.Programs, folder.Path);
            using (var announcer = new LoadConnections(tracker.Port, 1))
            {
                announcer.Exchange(0,
                    [.. Encoding.ASCII.GetBytes(TrackerFigure.Announcement(5, 5001)), .. Question], answerBytes: 1);
                using var load = new LoadGenerator(tracker.Port, 1, Question);
                load.Run(time);
            }
            return tracker.Stop();
        }
    }

    private double[] WithTracker(Func<TrackerProcess, double[]> measure)
    {
        using var folder = WorkFolder.Make();
        using var tracker = new TrackerProcess(context.Programs, folder.Path);
        return measure(tracker);
    }

    private static Func<double[]>? Peer(Func<RedisServer, double[]> measure) => !Tool.Redis.IsThere ? null : () =>
    {
        using var folder = WorkFolder.Make();
        using global::P2P.Benchmarks.Tracker.RedisServer redis = TrackerFigure.StartRedis(folder)!;
        return measure(redis);
    };
}
