using System;
using System.IO;
using P2P.Cli;
using P2P.Logging;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One client of the swarm, from its folder to its end: serves from the first moment, announces what it has, fetches
/// what it lacks, says when everything is there and goes on serving (PROTOCOL 7.1).
/// </summary>
internal sealed class SwarmClient
{
    private readonly EventLoop _loop;
    private readonly ClientOptions _options;
    private readonly ActionLog _log;
    private readonly ChunkStore _store;
    private readonly ChunkPicker _picker;
    private readonly Downloader _downloader;
    private readonly Traffic _traffic = new();
    private readonly ClientReport _report;
    private readonly Completion _completion;
    private readonly ClientEnding _ending;
    private readonly Action<int> _end;
    private readonly LoopTimer _save;
    private readonly LoopTimer _tick;
    private readonly Stall _stall;
    private TrackerConnection _tracker = null!;
    private string? _diskProblem;
    private bool _isListSaved = true;
    private bool _saidUnreachable;
    private bool _hasMoved;
    private bool _isStopped;

    /// <summary>Makes it; <see cref="Start"/> lets it begin.</summary>
    /// <param name="sums">What the chunks must be; null if nobody knows.</param>
    /// <param name="end">Told the exit code when the client has ended by itself.</param>
    public SwarmClient(
        EventLoop loop, ClientOptions options, ActionLog log, ChunkStore store, ChunkPicker picker, ChunkSums? sums,
        Action<int> end)
    {
        (_loop, _options, _log, _store, _picker, _end) = (loop, options, log, store, picker, end);
        _ending = new ClientEnding(loop, options, picker, _traffic, End);
        _downloader = new Downloader(
            loop, log, picker, store, options.ChunkBytesMax, mayGiveUp: !options.IsTrackerLocal, OnFetched,
            OnDiskFailure, _traffic, sums, OnWrong);
        _report = new ClientReport(loop, options, picker, _downloader, _traffic, sums);
        _completion = new Completion(loop, options, store, sums, _report, OnLost, _ending.OnDone);
        _stall = new Stall(picker, _traffic);
        _save = new LoopTimer(loop, SaveList);
        _tick = new LoopTimer(loop, OnTick);
    }

    /// <summary>Begins to serve and to fetch. On the loop.</summary>
    /// <param name="acceptor">Listens on the transfer port.</param>
    /// <param name="isListSaved">The folder's list names all that is held.</param>
    public void Start(Acceptor acceptor, bool isListSaved)
    {
        _isListSaved = isListSaved;
        if (!isListSaved) SaveList();
        _loop.OnRoundEnd = _log.Flush;
        var uploads = new Uploads(_loop, _picker, _store, _traffic, OnLost);
        acceptor.Start(_loop, uploads.OnAccepted, _store.Descriptors.OnShortage);
        var peers = new PeerBook(acceptor.Port, _options.IsTrackerLocal, _options.TrackerAddresses);
        _tracker = new TrackerConnection(_loop, _options, _log, _picker, peers, acceptor.Port, _downloader.Start);
        _report.Started(acceptor.Port);
        _ending.Start(() => _tracker.Health.WasReached);
        _ = _tracker.RunAsync(OnUnreachable, () => OnHub(acceptor));
        if (_picker.IsComplete) OnComplete();
        else _tick.Start(ClientLimits.Tick);
    }

    /// <summary>Leaves the folder in order. On the loop, before the program ends.</summary>
    public void Stop() => Stop(ExitCode.Success);

    private int Stop(int exitCode)
    {
        if (_isStopped) return exitCode;
        _isStopped = true;
        _completion.Stop();
        _downloader.Stop();
        if (!_isListSaved) SaveList();
        _save.Stop();
        // A list that can't be saved costs the next start what has arrived: not what a script may take for success.
        if (exitCode == ExitCode.Success && _ending.IsByItself && !_isListSaved) exitCode = ExitCode.Disk;
        _report.Stopped(exitCode);
        return exitCode;
    }

    private void End(int exitCode) => _end(Stop(exitCode));

    private void OnFetched(int chunkIndex)
    {
        _diskProblem = null;
        _ending.OnStored();
        _isListSaved = false;
        _tracker.Announce(chunkIndex);
        _report.Fetched();
        if (_picker.IsComplete)
        {
            SaveList();
            OnComplete();
        }
        else if (!_save.IsRunning) _save.Start(ClientLimits.SaveInterval);
    }

    private void OnLost(int chunkIndex)
    {
        if (_picker.StateOf(chunkIndex) != ChunkState.Have) return;
        Terminal.Complain(
            $"{_options.Name}: {_store.NameOf(chunkIndex)} has gone or changed since it was listed; "
            + $"chunk {chunkIndex} is no longer served, and fetched anew");
        _store.OnLost(chunkIndex);
        _picker.OnLost(chunkIndex);
        _isListSaved = false;
        if (!_save.IsRunning) _save.Start(ClientLimits.SaveInterval);
        _tick.Start(ClientLimits.Tick);
    }

    private void OnWrong(int chunkIndex, Peer source) => _report.Wrong(chunkIndex, source);

    private void OnComplete()
    {
        _report.Complete();
        _completion.Start();
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
            OnDiskFailure(DiskError.Describe(e));
            _save.Start(ClientLimits.PeerPauseMax);
        }
    }

    // The same trouble is told once, until something could be stored again.
    private void OnDiskFailure(string reason)
    {
        if (_diskProblem != reason)
        {
            _diskProblem = reason;
            Terminal.Complain(
                $"{_options.Name}: can't store chunks in {_options.Folder}: {reason}; "
                + $"will try again, make room or let this user write there");
        }
        _ending.OnDiskFailure();
    }

    private void OnUnreachable()
    {
        if (_saidUnreachable) return;
        _saidUnreachable = true;
        Terminal.Complain(
            $"{_options.Name}: no tracker at {_options.TrackerName} yet, trying again: "
            + $"start P2PTracker there, or give another with -tracker");
    }

    // Peers on other machines are told of us, and may come unless the user has said where to listen.
    private void OnHub(Acceptor acceptor)
    {
        if (_hasMoved || _options.IsBindGiven) return;
        _hasMoved = acceptor.TryMoveTo(CommandLine.Everywhere);
        _report.Hub(acceptor.Port, _hasMoved);
    }

    // Pauses of sources and of unknown chunks end without an event of their own.
    private void OnTick()
    {
        if (_picker.IsComplete) return;
        _tick.Start(ClientLimits.Tick);
        _downloader.Start();
        _tracker.Wake();
        TimeSpan now = EventLoop.Now;
        if (_stall.IsDue(now)) TellStall(now);
    }

    private void TellStall(TimeSpan now)
    {
        TrackerHealth tracker = _tracker.Health;
        int unheld = 0;
        for (int chunkIndex = 1; chunkIndex <= _picker.ChunkCount; chunkIndex++)
            unheld += _picker.IsUnheld(chunkIndex) ? 1 : 0;
        var facts = new StallFacts(
            WasReached: tracker.WasReached, IsGone: tracker.IsGone, WasAnswered: tracker.AnsweredAt is not null,
            IsSilent: now - tracker.AnsweredAt >= ClientLimits.StallAfter, HasSpoken: tracker.HasSpoken,
            IsDiskFailing: _diskProblem is not null,
            TooLarge: _downloader.TooLarge, Unheld: unheld, Refused: _picker.CountRefused(now));
        StallReason reason = Stall.Find(facts);
        bool isTold = reason == StallReason.Disk || (reason == StallReason.NoTracker && _saidUnreachable);
        string text = _report.Describe(reason, facts);
        if (_stall.IsNews(reason, text)) _report.Stalled(reason, text, isTold);
    }
}
