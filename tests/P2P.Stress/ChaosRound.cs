using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// One swarm of 12 clients with a file-set of its own. While they start one after the other, clients are killed and
/// started again in their folders, stopped and continued, the tracker comes back empty, and bad peers interfere. Then
/// all of it ends, and everybody has to finish. Every signal goes to a process that this round started.
/// </summary>
internal sealed class ChaosRound : IDisposable
{
    private const int Clients = 12;
    private const int SigContinue = 18, SigStop = 19;
    private static readonly TimeSpan s_finishPatience = TimeSpan.FromSeconds(150), s_endPatience = TimeSpan.FromSeconds(10);

    private readonly Random _random;
    private readonly ChaosCounts _counts;
    private readonly TempFolder _folder = new();
    private readonly ChunkSet _chunks;
    private readonly IReadOnlyList<int>[] _dealt;
    private readonly int _port = FreePort.Next();
    private readonly BadPeers _badPeers;
    private readonly ClientProcess?[] _clients = new ClientProcess?[Clients];
    private readonly TimeSpan[] _stoppedUntil = new TimeSpan[Clients];
    private readonly List<NativeProcess> _processes = [];
    private readonly StringBuilder _faults = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private TrackerProcess _tracker;
    private int _runs;

    public ChaosRound(int seed, ChaosCounts counts)
    {
        (Seed, _random, _counts) = (seed, new Random(seed), counts);
        _chunks = new ChunkSet(_random, _random.Next(40, 250), _ => _random.Next(12) == 0 ? _random.Next(200_000, 3_000_000) : _random.Next(1, 40_000));
        _dealt = _chunks.Scatter(_random, Clients);
        for (int i = 0; i < Clients; i++)
            _chunks.DealTo(_folder.MakeFolder($"c{i}"), _dealt[i]);
        _tracker = StartTracker();
        _badPeers = new BadPeers(_random, _chunks, count: 4, counts);
        _badPeers.Announce(_port);
    }

    public int Seed { get; }

    public void Run()
    {
        var faultTime = TimeSpan.FromSeconds(_random.Next(8, 16));
        var startsAt = Enumerable.Range(0, Clients).Select(i => i < 3 ? TimeSpan.Zero : faultTime * _random.NextDouble() * 0.8).ToArray();
        while (_watch.Elapsed < faultTime)
        {
            Thread.Sleep(_random.Next(20, 300));
            for (int i = 0; i < Clients; i++)
                if (_clients[i] == null && startsAt[i] <= _watch.Elapsed)
                    Start(i);
            ContinueStopped(_watch.Elapsed);
            DoHarm();
        }
        for (int i = 0; i < Clients; i++)
            if (_clients[i] == null)
                Start(i);
        ContinueStopped(TimeSpan.MaxValue);
        WaitUntilComplete();
        EndAll();
        Verify();
    }

    /// <summary>What was wrong, and the output of whoever had to do with it.</summary>
    public string Describe() => $"{_faults}{string.Join("", _processes.Where(each => each.Errors.Count > 0).Select(each => each.Describe()))}";

    public void Dispose()
    {
        _badPeers.Dispose();
        foreach (var process in _processes)
            process.Dispose();
        _folder.Dispose();
    }

    private void DoHarm()
    {
        int i = _random.Next(Clients);
        bool isRunning = _clients[i] != null && _stoppedUntil[i] == TimeSpan.Zero;
        switch (_random.Next(10))
        {
            case < 5 when _clients[i] != null:      // stopped or not
                _clients[i]!.Kill();
                _clients[i]!.WaitForExit();
                _counts.Kills++;
                Start(i);
                break;
            case < 8 when isRunning:
                // Mostly for a moment; now and then for longer than others wait for a byte.
                _stoppedUntil[i] = _watch.Elapsed + TimeSpan.FromMilliseconds(_random.Next(12) == 0 ? 17_000 : _random.Next(50, 3000));
                Signal(_clients[i]!, SigStop);
                _counts.Stops++;
                break;
            case 9:
                _tracker.Kill();
                _tracker.WaitForExit();
                Thread.Sleep(_random.Next(0, 500));
                _tracker = StartTracker();
                _badPeers.Announce(_port);
                _counts.TrackerRestarts++;
                break;
        }
    }

    private void Start(int i)
    {
        var name = $"c{i}.{++_runs}";
        var folder = _folder[$"c{i}"];
        _stoppedUntil[i] = TimeSpan.Zero;
        _clients[i] = new ClientProcess(_folder.Path, name, folder, "-folder", folder, "-name", name, "-tracker", $"localhost:{_port}");
        _processes.Add(_clients[i]!);
    }

    private TrackerProcess StartTracker()
    {
        var tracker = new TrackerProcess(_folder.Path, "-port", $"{_port}");
        _processes.Add(tracker);
        _ = tracker.ReadyLine;
        return tracker;
    }

    private void ContinueStopped(TimeSpan now)
    {
        for (int i = 0; i < Clients; i++)
        {
            if (_stoppedUntil[i] == TimeSpan.Zero || _stoppedUntil[i] > now)
                continue;
            Signal(_clients[i]!, SigContinue);
            _stoppedUntil[i] = TimeSpan.Zero;
        }
    }

    private void WaitUntilComplete()
    {
        var deadline = _watch.Elapsed + s_finishPatience;
        var waiting = _clients.ToList();
        while (waiting.RemoveAll(client => client!.Output.All.Any(line => line.Contains(": complete, all "))) >= 0
            && waiting.Count > 0 && _watch.Elapsed < deadline)
            Thread.Sleep(50);
        foreach (var client in waiting)
        {
            _counts.HungClients++;
            _faults.Append($"{client!.Name} is not complete:\n{client.Describe()}");
        }
    }

    private void EndAll()
    {
        foreach (var process in _clients.Append<NativeProcess?>(_tracker))
            process!.Terminate();
        var deadline = _watch.Elapsed + s_endPatience;
        foreach (var process in _clients.Append<NativeProcess?>(_tracker))
        {
            while (!process!.HasExited && _watch.Elapsed < deadline)
                Thread.Sleep(20);
            if (!process.HasExited)
            {
                _counts.HungClients++;
                _faults.Append($"does not end:\n{process.Describe()}");
            }
            else if (process.WaitForExit() != 0)
                Fault($"ended badly:\n{process.Describe()}");
        }
        foreach (var process in _processes.Where(each => each.Errors.All.Any(line => line.Contains("internal error") || line.Contains("has gone or changed"))))
            Fault(process.Describe());
    }

    private void Verify()
    {
        for (int i = 0; i < Clients; i++)
        {
            var folder = _folder[$"c{i}"];
            foreach (int index in _chunks.Indexes.Except(_dealt[i]))
            {
                var path = Path.Combine(folder, $"chunk_{index}");
                var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
                long right = bytes.Zip(_chunks[index]).LongCount(pair => pair.First == pair.Second);
                long wrong = Math.Max(bytes.Length, _chunks[index].Length) - right;
                _counts.ChunksFetched += wrong == 0 ? 1 : 0;
                _counts.Bytes += right;
                if (wrong == 0 || !File.Exists(path))
                    continue;
                _counts.WrongBytes += wrong;
                _faults.Append($"c{i}, chunk {index}: {bytes.Length} bytes of {_chunks[index].Length}, {wrong} wrong\n");
                File.ReadLines(_folder["logs.log"]).Where(line => line.StartsWith($"c{i}.") && line.Contains($",REQUEST_CHUNK,{index},")).ToList()
                    .ForEach(line => _faults.Append($"    {line}\n"));
            }
            foreach (int index in _dealt[i])
                if (!File.ReadAllBytes(Path.Combine(folder, $"chunk_{index}")).AsSpan().SequenceEqual(_chunks[index]))
                    Fault($"c{i}: chunk {index}, dealt, has changed");
            foreach (var left in Directory.GetFiles(folder, "*.part"))
                Fault($"left behind: {left}");
        }
    }

    private void Fault(string what)
    {
        _counts.OtherFaults++;
        _faults.Append(what).Append('\n');
    }

    private static void Signal(NativeProcess process, int signal)
    {
        if (!process.HasExited)
            _ = Libc.kill(process.Id, signal);
    }
}
