using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Tracker;

/// <summary>Our tracker, as it ships, against redis-server: rates, latencies, memory,
/// and what an answer costs.</summary>
internal sealed class TrackerFigure : IFigure
{
    private const int InFlight = 16, ConnectionsMax = 12_000;

    public string Name => "tracker";

    public IReadOnlyList<Tool> Tools => [Tool.Redis];

    public IEnumerable<ResultTable> Measure(BenchmarkContext context)
    {
        Descriptors.Raise();
        yield return MeasureRates(context);
        yield return MeasureAnswerCost(context);
        yield return new TrackerMemory(context).Measure();
    }

    /// <summary>A LOCAL_CHUNKS line.</summary>
    public static string Announcement(int chunkIndex, int port) => $"LOCAL_CHUNKS,{chunkIndex},localhost,{port}\n";

    /// <summary>Starts Redis for a comparison; null if it is not installed.</summary>
    public static RedisServer? StartRedis(WorkFolder folder) =>
        Tool.Redis.IsThere ? new RedisServer(folder.Path, ConnectionsMax) : null;

    private static ResultTable MeasureRates(BenchmarkContext context)
    {
        var table = new ResultTable(
            "Tracker: questions and announcements, against redis-server GET and SADD with answers of the same length");
        using var folder = WorkFolder.Make();
        using var tracker = new TrackerProcess(context.Programs, folder.Path);
        using RedisServer? redis = StartRedis(folder);
        using var announcer = new LoadConnections(tracker.Port, 1);
        announcer.Exchange(0, Encoding.ASCII.GetBytes(Announcement(5, 5001) + "WHERE_CHUNK,5\n"), answerBytes: 1);
        byte[] question = RedisServer.Command("GET", "chunk");
        (string Name, string Ours, byte[] Peer, int Messages, int Window)[] loads =
        [
            ("unframed, one in flight", "WHERE_CHUNK,5", question, 1, 1),
            ("lines, one in flight", "WHERE_CHUNK,5\n", question, 1, 1),
            ($"lines, {InFlight} in flight in batches", Repeat("WHERE_CHUNK,5\n"), Repeat(question), InFlight, 1),
            ($"lines, {InFlight} in flight as a sliding window", "WHERE_CHUNK,5\n", question, 1, InFlight),
            // Announcements have no answer: a question behind them tells when they have been noted.
            ($"announcements, {InFlight} in flight",
                string.Concat(Chunks.Select(i => Announcement(i, 5002))) + "WHERE_CHUNK,5\n",
                Chunks.SelectMany(i => RedisServer.Command("SADD", $"chunk{i}", "localhost:5002")).ToArray(),
                InFlight, 1),
        ];
        foreach ((string name, string ours, byte[] peer, int messages, int window) in loads)
            foreach (int connections in new[] { 1, 50, 1000 })
            {
                string what = $"{name}, {connections:N0} connection{(connections == 1 ? "" : "s")}";
                context.Progress(what);
                using var ourLoad = new LoadGenerator(tracker.Port, connections, Encoding.ASCII.GetBytes(ours), window);
                if (ours.StartsWith("WHERE_CHUNK", StringComparison.Ordinal))
                    redis?.SetAnswer(ourLoad.AnswerBytes / messages);
                using LoadGenerator? peerLoad = redis == null
                    ? null : new LoadGenerator(redis.Port, connections, peer, window);
                (double[] Ours, double[] Peer) result = Medians.OfPair(context.Runs, () => Run(ourLoad, messages),
                    peerLoad == null ? null : () => Run(peerLoad, messages));
                table.Add($"{what}: per second", result.Ours[0], result.Peer[0], "{0:N0}");
                table.Add($"{what}: p50", result.Ours[1], result.Peer[1], "{0:F0} us");
                table.Add($"{what}: p99", result.Ours[2], result.Peer[2], "{0:F0} us");
                tracker.EmptyLog();
            }
        return table;

        double[] Run(LoadGenerator load, int messages)
        {
            load.Run(context.RateTime / 10);
            LoadResult result = load.Run(context.RateTime);
            return [result.PerSecond * messages, result.MedianMicroseconds, result.P99Microseconds];
        }
    }

    // An answer names about 60 peers at most, so its cost must not grow with more of them.
    private static ResultTable MeasureAnswerCost(BenchmarkContext context)
    {
        const int connections = 50;
        var table = new ResultTable(
            $"Tracker: what an answer costs (lines, one in flight, {connections} connections), against a GET of the "
            + "same length");
        using var folder = WorkFolder.Make();
        using var tracker = new TrackerProcess(context.Programs, folder.Path);
        using RedisServer? redis = StartRedis(folder);
        using var announcer = new LoadConnections(tracker.Port, 1);
        foreach (int peers in new[] { 1, 64, 10_000 })
        {
            context.Progress($"{peers} peers on the chunk");
            string lines = string.Concat(Enumerable.Range(10_000, peers).Select(port => Announcement(peers, port)));
            announcer.Exchange(0, Encoding.ASCII.GetBytes($"{lines}WHERE_CHUNK,{peers}\n"), answerBytes: 1);
            using var ourLoad =
                new LoadGenerator(tracker.Port, connections, Encoding.ASCII.GetBytes($"WHERE_CHUNK,{peers}\n"));
            redis?.SetAnswer(ourLoad.AnswerBytes);
            using LoadGenerator? peerLoad = redis == null
                ? null : new LoadGenerator(redis.Port, connections, RedisServer.Command("GET", "chunk"));
            (double[] Ours, double[] Peer) result = Medians.OfPair(context.Runs, () => Run(ourLoad, tracker.Process),
                peerLoad == null ? null : () => Run(peerLoad, redis!.Process));
            string what = $"{peers:N0} peer{(peers == 1 ? "" : "s")} on the chunk ({ourLoad.AnswerBytes} bytes)";
            table.Add($"{what}: questions per second", result.Ours[0], result.Peer[0], "{0:N0}");
            table.Add($"{what}: server CPU per question", result.Ours[1], result.Peer[1], "{0:F2} us");
            tracker.EmptyLog();
        }
        return table;

        double[] Run(LoadGenerator load, ChildProcess server)
        {
            load.Run(context.RateTime / 10);
            double before = server.CpuSeconds;
            LoadResult result = load.Run(context.RateTime);
            double seconds = server.CpuSeconds - before;
            return [result.PerSecond, seconds * 1e6 / (result.PerSecond * context.RateTime.TotalSeconds)];
        }
    }

    private static IEnumerable<int> Chunks => Enumerable.Range(1, InFlight);

    private static string Repeat(string message) => string.Concat(Enumerable.Repeat(message, InFlight));

    private static byte[] Repeat(byte[] message) =>
        Enumerable.Repeat(message, InFlight).SelectMany(each => each).ToArray();
}
