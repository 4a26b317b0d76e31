using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Keeps the downloads running that the scheduler wants, and handles their ends: a whole chunk is stored, a doubtful
/// copy is kept until a second one agrees, any other copy is dropped and its source pauses.
/// </summary>
internal sealed class Downloader
{
    private readonly DownloadContext _context;
    private readonly FileSet _files;
    private readonly DownloadEvents _events;
    private readonly DownloadScheduler _scheduler;
    private readonly DoubtfulCopies _doubtful;
    private readonly Dictionary<Download, DownloadSession> _sessions = [];
    private readonly Dictionary<Peer, Lane> _lanes = [];        // the last one to each peer, perhaps over
    private readonly HashSet<Peer> _sources = [];
    private readonly Dictionary<int, Peer> _wrong = [];       // the last source of each chunk that was reported
    private readonly BackOff _diskBackOff = new(ClientLimits.PeerPauseMin, ClientLimits.PeerPauseMax);
    private readonly Action _start;
    private TimeSpan _diskPausedUntil;
    private bool _isStartPosted;
    private bool _isStopped;

    /// <summary>Makes it; <see cref="Start"/> lets it begin.</summary>
    /// <param name="mayGiveUp">No peer is a stranger's: a place in a queue may be left for a better source.</param>
    public Downloader(DownloadContext context, FileSet files, bool mayGiveUp, DownloadEvents events)
    {
        (_context, _files, _events) = (context, files, events);
        _scheduler = new DownloadScheduler(files.Picker, mayGiveUp, context.DownloadsMax, context.SlowBytesPerSecond);
        _doubtful = new DoubtfulCopies(files.Picker);
        _start = StartDownloads;
    }

    /// <summary>Chunks fetched.</summary>
    public int FetchedCount { get; private set; }

    /// <summary>Peers that delivered at least one of them.</summary>
    public int SourceCount => _sources.Count;

    /// <summary>The last chunk that was larger than the limit, if none has been stored since; 0: none.</summary>
    public int TooLarge { get; private set; }

    /// <summary>Starts the downloads that may run, after the code that runs now.</summary>
    public void Start()
    {
        if (_isStartPosted) return;
        _isStartPosted = true;
        _context.Loop.Post(_start);
    }

    /// <summary>Removes every temporary file; nothing may be started afterwards.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (DownloadSession session in _sessions.Values) session.Copy.Dispose();
        _doubtful.Stop();
    }

    private void StartDownloads()
    {
        _isStartPosted = false;
        TimeSpan now = EventLoop.Now;
        if (_isStopped || now < _diskPausedUntil) return;
        // While descriptors are short one runs at a time: peers that wait come first. The next look is the next tick's.
        if (_sessions.Count > 0 && _files.Store.Descriptors.IsShort) return;
        while (_scheduler.TryBegin(now, out Download next, out Download? instead))
        {
            if (instead is not null) _sessions[instead].StopIfUnwanted();
            Begin(next);
            if (_files.Store.Descriptors.IsShort) return;
        }
    }

    /// <summary>Descriptors run short: lanes without a request make room for others.</summary>
    public void CloseIdleLanes()
    {
        foreach (Lane lane in _lanes.Values)
        {
            if (lane.IsIdle) lane.Close();
        }
    }

    private void Begin(Download download)
    {
        bool usesLane = download.Peer.UsesLane;
        PartialChunk copy = _files.Store.CreatePartial(download.ChunkIndex, download.IsSecond);
        ChunkCheck? check = _files.TryBeginCheck(download.ChunkIndex, mustSum: usesLane);
        if (!usesLane)
        {
            _ = DownloadAsync(new ConnectionDownload(_context, download, copy, check));
            return;
        }
        bool isNew = !_lanes.TryGetValue(download.Peer, out Lane? lane) || lane.IsOver;
        if (isNew) _lanes[download.Peer] = lane = new Lane(_context, download.Peer, OnSessionEnd);
        var session = new LaneDownload(_context, download, copy, check!, lane!);
        _sessions.Add(download, session);
        lane!.Begin(session);
        if (isNew) _ = lane.RunAsync();
    }

    private async Task DownloadAsync(ConnectionDownload session)
    {
        _sessions.Add(session.Download, session);
        OnSessionEnd(session, await session.RunAsync());
    }

    private void OnSessionEnd(DownloadSession session, DownloadEnd end)
    {
        if (_isStopped) return;
        (Download download, PartialChunk copy) = (session.Download, session.Copy);
        bool wasRunning = _sessions.Remove(download);
        Debug.Assert(wasRunning, "a download ends once");
        _scheduler.End(download);
        if (download.IsWanted)
        {
            if (session.Check is not null) end = session.Check.Classify(end);
            if (end == DownloadEnd.Doubtful) end = _doubtful.Compare(session.ChunkIndex, copy, session.Peer);
            if (end == DownloadEnd.Whole && !_files.Store.TryCommit(session.ChunkIndex, copy))
                end = DownloadEnd.DiskFailed;
            OnEnded(session, end);
            LogEnd(session, end);
        }
        Start();
    }

    private static void LogEnd(DownloadSession session, DownloadEnd end)
    {
        if (Diagnosis.Log is not { } log) return;
        Peer source = session.Peer;
        log.Add($"connection to {source} closed: chunk {session.ChunkIndex}: {Describe(session, end)}");
        double pause = (source.PausedUntil - EventLoop.Now).TotalMilliseconds;
        if (end != DownloadEnd.Whole) log.Add($"source {source} paused for {pause:F0} ms: it has failed");
    }

    private static string Describe(DownloadSession session, DownloadEnd end) => end switch
    {
        DownloadEnd.Whole => "whole",
        DownloadEnd.Doubtful => $"ended in doubt after {session.Download.Received} bytes",
        DownloadEnd.Silent => "not a byte came in time",
        DownloadEnd.TooLong => "more bytes than a chunk may have",
        DownloadEnd.Wrong => $"not what {ChunkSums.FileName} says",
        DownloadEnd.DiskFailed => "it can't be stored here",
        DownloadEnd.Damaged => "not what its sum says",
        _ => session.Reason,
    };

    private void OnEnded(DownloadSession session, DownloadEnd end)
    {
        TimeSpan now = EventLoop.Now;
        switch (end)
        {
            case DownloadEnd.Whole:
                TooLarge = 0;
                session.Peer.OnSuccess(now - session.Download.StartedAt);
                _diskBackOff.Reset();
                _sources.Add(session.Peer);
                FetchedCount++;
                Debug.Assert(FetchedCount >= _sources.Count, "each source has delivered a chunk");
                _doubtful.Drop(session.ChunkIndex);
                _files.Store.OnStored(session.ChunkIndex, session.Copy.Bytes);
                if (session.Check is { IsKnown: false } check) _files.OnSummed(session.ChunkIndex, check.Sum);
                _scheduler.OnFetched(session.Download, now);
                foreach (DownloadSession other in _sessions.Values) other.StopIfUnwanted();
                _files.Picker.OnFetched(session.ChunkIndex, now);
                _events.OnFetched(session.ChunkIndex);
                return;
            case DownloadEnd.Doubtful:      // the copy is kept; its source is asked again only if there is no other
                session.Peer.OnFailure(now, severity: 2);
                _scheduler.Release(session.ChunkIndex, avoid: session.Peer);
                return;
            case DownloadEnd.Wrong:         // the source may have right ones: a pause, and this one from others first
                session.Peer.OnFailure(now, ClientLimits.WrongChunkSeverity);
                if (!_wrong.TryGetValue(session.ChunkIndex, out Peer? reported) || reported != session.Peer)
                    _events.OnWrong(session.ChunkIndex, session.Peer);
                _wrong[session.ChunkIndex] = session.Peer;
                session.Copy.Dispose();
                _scheduler.Release(session.ChunkIndex, avoid: session.Peer);
                return;
            case DownloadEnd.DiskFailed:
                // A full disk counts once, however many downloads ran into it.
                if (now >= _diskPausedUntil) _diskPausedUntil = now + _diskBackOff.Next();
                _events.OnDiskFailure(session.Copy.Error ?? "unknown reason");
                session.Peer.OnFailure(now, severity: 1);       // a peer that never stops sending fills any disk
                break;
            case DownloadEnd.Unanswered:    // the peer has not failed
                break;
            case DownloadEnd.Damaged:       // what the peer sends can't be trusted
                session.Peer.OnFailure(now, ClientLimits.WrongChunkSeverity);
                break;
            case DownloadEnd.Silent or DownloadEnd.TooLong:
                if (end == DownloadEnd.TooLong) TooLarge = session.ChunkIndex;
                session.Peer.OnFailure(now, severity: 4);
                break;
            default:
                session.Peer.OnFailure(now, severity: 1);
                break;
        }
        session.Copy.Dispose();
        _scheduler.Release(session.ChunkIndex, avoid: null);
    }
}
