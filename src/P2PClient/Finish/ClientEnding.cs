using System;
using System.Diagnostics;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Ends a client whose user asked for that, and decides its exit code: 0 when the client is complete and no peer has
/// fetched a chunk for the linger time (-exit_when_complete), 3 or 5 when the time is up (-timeout), 4 when the disk
/// has stored nothing for too long. Without these options the client goes on until a signal ends it. On the loop.
/// </summary>
/// <param name="end">Ends the client with an exit code, and a complaint or null; called once.</param>
internal sealed class ClientEnding
{
    private const string MakeRoom = "make room and start again, it goes on where it was";

    private readonly ClientOptions _options;
    private readonly ChunkPicker _picker;
    private readonly Traffic _traffic;
    private readonly Action<int, string?> _end;
    private readonly LoopTimer _linger;
    private readonly LoopTimer _timeout;
    private readonly UntilPeers _until;
    private Func<bool> _wasTrackerReached = () => false;
    private int _port;
    private TimeSpan? _diskFailsSince;
    private TimeSpan? _doneAt;
    private TimeSpan _lingersSince;
    private int _exitCode;

    public ClientEnding(EventLoop loop, ClientOptions options, ChunkPicker picker, Traffic traffic,
        Action<int, string?> end)
    {
        (_options, _picker, _traffic, _end) = (options, picker, traffic, end);
        _linger = new LoopTimer(loop, OnLingered);
        _timeout = new LoopTimer(loop, OnTimeout);
        _until = new UntilPeers(loop, options, OnLingered);
    }

    private string StartTracker => _options.Tracker.Problem is { } problem
        ? $"{problem}; {TrackerHost.Cure}"
        : "start P2PTracker there, or give another with -tracker";

    /// <summary>The client ends, and not because of a signal.</summary>
    public bool IsByItself { get; private set; }

    /// <summary>The disk has refused the last chunk or list.</summary>
    public bool IsDiskFailing => _diskFailsSince is not null;

    /// <summary>Begins to count the time.</summary>
    /// <param name="port">By which the tracker knows this client.</param>
    /// <param name="wasTrackerReached">Tells whether the tracker was ever there.</param>
    public void Start(int port, Func<bool> wasTrackerReached)
    {
        _port = port;
        _wasTrackerReached = wasTrackerReached;
        if (_options.Timeout is { } timeout) _timeout.Start(timeout);
    }

    /// <summary>The client is complete, and its chunks are joined and its command has run, where those were
    /// wanted.</summary>
    /// <param name="exitCode">The exit code of a client that ends now.</param>
    public void OnDone(int exitCode)
    {
        _doneAt = _lingersSince = EventLoop.Now;
        Debug.Assert(_picker.IsComplete, "only a complete client is done");
        _exitCode = exitCode;
        if (_options.Linger is { } linger) _linger.Start(linger);
    }

    /// <summary>The disk has stored a chunk.</summary>
    public void OnStored() => _diskFailsSince = null;

    /// <summary>The disk has refused a chunk or the list.</summary>
    public void OnDiskFailure()
    {
        TimeSpan now = EventLoop.Now;
        _diskFailsSince ??= now;
        if (_options.Linger is null || now - _diskFailsSince.Value < ClientLimits.DiskTimeout) return;
        int seconds = (int)(now - _diskFailsSince.Value).TotalSeconds;
        End(
            ExitCode.Disk,
            $"nothing could be stored in {_options.Folder} for {seconds} s; {MakeRoom}");
    }

    // A peer that has connected and takes no bytes does not keep the client.
    private void OnLingered()
    {
        if (!_picker.IsComplete) return;        // a chunk was lost; all will be done once more
        TimeSpan now = EventLoop.Now, linger = _options.Linger!.Value;
        if (!_wasTrackerReached())
        {
            // The tracker may still start, and peers come through it: with -timeout the client waits until then.
            TimeSpan timeout = linger > ClientLimits.TrackerPauseMax ? linger : ClientLimits.TrackerPauseMax;
            if (now - _doneAt >= timeout && !_timeout.IsRunning) EndAlone();
            else _linger.Start(ClientLimits.Tick);
            _lingersSince = now;
            return;
        }
        TimeSpan idleSince = _traffic.LastSentAt > _lingersSince ? _traffic.LastSentAt : _lingersSince;
        Debug.Assert(idleSince <= now, "the past is over");
        TimeSpan left = idleSince + linger - now;
        if (left > TimeSpan.Zero) _linger.Start(left);
        else if (!_until.IsReached)
        {
            _until.Ask(_port);
            _linger.Start(ClientLimits.UntilPause);
        }
        else End(_exitCode, null);
    }

    // The client is complete, and no peer can know of it.
    private void EndAlone() => End(
        _exitCode == ExitCode.Success && _options.Timeout is not null ? ExitCode.NoTracker : _exitCode,
        $"all chunks are here, but there was no tracker at {_options.TrackerName} to tell; {StartTracker}");

    private void OnTimeout()
    {
        if (_picker.IsComplete)
        {
            if (_doneAt is not null && _options.Linger is not null && !_wasTrackerReached()) EndAlone();
            return;
        }
        int seconds = (int)_options.Timeout!.Value.TotalSeconds;
        string missing = IndexRanges.Tell(
            _picker.ChunkCount, chunkIndex => _picker.StateOf(chunkIndex) != ChunkState.Have, "missing");
        string state = $"{seconds} s, {missing}";
        if (!_wasTrackerReached())
        {
            End(
                ExitCode.NoTracker,
                $"there was no tracker at {_options.TrackerName} within {state}; {StartTracker}");
        }
        else if (IsDiskFailing)
        {
            End(
                ExitCode.Disk,
                $"not complete after {state}: nothing can be stored in {_options.Folder}; {MakeRoom}");
        }
        else
        {
            End(
                ExitCode.Incomplete,
                $"not complete after {state}; see that a client that has what is missing is running, and start again, "
                    + "it goes on where it was");
        }
    }

    private void End(int exitCode, string? complaint)
    {
        if (IsByItself) return;
        IsByItself = true;
        _end(exitCode, complaint);
    }
}
