using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// One swarm of 12 clients with a file-set of its own. While they start one after the other, clients are ended and
/// started again in their folders, stopped and continued, some lose their folder, some are started twice, one has a
/// disk that fills up, the tracker comes back empty, and bad peers interfere. Then all of it ends, and everybody has to
/// finish.
/// </summary>
internal sealed class ChaosRound : IChaosRound
{
    private const int Clients = 12;
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan TidyTimeout = TimeSpan.FromSeconds(5);

    // A client that found its disk full tries to save its list again after 30 s.
    private static readonly TimeSpan SmallDiskTidyTimeout = TimeSpan.FromSeconds(40);

    private readonly Random _random;
    private readonly TempFolder _folder = new();
    private readonly ChaosSwarm _swarm;
    private readonly ChaosClient[] _clients;
    private readonly ChaosTracker _tracker;
    private readonly SmallDisk? _disk;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private BadPeers? _badPeers;
    private int _latest;

    public ChaosRound(int seed, ChaosCounts counts)
    {
        _random = new Random(seed);
        var chunks = new ChunkSet(_random, _random.Next(40, 250), _ => NextLength());
        _swarm = new ChaosSwarm(_folder.Path, chunks, FreePort.Next(), counts);
        _tracker = new ChaosTracker(_swarm, () => _badPeers!.Announce(_swarm.TrackerPort));
        _disk = SmallDisk.IsPossible ? new SmallDisk(_folder.MakeFolder("disk"), _random) : null;
        IReadOnlyList<int>[] dealt = chunks.Scatter(_random, Clients);
        _clients = Enumerable.Range(0, Clients).Select(i => i == 0 && _disk is not null
            ? new ChaosClient(_swarm, i, _folder["disk/c0"], dealt[i], _disk)
            : new ChaosClient(_swarm, i, _folder[$"c{i}"], dealt[i], disk: null)).ToArray();
    }

    /// <summary>Plays it, in a network of its own where that can be: the kernel may give a client of another swarm a
    /// port at which the tracker still lists a client of this one, and nobody can tell the two apart.</summary>
    public void Run()
    {
        if (_disk is null)
            Play();
        else
            OtherMachine.WithOwnNetwork(() =>
                OtherMachine.WithSmallDisk(_folder["disk"], SmallDisk.BytesFor(_swarm.Chunks), Play));
    }

    public void Dispose()
    {
        _badPeers?.Dispose();
        foreach (ChaosClient client in _clients)
            client.Dispose();
        _tracker.Dispose();
        _folder.Dispose();
    }

    private void Play()
    {
        foreach (ChaosClient client in _clients)
            client.Deal();
        _badPeers = new BadPeers(_random, _swarm.Chunks, count: 4, _swarm.Counts);
        _tracker.Start();
        var faultTime = TimeSpan.FromSeconds(_random.Next(10, 20));
        TimeSpan[] startsAt = _clients.Select((_, i) => faultTime * (i < 3 ? 0 : _random.NextDouble() * 0.6)).ToArray();
        while (_watch.Elapsed < faultTime)
        {
            Thread.Sleep(_random.Next(5, 150));
            for (int i = 0; i < Clients; i++)
                if (_clients[i].Run is null && startsAt[i] <= _watch.Elapsed)
                    _clients[_latest = i].Start();
            EndWhatIsOver(_watch.Elapsed);
            DoHarm();
        }
        EndWhatIsOver(TimeSpan.MaxValue);
        foreach (ChaosClient client in _clients.Where(client => client.Run is null))
            client.Start();
        WaitUntilComplete();
        EndAll();
        foreach (ChaosClient client in _clients)
            client.Judge();
        new ChaosLog(_swarm.LogPath).Judge([.. _clients.SelectMany(client => client.Runs)], _swarm.Counts);
        foreach (string path in Directory.GetFiles(_folder.Path).Where(path => path != _swarm.LogPath))
            _swarm.Counts.Add(Violation.LeftoverFiles, $"beside the folders: {path}");
    }

    private void DoHarm()
    {
        // Often whoever has started last, since it is fetching just then.
        ChaosClient client = _clients[_random.Next(2) == 0 ? _latest : _random.Next(Clients)];
        if (client.Run is null)
            return;
        switch (_random.Next(20))
        {
            case < 11:                                  // stopped or not
                Kill(client);
                break;
            case < 14 when !client.IsStopped:
                // Mostly for a moment; now and then for longer than others wait for a byte.
                int milliseconds = _random.Next(12) == 0 ? 17_000 : _random.Next(50, 3000);
                client.Stop(_watch.Elapsed + TimeSpan.FromMilliseconds(milliseconds));
                break;
            case 14 when !client.IsStopped:
                client.StartSecond();
                break;
            case 15 or 16 when _disk is { IsFull: false } && _clients[0].Run is not null:
                FillDisk();
                break;
            case 17:
                _tracker.Restart(NextSignal(), TimeSpan.FromMilliseconds(_random.Next(0, 500)));
                break;
        }
    }

    private void Kill(ChaosClient client)
    {
        int signal = NextSignal();
        _swarm.Counts.OnKill(signal);
        client.BeginEnd(signal)();
        if (_random.Next(4) == 0 && client.Disk is not { IsFull: true })
            client.Deal();
        client.Start();
        _latest = Array.IndexOf(_clients, client);
        if (_random.Next(10) == 0)
            client.StartSecond();                       // two at the same time
    }

    // Half the time under a client that has everything to fetch.
    private void FillDisk()
    {
        _swarm.Counts.FullDisks++;
        if (_random.Next(2) == 0)
        {
            _swarm.Counts.OnKill(Libc.SigKill);
            _clients[0].BeginEnd(Libc.SigKill)();
            _clients[0].Deal();
            _clients[0].Start();
        }
        _latest = 0;
        _disk!.Fill();
        _disk.FullUntil = _watch.Elapsed + TimeSpan.FromMilliseconds(_random.Next(200, 3000));
    }

    private void EndWhatIsOver(TimeSpan now)
    {
        foreach (ChaosClient client in _clients.Where(client => client.IsStopped && client.StoppedUntil <= now))
            client.Continue();
        if (_disk is { IsFull: true } && _disk.FullUntil <= now)
            _disk.Free();
    }

    private void WaitUntilComplete()
    {
        TimeSpan deadline = _watch.Elapsed + FinishTimeout;
        IEnumerable<ClientRun> runs = _clients.Select(client => client.Run!);
        var hung = runs.Where(run => !run.WaitUntilComplete(deadline - _watch.Elapsed)).ToList();
        foreach (ClientRun run in hung)
            _swarm.Counts.Add(Violation.HungClients, $"not complete\n{run.Process.Describe()}{run.History}");
        if (hung.Count > 0)
            return;

        // A second source's copy of the last chunk may be on its way out.
        TimeSpan complete = _watch.Elapsed;
        while (_clients.Any(client => !client.IsTidy() && _watch.Elapsed - complete < TidyPatience(client)))
            Thread.Sleep(50);
        foreach (ChaosClient client in _clients)
            client.JudgeLeftovers();
    }

    private void EndAll()
    {
        Action[] ends = _clients.Select(client => client.BeginEnd(NextCleanSignal())).ToArray();
        foreach (Action end in ends)
            end();
        _tracker.End(NextCleanSignal());
    }

    private static TimeSpan TidyPatience(ChaosClient client) =>
        client.Disk is null ? TidyTimeout : SmallDiskTidyTimeout;

    private int NextLength() => _random.Next(12) == 0 ? _random.Next(200_000, 3_000_000) : _random.Next(1, 40_000);

    private int NextCleanSignal() => _random.Next(2) == 0 ? Libc.SigTerm : Libc.SigHup;

    private int NextSignal() => _random.Next(2) == 0 ? Libc.SigKill : NextCleanSignal();
}
