using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// One swarm whose clients share a file or folder in place: one or two seeds of the original, some receivers with a
/// target each, sometimes a client with a folder of chunks. Seeds and receivers are ended and started again, receivers
/// are started twice, some have a disk that is too small for a while, the tracker comes back empty, and bad peers lie.
/// In half of the rounds the original is changed under its seeds, and then the same receivers, with what they have so
/// far, have to fetch another set. In the end everybody has to finish.
/// </summary>
internal sealed class SetRound : IChaosRound
{
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromSeconds(120);
    private readonly Random _random;
    private readonly ChaosCounts _counts;
    private readonly TempFolder _folder = new();
    private readonly SetOriginal _original;
    private readonly ChaosTracker _tracker;
    private readonly SetSeed[] _seeds;
    private readonly SetReceiver[] _receivers;
    private readonly SmallDisk? _disk;
    private readonly List<ChaosClient> _clients = [];
    private readonly Dictionary<ChaosMember, TimeSpan> _startsAt = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private ChaosSwarm _swarm;
    private BadPeers? _badPeers;

    public SetRound(int seed, ChaosCounts counts)
    {
        (_random, _counts) = (new Random(seed), counts);
        _folder.MakeFolder("original");
        _original = new SetOriginal(_random, _folder["original/it"]);
        _swarm = new ChaosSwarm(_folder.MakeFolder("run"), _original.Content.Chunks, FreePort.Next(), counts);
        _tracker = new ChaosTracker(_swarm, () => _badPeers!.Announce(_swarm.TrackerPort));
        _seeds = [.. Enumerable.Range(0, _random.Next(1, 3)).Select(i => new SetSeed(_swarm, i, _original))];
        _disk = SmallDisk.IsPossible ? new SmallDisk(_folder.MakeFolder("disk"), _random) : null;
        int onDisk = _disk is null ? 0 : _random.Next(0, 3);
        _receivers =
            [.. Enumerable.Range(0, _random.Next(2, 5)).Select(i => MakeReceiver(i, i < onDisk ? _disk : null))];
    }

    /// <inheritdoc cref="ChaosRound.Run"/>
    public void Run()
    {
        if (_disk is null)
            Play();
        else
            OtherMachine.WithOwnNetwork(() => OtherMachine.WithSmallDisk(_folder["disk"], BytesOfDisk(), Play));
    }

    public void Dispose()
    {
        _badPeers?.Dispose();
        foreach (ChaosMember member in Members())
            member.Dispose();
        _tracker.Dispose();
        _folder.Dispose();
    }

    private void Play()
    {
        bool changes = _random.Next(2) == 0;
        BeginSet();
        Harm(TimeSpan.FromSeconds(_random.Next(4, 9)));
        if (changes)
        {
            ChangeOriginal();
            EndEverybody();
            _original.Change();
            foreach (SetReceiver receiver in _receivers)
                receiver.OnOtherSet();
            BeginSet();
            Harm(TimeSpan.FromSeconds(_random.Next(3, 7)));
        }
        Finish();
        EndEverybody();
        _tracker.End(NextCleanSignal());
        foreach (SetReceiver receiver in _receivers)
            receiver.Judge();
        foreach (SetSeed seed in _seeds)
            seed.Judge();
        foreach (ChaosClient client in _clients)
            client.Judge();
        new ChaosLog(_swarm.LogPath).Judge([.. Members().SelectMany(member => member.Runs)], _counts);
        var strays = Directory.GetFileSystemEntries(_swarm.WorkFolder)
            .Where(path => path != _swarm.LogPath && !_clients.Any(client => client.Folder == path)).ToList();
        if (strays.Count > 0)
            _counts.Add(Violation.LeftoverFiles, $"beside the log: {string.Join(' ', strays)}", strays.Count);
    }

    private IEnumerable<ChaosMember> Members() => [.. _seeds, .. _receivers, .. _clients];

    private SetReceiver MakeReceiver(int number, SmallDisk? disk)
    {
        string folder = _folder[disk is null ? $"r{number}" : $"disk/r{number}"];
        string[] names = ["copy", "a copy", ".copy", "copy.part", new string('x', 180)];
        List<string> arguments = ["-exit_when_complete", $"{_random.Next(0, 3)}"];
        if (_random.Next(3) == 0)
            arguments.AddRange(["-lane", "off"]);
        if (_random.Next(4) == 0)
            arguments.AddRange(["-download_limit", "2M"]);
        return new SetReceiver(
            _swarm, number, Path.Combine(folder, names[_random.Next(names.Length)]), _original, disk, [.. arguments]);
    }

    private void BeginSet()
    {
        SetContent content = _original.Content;
        _swarm = _swarm with { Chunks = content.Chunks, Description = content.Description };
        bool isFirst = _badPeers is null;
        _badPeers?.Dispose();
        _badPeers = new BadPeers(_random, content.Chunks, _random.Next(0, 4), _counts, mayLie: true);
        if (isFirst)
            _tracker.Start();
        else if (_random.Next(2) == 0)
            _tracker.Restart(NextSignal(), TimeSpan.Zero);
        else
            _badPeers.Announce(_swarm.TrackerPort);
        _disk?.Free();
        _disk?.Resize(BytesOfDisk(), isEnough: true);
        if (_random.Next(3) == 0)
        {
            IReadOnlyList<int>[] dealt = content.Chunks.Scatter(_random, 2);
            var client = new ChaosClient(
                _swarm, _clients.Count, Path.Combine(_swarm.WorkFolder, $"c{_clients.Count}"), dealt[0], disk: null);
            client.Deal();
            _clients.Add(client);
        }
        _startsAt.Clear();
        foreach (ChaosMember member in LivingMembers())
            _startsAt[member] =
                _watch.Elapsed + TimeSpan.FromSeconds(_random.Next(3) == 0 ? _random.NextDouble() * 4 : 0);
        // So that there is a transfer to disturb.
        foreach (SetSeed seed in _seeds)
            seed.Limit = _random.Next(4) == 0 ? null : Math.Max(20_000, _original.Bytes / _random.Next(2, 8));
    }

    private IEnumerable<ChaosMember> LivingMembers() => [.. _seeds, .. _receivers, .. _clients.TakeLast(1)
        .Where(client => client.Swarm.Chunks == _swarm.Chunks)];

    private void Harm(TimeSpan time)
    {
        TimeSpan end = _watch.Elapsed + time;
        while (_watch.Elapsed < end)
        {
            Thread.Sleep(_random.Next(5, 150));
            Poll();
            foreach (ChaosMember member in LivingMembers())
                if (member.Run is null && _startsAt[member] <= _watch.Elapsed)
                    Begin(member);
            DoHarm();
        }
        if (_disk is not null)
        {
            _disk.Free();
            _disk.Resize(BytesOfDisk(), isEnough: true);
        }
    }

    private void Poll()
    {
        foreach (SetReceiver receiver in _receivers)
            receiver.Poll();
        foreach (SetSeed seed in _seeds)
            seed.Poll();
        if (_disk is { IsFull: true } && _disk.FullUntil <= _watch.Elapsed)
        {
            _disk.Free();
            _disk.Resize(BytesOfDisk(), isEnough: true);
        }
    }

    private void Begin(ChaosMember member)
    {
        if (member is SetReceiver { IsDone: true } receiver)
        {
            switch (_random.Next(30))
            {
                case 0:
                    receiver.Tamper(_random);
                    break;
                case 1 or 2:
                    receiver.RemoveTarget();
                    break;
                case > 3:
                    return;
            }
        }
        if (member is not SetReceiver { HasFailed: true })
            member.Start();
    }

    private void DoHarm()
    {
        SetReceiver receiver = _receivers[_random.Next(_receivers.Length)];
        switch (_random.Next(24))
        {
            case < 9 when receiver.Run is not null:
                Kill(receiver);
                break;
            case 9 or 10 when receiver.Run is { IsReady: true } && _seeds.Any(seed => seed.Run is not null):
                receiver.StartSecond();
                break;
            case 11 or 12 when _seeds[_random.Next(_seeds.Length)] is { Run: not null } seed:
                Kill(seed);
                break;
            case 13 when LivingMembers().OfType<ChaosClient>().FirstOrDefault() is { Run: not null } client:
                Kill(client);
                break;
            case 14 when _random.Next(2) == 0:
                _tracker.Restart(NextSignal(), TimeSpan.FromMilliseconds(_random.Next(0, 500)));
                break;
            case 15 or 16 when _disk is { IsFull: false } && receiver.Disk is not null:
                FillDisk();
                break;
        }
    }

    private void Kill(ChaosMember member)
    {
        int signal = NextSignal();
        _counts.OnKill(signal);
        member.BeginEnd(signal)();
        _startsAt[member] =
            _watch.Elapsed + TimeSpan.FromMilliseconds(_random.Next(3) == 0 ? _random.Next(1500) : 0);
    }

    // Now and then for longer than a client that is to exit waits for room.
    private void FillDisk()
    {
        _counts.FullDisks++;
        if (_random.Next(2) == 0)
            _disk!.Fill();
        else
            _disk!.Resize(_random.NextInt64(4096 * 4, BytesOfDisk() / 2), isEnough: false);
        int milliseconds = _random.Next(6) == 0 ? 13_000 : _random.Next(200, 3000);
        _disk.FullUntil = _watch.Elapsed + TimeSpan.FromMilliseconds(milliseconds);
    }

    // A seed has to stop; nobody begins to serve the original until it is a set again.
    private void ChangeOriginal()
    {
        // One that has just been started may read it only after the change, and then serves what it has read.
        foreach (SetSeed seed in _seeds)
            seed.Run?.WaitUntilReady();
        (string what, int chunkIndex) = _original.ChangeOne();
        _counts.ChangedOriginals++;
        foreach (SetSeed seed in _seeds)
            seed.OnChanged();
        TimeSpan end = _watch.Elapsed + TimeSpan.FromSeconds(_random.Next(0, 4));
        while (_watch.Elapsed < end)
        {
            Thread.Sleep(_random.Next(5, 150));
            Poll();
            SetReceiver receiver = _receivers[_random.Next(_receivers.Length)];
            if (receiver.Run is not null && _random.Next(4) == 0)
                Kill(receiver);
            else if (receiver is { Run: null, IsDone: false, HasFailed: false })
                receiver.Start();
        }
        foreach (SetSeed seed in _seeds)
            seed.JudgeChanged(chunkIndex, what);
        Poll();
    }

    private void EndEverybody()
    {
        var ends = new List<Action>();
        foreach (ChaosMember member in Members().Where(member => member.Run is not null))
        {
            int signal = member is ChaosClient ? NextCleanSignal() : NextSignal();
            _counts.OnKill(signal);
            ends.Add(member.BeginEnd(signal));
        }
        foreach (Action end in ends)
            end();
    }

    // Seeds without a limit, and nothing that disturbs but the bad peers.
    private void Finish()
    {
        foreach (SetSeed seed in _seeds)
        {
            seed.Limit = null;
            if (seed.Run is null)
                seed.Start();
        }
        foreach (ChaosClient client in LivingMembers().OfType<ChaosClient>().Where(client => client.Run is null))
            client.Start();
        TimeSpan deadline = _watch.Elapsed + FinishTimeout;
        while (_watch.Elapsed < deadline && _receivers.Any(IsAwaited))
        {
            Poll();
            foreach (SetReceiver receiver in _receivers.Where(IsAwaited))
                if (receiver.Run is null)
                    receiver.Start();
            foreach (SetSeed seed in _seeds.Where(seed => seed.Run is null))
                seed.Start();
            // The others are looked at in turns with the first.
            _receivers.FirstOrDefault(IsAwaited)?.Run?.Process.HasExitedWithin(TimeSpan.FromMilliseconds(20));
        }
        foreach (SetReceiver receiver in _receivers.Where(IsAwaited))
            receiver.CountHung();
        foreach (ChaosClient client in LivingMembers().OfType<ChaosClient>())
            if (!client.Run!.WaitUntilComplete(deadline - _watch.Elapsed))
                _counts.Add(Violation.HungClients, $"not complete\n{client.Run!.Process.Describe()}");
    }

    private static bool IsAwaited(SetReceiver receiver) =>
        !receiver.HasFailed && (receiver.Run is not null || !receiver.IsDone);

    // For two targets, each with a page for every entry and more.
    private long BytesOfDisk() => 3 * (SmallDisk.BytesFor(_original.Content.Chunks) + 8192L * _original.Entries);

    private int NextCleanSignal() => _random.Next(2) == 0 ? Libc.SigTerm : Libc.SigHup;

    private int NextSignal() => _random.Next(2) == 0 ? Libc.SigKill : NextCleanSignal();
}
