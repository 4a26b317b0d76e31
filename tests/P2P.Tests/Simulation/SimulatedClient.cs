using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Client;

namespace P2P.Tests.Simulation;

/// <summary>One client of a <see cref="SimulatedSwarm"/>: the product's decisions,
/// and a network made of events.</summary>
public sealed class SimulatedClient
{
    private const double TickSeconds = 0.02;
    private readonly SimulatedSwarm _swarm;
    private readonly int _id;
    private readonly ChunkPicker _picker;
    private readonly DownloadScheduler _scheduler;
    private readonly UploadQueue _queue = new();
    private readonly Dictionary<int, Peer> _peers = [];
    private readonly Dictionary<Download, Transfer> _downloads = [];
    private readonly List<Transfer> _sending = [];
    private readonly double _rate;              // chunks a second
    private double _sentUntil;
    private int _round;
    private int _questions;                     // in flight

    internal SimulatedClient(SimulatedSwarm swarm, int id, bool hasAll)
    {
        (_swarm, _id) = (swarm, id);
        int chunks = swarm.Setup.Chunks;
        _picker = new ChunkPicker(chunks, hasAll ? Enumerable.Range(1, chunks) : [], new Random(swarm.Random.Next()));
        _picker.AnswerLife = ClientLimits.AnswerLifeMin;
        _scheduler = new DownloadScheduler(_picker, mayGiveUp: true);
        _rate = (id == 0 ? swarm.Setup.SeedFactor : 1) / swarm.Setup.ChunkSeconds;
    }

    /// <summary>Called once it has everything.</summary>
    public Action OnComplete { get; set; } = () => { };

    /// <summary>Announces what is there, and begins to ask.</summary>
    public void Start()
    {
        for (int chunkIndex = 1; chunkIndex <= _picker.ChunkCount; chunkIndex++)
        {
            if (_picker.StateOf(chunkIndex) == ChunkState.Have) _swarm.Announce(chunkIndex, _id);
        }
        // Not all in step.
        if (!_picker.IsComplete) _swarm.After(_swarm.Random.NextDouble() * TickSeconds, Tick);
    }

    private void Tick()
    {
        if (_picker.IsComplete) return;
        Work();
        _swarm.After(TickSeconds, Tick);
    }

    // What SwarmClient, TrackerConnection and Downloader do whenever something has happened.
    private void Work()
    {
        AskAll();
        while (_scheduler.TryBegin(_swarm.Clock, out Download next, out Download? instead))
        {
            if (instead is not null) GiveUp(instead);
            Begin(next);
        }
        AskAll();
    }

    private void AskAll()
    {
        while (_questions < ClientLimits.QuestionsInFlightMax
            && _picker.TryPickQuestion(_swarm.Clock, out int chunkIndex))
            Ask(chunkIndex);
    }

    private void Ask(int chunkIndex)
    {
        _questions++;
        _swarm.After(SimulatedSwarm.MessageSeconds, () =>
        {
            int[] sources = _swarm.Ask(chunkIndex);
            _swarm.After(SimulatedSwarm.MessageSeconds / 10, () =>
            {
                _questions--;
                _picker.OnAnswer(chunkIndex, [.. sources.Where(id => id != _id).Select(PeerOf)], _swarm.Clock);
                Work();
            });
        });
    }

    private void Begin(Download download)
    {
        SimulatedClient source = _swarm.ClientOf(download.Peer.Port);
        var transfer = new Transfer(this, source, download);
        _downloads.Add(download, transfer);
        _swarm.After(2 * SimulatedSwarm.MessageSeconds, () =>
        {
            if (download.IsGivenUp) return;
            transfer.Upload = new UploadRequest(download.ChunkIndex, ClientLimits.TurnTimeout, _swarm.Clock,
                () => source.StartSending(transfer));
            source._queue.Add(transfer.Upload);
            source._queue.GiveTurns(_swarm.Clock);
        });
    }

    private void GiveUp(Download download)
    {
        Transfer transfer = _downloads[download];
        _downloads.Remove(download);
        _scheduler.End(download);
        _swarm.After(SimulatedSwarm.MessageSeconds, () =>
        {
            if (transfer.Upload is null) return;
            transfer.Source.Advance();
            transfer.Source._sending.Remove(transfer);
            transfer.Source._queue.Remove(transfer.Upload, _swarm.Clock);
            transfer.Source.Reschedule();
        });
    }

    private void StartSending(Transfer transfer)
    {
        Advance();
        _sending.Add(transfer);
        Reschedule();
        _swarm.After(SimulatedSwarm.MessageSeconds / 10, () => transfer.Download.Received = 1 << 20);
    }

    // The uplink is shared evenly.
    private void Advance()
    {
        double share = (_swarm.Now - _sentUntil) * _rate / Math.Max(_sending.Count, 1);
        _sentUntil = _swarm.Now;
        foreach (Transfer transfer in _sending)
        {
            transfer.Left -= share;
            transfer.Upload!.MovedAt = _swarm.Clock;
        }
    }

    private void Reschedule()
    {
        int round = ++_round;
        if (_sending.Count == 0) return;
        Transfer first = _sending.MinBy(transfer => transfer.Left)!;
        _swarm.After(Math.Max(0, first.Left) * _sending.Count / _rate, () =>
        {
            if (round == _round) Finish(first);
        });
    }

    private void Finish(Transfer transfer)
    {
        Advance();
        _sending.Remove(transfer);
        _queue.Remove(transfer.Upload!, _swarm.Clock);
        Reschedule();
        _swarm.Sent++;
        _swarm.After(SimulatedSwarm.MessageSeconds / 10, () => transfer.Client.OnArrived(transfer.Download));
    }

    private void OnArrived(Download download)
    {
        if (!_downloads.Remove(download)) return;       // given up a moment ago
        _scheduler.End(download);
        if (download.IsWanted)
        {
            download.Peer.OnSuccess(_swarm.Clock - download.StartedAt);
            _scheduler.OnFetched(download, _swarm.Clock);
            foreach (Download other in _downloads.Keys.Where(other => other.IsGivenUp).ToArray()) GiveUp(other);
            _picker.OnFetched(download.ChunkIndex, _swarm.Clock);
            _swarm.After(SimulatedSwarm.MessageSeconds, () => _swarm.Announce(download.ChunkIndex, _id));
            if (_picker.IsComplete) OnComplete();
        }
        Work();
    }

    private Peer PeerOf(int id)
    {
        if (!_peers.TryGetValue(id, out Peer? peer)) _peers.Add(id, peer = new Peer("simulated", id, [], isOurs: true));
        return peer;
    }

    private sealed class Transfer(SimulatedClient client, SimulatedClient source, Download download)
    {
        public SimulatedClient Client => client;
        public SimulatedClient Source => source;
        public Download Download => download;
        public UploadRequest? Upload { get; set; }
        public double Left { get; set; } = 1;       // of the chunk
    }
}
