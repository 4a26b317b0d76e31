using System;
using System.IO;
using P2P.Cli;
using P2P.Logging;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One client of the swarm, from its folder to its end: serves from the first moment, announces what it has, fetches
/// what it lacks, says when everything is there and goes on serving (PROTOCOL 7).
/// </summary>
internal sealed class SwarmClient
{
    private readonly EventLoop _loop;
    private readonly ClientOptions _options;
    private readonly ActionLog _log;
    private readonly ChunkStore _store;
    private readonly ChunkPicker _picker;
    private readonly Downloader _downloader;
    private readonly LoopTimer _save;
    private readonly LoopTimer _tick;
    private TrackerConnection _tracker = null!;
    private TimeSpan _startedAt;
    private string? _diskProblem;
    private bool _isListSaved = true;
    private bool _saidUnreachable;

    public SwarmClient(EventLoop loop, ClientOptions options, ActionLog log, ChunkStore store, ChunkPicker picker)
    {
        (_loop, _options, _log, _store, _picker) = (loop, options, log, store, picker);
        _downloader = new Downloader(loop, log, picker, store, options.ChunkBytesMax, mayGiveUp: !options.IsTrackerLocal, OnFetched, OnDiskFailure);
        _save = new LoopTimer(loop, SaveList);
        _tick = new LoopTimer(loop, OnTick);
    }

    /// <summary>Begins to serve and to fetch. On the loop.</summary>
    /// <param name="acceptor">Listens on the transfer port.</param>
    public void Start(Acceptor acceptor)
    {
        _startedAt = EventLoop.Now;
        _loop.OnRoundEnd = _log.Flush;
        acceptor.Start(_loop, new Uploads(_loop, _picker, _store, OnLost).OnAccepted);
        var peers = new PeerBook(acceptor.Port, _options.IsTrackerLocal, _options.TrackerAddresses);
        _tracker = new TrackerConnection(_loop, _options, _log, _picker, peers, acceptor.Port, _downloader.Start);
        Terminal.Say($"{_options.Name}: {_picker.HaveCount} of {_picker.ChunkCount} chunks, serving on port {acceptor.Port}, tracker {_options.TrackerName}");
        _ = _tracker.RunAsync(OnUnreachable);
        if (_picker.IsComplete) SayComplete();
        else _tick.Start(ClientLimits.Tick);
    }

    /// <summary>Leaves the folder in order. On the loop, before the program ends.</summary>
    public void Stop()
    {
        _downloader.Stop();
        if (!_isListSaved) SaveList();
        _save.Stop();
    }

    private void OnFetched(int chunkIndex)
    {
        _diskProblem = null;
        _isListSaved = false;
        _tracker.Announce(chunkIndex);
        if (_picker.IsComplete)
        {
            SaveList();
            SayComplete();
        }
        else if (!_save.IsRunning) _save.Start(ClientLimits.SaveInterval);
    }

    private void OnLost(int chunkIndex)
    {
        if (_picker.StateOf(chunkIndex) != ChunkState.Have) return;
        Terminal.Complain($"{_options.Name}: {_store.NameOf(chunkIndex)} has gone or changed since it was listed; chunk {chunkIndex} is no longer served, and fetched anew");
        _picker.OnLost(chunkIndex);
        _isListSaved = false;
        if (!_save.IsRunning) _save.Start(ClientLimits.SaveInterval);
        _tick.Start(ClientLimits.Tick);
    }

    private void SayComplete()
    {
        string how = _downloader.FetchedCount == 0
            ? "all were here"
            : $"{_downloader.FetchedCount} fetched from {_downloader.SourceCount} peers in {(EventLoop.Now - _startedAt).TotalSeconds:0.000} s";
        Terminal.Say($"{_options.Name}: complete, all {_picker.ChunkCount} chunks, {how}; serving until stopped");
    }

    private void SaveList()
    {
        try
        {
            _store.SaveList(chunkIndex => _picker.StateOf(chunkIndex) == ChunkState.Have);
            _isListSaved = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            OnDiskFailure(e.Message);
            _save.Start(ClientLimits.PeerPauseMax);
        }
    }

    // The same trouble is told once, until something could be stored again.
    private void OnDiskFailure(string reason)
    {
        if (_diskProblem == reason) return;
        _diskProblem = reason;
        Terminal.Complain($"{_options.Name}: can't store chunks in {_options.Folder}: {reason}; will try again, make room or let this user write there");
    }

    private void OnUnreachable()
    {
        if (_saidUnreachable) return;
        _saidUnreachable = true;
        Terminal.Complain($"{_options.Name}: no tracker at {_options.TrackerName} yet, trying again: start P2PTracker there, or give another with -tracker");
    }

    // Pauses of sources and of unknown chunks end without an event of their own.
    private void OnTick()
    {
        if (_picker.IsComplete) return;
        _tick.Start(ClientLimits.Tick);
        _downloader.Start();
        _tracker.Wake();
    }
}
