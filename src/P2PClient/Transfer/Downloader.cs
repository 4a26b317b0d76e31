using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Keeps as many downloads running as make sense, and decides what their ends mean: a whole chunk is stored, a doubtful
/// copy is kept until a second one agrees, anything else is forgotten and its source pauses.
/// </summary>
internal sealed class Downloader
{
    private readonly EventLoop _loop;
    private readonly ActionLog _log;
    private readonly ChunkPicker _picker;
    private readonly ChunkStore _store;
    private readonly long _chunkBytesMax;
    private readonly Action<int> _onFetched;
    private readonly Action<string> _onDiskFailure;
    private readonly SplicePipe _pipe = new();
    private readonly Traffic _traffic;
    private readonly ChunkSums? _sums;
    private readonly Action<int, Peer> _onWrong;
    private readonly Dictionary<int, Peer> _wrong = [];       // the last source of each chunk that was told of
    private readonly Action _start;
    private readonly DownloadScheduler _scheduler;
    private readonly Dictionary<Download, DownloadSession> _sessions = [];
    private readonly HashSet<Peer> _sources = [];
    private readonly Dictionary<int, (PartialChunk Copy, Peer Source)> _doubtful = [];
    private TimeSpan _diskPausedUntil;
    private TimeSpan _diskPause = ClientLimits.PeerPauseMin;
    private bool _isStartPosted;
    private bool _isStopped;

    /// <summary>Makes it; <see cref="Start"/> lets it begin.</summary>
    /// <param name="chunkBytesMax">Largest chunk that is taken, in bytes.</param>
    /// <param name="mayGiveUp">No peer is a stranger's: a place in a queue may be left for a better source.</param>
    /// <param name="onFetched">Called when a chunk is in its place.</param>
    /// <param name="onDiskFailure">Told the reason when a chunk can't be stored.</param>
    /// <param name="traffic">Counts the bytes that come.</param>
    /// <param name="sums">What the chunks must be; null if nobody knows.</param>
    /// <param name="onWrong">Told of a chunk that was not, and of its source.</param>
    public Downloader(
        EventLoop loop, ActionLog log, ChunkPicker picker, ChunkStore store, long chunkBytesMax, bool mayGiveUp,
        Action<int> onFetched, Action<string> onDiskFailure,
        Traffic traffic, ChunkSums? sums, Action<int, Peer> onWrong)
    {
        (_traffic, _sums, _onWrong) = (traffic, sums, onWrong);
        (_loop, _log, _picker, _store, _chunkBytesMax) = (loop, log, picker, store, chunkBytesMax);
        _scheduler = new DownloadScheduler(picker, mayGiveUp);
        (_onFetched, _onDiskFailure) = (onFetched, onDiskFailure);
        _start = StartDownloads;
    }

    /// <summary>Chunks fetched.</summary>
    public int FetchedCount { get; private set; }

    /// <summary>Peers that delivered at least one of them.</summary>
    public int SourceCount => _sources.Count;

    /// <summary>The last chunk that was larger than is taken, if none has come since; 0: none.</summary>
    public int TooLarge { get; private set; }

    /// <summary>Starts what can be started, after the code at hand.</summary>
    public void Start()
    {
        if (_isStartPosted) return;
        _isStartPosted = true;
        _loop.Post(_start);
    }

    /// <summary>Removes every temporary file; nothing may be started afterwards.</summary>
    public void Stop()
    {
        _isStopped = true;
        foreach (DownloadSession session in _sessions.Values) session.Copy.Dispose();
        foreach ((PartialChunk copy, _) in _doubtful.Values) copy.Dispose();
    }

    private void StartDownloads()
    {
        _isStartPosted = false;
        TimeSpan now = EventLoop.Now;
        if (_isStopped || now < _diskPausedUntil) return;
        // While descriptors are short one runs at a time: peers that wait come first. The next look is the next tick's.
        if (_sessions.Count > 0 && _store.Descriptors.IsShort) return;
        while (_scheduler.TryBegin(now, out Download next, out Download? instead))
        {
            if (instead is not null) _sessions[instead].StopIfUnwanted();
            _ = DownloadAsync(next);
            if (_store.Descriptors.IsShort) return;
        }
    }

    private async Task DownloadAsync(Download download)
    {
        PartialChunk copy = _store.CreatePartial(download.ChunkIndex, download.IsSecond);
        ChunkCheck? check = _sums is null
            ? null : new ChunkCheck(_sums.SizeOf(download.ChunkIndex), _sums.SumOf(download.ChunkIndex));
        var session = new DownloadSession(_loop, _log, download, copy, _chunkBytesMax, check, _pipe, _traffic);
        _sessions.Add(download, session);
        DownloadEnd end = await session.RunAsync();
        if (_isStopped) return;
        _sessions.Remove(download);
        _scheduler.End(download);
        if (download.IsWanted)
        {
            if (check is not null) end = check.Judge(end);
            if (end == DownloadEnd.Doubtful) end = Weigh(session);
            if (end == DownloadEnd.Whole && !_store.TryCommit(session.ChunkIndex, session.Copy))
                end = DownloadEnd.DiskFailed;
            Settle(session, end);
            Tell(session, end);
        }
        Start();
    }

    private static void Tell(DownloadSession session, DownloadEnd end)
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
        _ => session.Reason,
    };

    private void Settle(DownloadSession session, DownloadEnd end)
    {
        TimeSpan now = EventLoop.Now;
        switch (end)
        {
            case DownloadEnd.Whole:
                TooLarge = 0;
                session.Peer.OnSuccess(now - session.Download.StartedAt);
                _diskPause = ClientLimits.PeerPauseMin;
                _sources.Add(session.Peer);
                FetchedCount++;
                ForgetDoubtful(session.ChunkIndex);
                _store.OnStored(session.ChunkIndex, session.Copy.Bytes);
                _scheduler.OnFetched(session.ChunkIndex);
                foreach (DownloadSession other in _sessions.Values) other.StopIfUnwanted();
                _picker.OnFetched(session.ChunkIndex, now);
                _onFetched(session.ChunkIndex);
                return;
            case DownloadEnd.Doubtful:      // the copy is kept; its source is asked again only if there is no other
                session.Peer.OnFailure(now, severity: 2);
                _scheduler.Release(session.ChunkIndex, avoid: session.Peer);
                return;
            case DownloadEnd.Wrong:         // the source may have right ones: a pause, and this one from others first
                session.Peer.OnFailure(now, ClientLimits.WrongChunkSeverity);
                if (!_wrong.TryGetValue(session.ChunkIndex, out Peer? told) || told != session.Peer)
                    _onWrong(session.ChunkIndex, session.Peer);
                _wrong[session.ChunkIndex] = session.Peer;
                session.Copy.Dispose();
                _scheduler.Release(session.ChunkIndex, avoid: session.Peer);
                return;
            case DownloadEnd.DiskFailed:
                if (now >= _diskPausedUntil)        // one trouble, however many downloads ran into it
                {
                    _diskPausedUntil = now + _diskPause;
                    _diskPause =
                        2 * _diskPause < ClientLimits.PeerPauseMax ? 2 * _diskPause : ClientLimits.PeerPauseMax;
                }
                _onDiskFailure(session.Copy.Error ?? "unknown reason");
                session.Peer.OnFailure(now, severity: 1);       // who never stops sending fills any disk
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

    // A doubtful copy counts when a second attempt agrees byte for byte, from another peer where another is listed.
    private DownloadEnd Weigh(DownloadSession session)
    {
        if (_doubtful.TryGetValue(session.ChunkIndex, out (PartialChunk Copy, Peer Source) earlier))
        {
            bool mayCount = earlier.Source != session.Peer || _picker.AvailabilityOf(session.ChunkIndex) < 2;
            if (mayCount && session.Copy.IsSameAs(earlier.Copy)) return DownloadEnd.Whole;
            ForgetDoubtful(session.ChunkIndex);
        }
        if (!session.Copy.TryPutAside()) return DownloadEnd.DiskFailed;
        _doubtful.Add(session.ChunkIndex, (session.Copy, session.Peer));
        return DownloadEnd.Doubtful;
    }

    private void ForgetDoubtful(int chunkIndex)
    {
        if (_doubtful.Remove(chunkIndex, out (PartialChunk Copy, Peer Source) earlier)) earlier.Copy.Dispose();
    }
}
