using System;
using System.Diagnostics;
using System.Net.Sockets;
using P2P.Cli;
using P2P.Logging;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One client of the swarm, from its folder to its end: serves from the first moment, announces its chunks, fetches the
/// missing ones, reports when it is complete and goes on serving (PROTOCOL 7.1).
/// </summary>
internal sealed class SwarmClient
{
    private readonly EventLoop _loop;
    private readonly ClientOptions _options;
    private readonly FileSet _files;
    private readonly Acceptor _acceptor;
    private readonly Action<int> _end;
    private readonly Downloader _downloader;
    private readonly UploadServer _uploads;
    private readonly TrackerConnection _tracker;
    private readonly ListSaver _list;
    private readonly ClientReport _report;
    private readonly StallWatch _stall;
    private readonly Completion _completion;
    private readonly ClientEnding _ending;
    private readonly LoopTimer _tick;
    private bool _isOnHub;
    private bool _isStopped;

    /// <summary>Makes it; <see cref="Start"/> lets it begin.</summary>
    /// <param name="acceptor">Listens on the transfer port.</param>
    /// <param name="end">Gets the exit code when the client has ended by itself.</param>
    public SwarmClient(
        EventLoop loop, ClientOptions options, ActionLog log, FileSet files, Acceptor acceptor, Action<int> end)
    {
        (_loop, _options, _files, _acceptor, _end) = (loop, options, files, acceptor, end);
        var traffic = new Traffic();
        _downloader = new Downloader(
            new DownloadContext(loop, log, traffic, options.ChunkBytesMax, RateLimit.Of(options.DownloadLimit)),
            files, mayGiveUp: !options.IsTrackerLocal,
            new DownloadEvents { OnFetched = OnFetched, OnDiskFailure = OnDiskFailure, OnWrong = OnWrong });
        _uploads = new UploadServer(loop, files, traffic, OnLost, options);
        _tracker = new TrackerConnection(loop, options, log, files, acceptor.Port, _downloader.Start);
        _list = new ListSaver(loop, files, OnDiskFailure);
        _ending = new ClientEnding(loop, options, files.Picker, traffic, End);
        _report = new ClientReport(loop, options, files, _downloader, traffic);
        _stall = new StallWatch(files.Picker, traffic, _downloader, _ending, _report);
        _completion = new Completion(loop, options, files, _report, OnLost, _ending.OnDone);
        _tick = new LoopTimer(loop, OnTick);
        loop.OnRoundEnd = log.Flush;
    }

    /// <summary>Begins to serve and to fetch. On the loop.</summary>
    /// <param name="isListSaved">The folder's list names all that is held.</param>
    public void Start(bool isListSaved)
    {
        if (!isListSaved) _list.OnChange(isUrgent: true);
        Action<Socket> serve = _uploads.OnAccepted;
        _acceptor.Start(_loop, _options.Allowed?.Guard(_options.Name, serve) ?? serve, OnShortage);
        _report.Started(_acceptor.Port);
        _tracker.Health.OnChange = _report.TrackerChanged;
        _ending.Start(_acceptor.Port, () => _tracker.Health.WasReached);
        _ = _tracker.RunAsync(_report.Unreachable, OnHub);
        if (_files.IsComplete) OnComplete();
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
        _list.Stop();
        // The journal has the chunks that the list lacks, but a script that reads the list must not see a success.
        if (exitCode == ExitCode.Success && _ending.IsByItself && !_list.IsSaved) exitCode = ExitCode.Disk;
        _report.Stopped(exitCode);
        return exitCode;
    }

    private void End(int exitCode, string? complaint)
    {
        string reason = exitCode switch
        {
            ExitCode.Incomplete => "incomplete",
            ExitCode.Disk => "disk",
            _ => "no_tracker",
        };
        if (complaint is not null) _report.Trouble(reason, complaint);
        _end(Stop(exitCode));
    }

    private void OnFetched(int chunkIndex)
    {
        Debug.Assert(_files.Has(chunkIndex) && !_isStopped, "a chunk that is announced is held");
        _ending.OnStored();
        _tracker.Announce(chunkIndex);
        _report.Fetched();
        _list.OnChange(isUrgent: _files.IsComplete);
        if (_files.IsComplete) OnComplete();
    }

    private void OnShortage()
    {
        _files.Store.Descriptors.OnShortage();
        _uploads.CloseIdleLanes();
        _downloader.CloseIdleLanes();
    }

    private void OnLost(int chunkIndex)
    {
        if (!_files.Has(chunkIndex) || _isStopped) return;
        if (_files.Store.IsReadOnly)
        {
            _report.Changed(_files.Store.NameOf(chunkIndex));
            End(ExitCode.Failure, null);
            return;
        }
        _report.Lost(chunkIndex, _files.Store.NameOf(chunkIndex));
        _files.OnLost(chunkIndex);
        _list.OnChange(isUrgent: false);
        _tick.Start(ClientLimits.Tick);
    }

    private void OnWrong(int chunkIndex, Peer source) => _report.Wrong(chunkIndex, source);

    private void OnComplete()
    {
        Debug.Assert(_files.IsComplete, "every chunk is here");
        _report.Complete();
        _completion.Start();
    }

    private void OnDiskFailure(string reason)
    {
        _report.DiskFailed(reason);
        _ending.OnDiskFailure();
    }

    // The tracker tells peers on other machines of this client: they may come unless the user has said where to listen.
    // The client moves once: moving resets connections that wait, and the tracker has listed the port since.
    private void OnHub()
    {
        if (_isOnHub || _options.IsBindGiven) return;
        _isOnHub = true;
        _report.Hub(_acceptor.Port, _acceptor.TryMoveTo(CommandLine.Everywhere));
    }

    // Pauses of sources and of unknown chunks end without an event of their own.
    private void OnTick()
    {
        if (_files.IsComplete) return;
        _tick.Start(ClientLimits.Tick);
        _downloader.Start();
        _tracker.Wake();
        _stall.Look(_tracker.Health);
    }
}
