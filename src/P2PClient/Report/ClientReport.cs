using System;
using System.Diagnostics;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Client;

/// <summary>What a client prints on stdout.</summary>
internal enum ReportStyle
{
    /// <summary>Lines for a person; on a terminal also one live line.</summary>
    Text,

    /// <summary>One event per line, as JSON.</summary>
    Json,

    /// <summary>Nothing.</summary>
    Quiet,
}

/// <summary>
/// Reports the client's progress to its user: at the start, at each quarter, at the end. Trouble goes to stderr
/// whatever the style.
/// </summary>
internal sealed class ClientReport
{
    private readonly ClientOptions _options;
    private readonly ChunkPicker _picker;
    private readonly Downloader _downloader;
    private readonly Traffic _traffic;
    private readonly LiveLine? _live;
    private TimeSpan _startedAt, _completeAt;
    private int _quarter;
    private string? _diskProblem;       // reported, and no chunk could be stored since
    private string? _unreachable;       // reported
    private bool _isTrackerLost;
    private bool _isStopped;

    /// <summary>Makes it, before anything is fetched.</summary>
    public ClientReport(
        EventLoop loop, ClientOptions options, FileSet files, Downloader downloader, Traffic traffic)
    {
        (_options, _picker, _downloader, _traffic) = (options, files.Picker, downloader, traffic);
        StallText = new StallText(options, files.Picker);
        if (options.Style == ReportStyle.Text && Terminal.CanDraw)
            _live = new LiveLine(loop, options.Name, files, downloader, traffic);
    }

    /// <summary>There is a live line, which shows at once why the client waits.</summary>
    public bool HasLine => _live is not null;

    /// <summary>The words for a stall.</summary>
    public StallText StallText { get; }

    /// <summary>The client serves from now on.</summary>
    public void Started(int port)
    {
        _startedAt = EventLoop.Now;
        _quarter = Quarter();
        if (IsJson)
        {
            Event("start").Add("folder", _options.Folder).Add("port", port).Add("tracker", _options.TrackerName)
                .Add("chunks", _picker.ChunkCount).Add("have", _picker.HaveCount).Print();
        }
        else
        {
            Print($"{_options.Name}: {_picker.HaveCount} of {Chunks}, serving on port {port}, "
                + $"tracker {_options.TrackerName}");
        }
        _live?.Start();
    }

    /// <summary>The tracker on this machine serves other machines, too.</summary>
    /// <param name="isReachable">Peers on other machines can connect.</param>
    public void Hub(int port, bool isReachable)
    {
        if (isReachable)
            Print($"{_options.Name}: the tracker serves other machines too, so they can connect to port {port}");
        else
        {
            Trouble(
                "port_taken", $"peers on other machines can't connect, port {port} is taken on another address of this "
                + "machine; give another with -transfer_port, or none");
        }
    }

    /// <summary>Attempts to reach a tracker that has answered nothing yet have failed for a while. Reported once for
    /// each reason.</summary>
    public void Unreachable()
    {
        string text = _isTrackerLost ? $"the tracker at {_options.TrackerName} has gone, trying again: start it again"
            : _options.Tracker.Problem is { } problem ? $"{problem}; trying again: {TrackerHost.Cure}"
            : $"no tracker at {_options.TrackerName} yet, trying again: start P2PTracker there, or give another with "
                + "-tracker";
        if (text == _unreachable) return;
        _unreachable = text;
        if (!_isTrackerLost && _live is not null) _live.TrackerProblem = StallText.NoTracker;
        Trouble(_isTrackerLost ? "tracker_gone" : "no_tracker", text);
    }

    /// <summary>The tracker can no longer be reached, or can be again.</summary>
    public void TrackerChanged(bool isLost)
    {
        _isTrackerLost = isLost;
        if (_live is not null) _live.TrackerProblem = isLost ? StallText.TrackerGone : "";
        if (IsJson) Event(isLost ? "tracker_lost" : "tracker_found").Add("tracker", _options.TrackerName).Print();
    }

    /// <summary>Reports trouble on stderr, and as an event.</summary>
    /// <param name="reason">Of the event: one word.</param>
    /// <param name="text">One line, without the client's name.</param>
    public void Trouble(string reason, string text) => Trouble(_options, reason, text);

    /// <inheritdoc cref="Trouble(string, string)"/>
    public static void Trouble(ClientOptions options, string reason, string text)
    {
        Terminal.PrintError($"{options.Name}: {text}");
        if (options.Style == ReportStyle.Json)
            new JsonLine("error", options.Name).Add("reason", reason).Add("text", text).Print();
    }

    /// <summary>The file of a chunk has gone or changed.</summary>
    /// <param name="fileName">As the list names it.</param>
    public void Lost(int chunkIndex, string fileName) => Trouble(
        "lost_chunk", $"{fileName} has gone or changed since it was listed; chunk {chunkIndex} is no longer served, "
        + "and fetched anew");

    /// <summary>A file of a seed's has changed: what its peers would get is no longer what the sums say.</summary>
    public void Changed(string path) => Trouble(
        "lost_chunk", $"{path} has gone or changed since the start, so it is no longer served; start again with -seed "
        + "to serve what it is now");

    /// <summary>The disk refuses a chunk or the list. The same reason is reported once, until a chunk could be stored
    /// again.</summary>
    public void DiskFailed(string reason)
    {
        if (_diskProblem == reason) return;
        _diskProblem = reason;
        Trouble(
            "disk", $"can't store chunks in {_options.Folder}: {reason}; will try again, make room or let this user "
            + "write there");
    }

    /// <summary>A chunk has been fetched.</summary>
    public void Fetched()
    {
        _diskProblem = null;
        int quarter = Quarter();
        Debug.Assert(quarter is >= 0 and <= 4, "no more chunks are held than there are");
        if (quarter <= _quarter || _picker.IsComplete) return;
        _quarter = quarter;
        if (IsJson)
        {
            Event("progress").Add("chunks", _picker.ChunkCount).Add("have", _picker.HaveCount)
                .Add("bytes", _traffic.Received).Add("milliseconds", Milliseconds).Print();
        }
        else if (_options.Style == ReportStyle.Text && !Terminal.IsLive)
        {
            // Texts within texts are made first: else the runtime measures its processors, for 0.2 ms.
            string rate = Quantity.Rate(_traffic.Received, EventLoop.Now - _startedAt);
            string fetched = Quantity.Bytes(_traffic.Received);
            Print($"{_options.Name}: {25 * quarter} %, {_picker.HaveCount} of {Chunks}, {fetched} fetched, {rate}");
        }
    }

    /// <summary>A source has sent another chunk than chunks.crc describes.</summary>
    public void Wrong(int chunkIndex, Peer source)
    {
        Terminal.PrintError(
            $"{_options.Name}: chunk {chunkIndex} from {source.Host}:{source.Port} is not what {ChunkSums.FileName} "
                + "says; it was dropped, and is fetched from another source");
        if (IsJson) Event("wrong_chunk").Add("chunk", chunkIndex).Add("peer", $"{source.Host}:{source.Port}").Print();
    }

    /// <summary>Shows on the live line why nothing comes.</summary>
    /// <param name="text">"" if something comes.</param>
    public void Waiting(string text)
    {
        if (_live is not null) _live.Waiting = text;
    }

    /// <summary>The client has made no progress for a while.</summary>
    /// <param name="text">The reason and the cure.</param>
    public void Stalled(StallReason reason, string text)
    {
        // The user may have read the reason already; the event is due all the same.
        bool isKnown = reason == StallReason.Disk || (reason == StallReason.NoTracker && _unreachable is not null);
        Debug.Assert(text.Length > 0, "a stall that is reported has a reason");
        if (!isKnown) Terminal.PrintError($"{_options.Name}: waiting: {text}");
        if (IsJson) Event("stalled").Add("reason", StallText.EventName(reason)).Add("text", text).Print();
    }

    /// <summary>The client has every chunk.</summary>
    public void Complete()
    {
        _completeAt = EventLoop.Now;
        if (IsJson)
        {
            Event("complete").Add("chunks", _picker.ChunkCount)
                .Add("fetched", _downloader.FetchedCount).Add("peers", _downloader.SourceCount)
                .Add("bytes", _traffic.Received).Add("milliseconds", Milliseconds).Print();
            return;
        }
        _live?.Start();     // shows the final figures
        int fetched = _downloader.FetchedCount, peers = _downloader.SourceCount;
        string how = fetched > 0 ? $"{fetched} fetched from {Plural.Of(peers, "peer")}"
            : _picker.ChunkCount == 1 ? "it was here" : "all were here";
        string until = _options.Linger is { } linger ? $"idle for {(int)linger.TotalSeconds} s" : "stopped";
        Print($"{_options.Name}: complete, {AllChunks}, {how}{DescribeFetched()}; serving until {until}");
    }

    /// <summary>The chunks have been joined into one file (-out).</summary>
    public void Joined(long bytes)
    {
        if (IsJson) Event("joined").Add("file", _options.OutPath!).Add("bytes", bytes).Print();
        else if (_options.IsStream) Print($"{_options.Name}: written to stdout, {Quantity.Bytes(bytes)}");
        else Print($"{_options.Name}: joined {_options.OutName}, {Quantity.Bytes(bytes)}");
    }

    /// <summary>A program of the user's writes on the terminal from now on.</summary>
    public void Pause() => _live?.Stop();

    /// <summary>The client has the terminal for itself again.</summary>
    public void Resume()
    {
        if (!_isStopped) _live?.Start();
    }

    /// <summary>The client ends.</summary>
    public void Stopped(int exitCode)
    {
        if (_isStopped) return;
        _isStopped = true;
        _live?.Stop();
        if (IsJson)
        {
            JsonLine stopped = Event("stopped").Add("exit_code", exitCode).Add("chunks", _picker.ChunkCount)
                .Add("have", _picker.HaveCount).Add("bytes", _traffic.Received).Add("served", _traffic.Sent)
                .Add("milliseconds", Milliseconds);
            if (_options.Allowed is { } allowed) stopped.Add("not_allowed", allowed.Refused);
            stopped.Print();
            return;
        }
        bool isTimeKnown = _traffic.Received > 0 && !_picker.IsComplete;      // it stands behind the bytes
        string after = isTimeKnown ? "" : Quantity.Time(EventLoop.Now - _startedAt);
        if (after.Length > 0) after = $" after {after}";
        string have = _picker.IsComplete ? AllChunks : $"{_picker.HaveCount} of {Chunks}";
        string served = _traffic.Sent > 0 ? Quantity.Bytes(_traffic.Sent) : "";
        if (served.Length > 0) served = $", {served} served";
        string closed = "";
        if (_options.Allowed is { Refused: > 0 } allowedAlone)
            closed = $", {Plural.Of(allowedAlone.Refused, "connection")} not allowed";
        Print($"{_options.Name}: stopped{after}: {have}{DescribeFetched()}{served}{closed}");
    }

    // Bytes, time and mean speed, up to now or to when all was there.
    private string DescribeFetched()
    {
        if (_traffic.Received == 0) return "";
        TimeSpan took = (_picker.IsComplete ? _completeAt : EventLoop.Now) - _startedAt;
        string bytes = Quantity.Bytes(_traffic.Received), time = Quantity.Time(took);
        string rate = Quantity.Rate(_traffic.Received, took);
        return $", {bytes} in {time}, {rate}";
    }

    private bool IsJson => _options.Style == ReportStyle.Json;

    private string AllChunks => _picker.ChunkCount == 1 ? "the only chunk" : $"all {Chunks}";

    private string Chunks => Plural.Of(_picker.ChunkCount, "chunk");

    private long Milliseconds => (long)(EventLoop.Now - _startedAt).TotalMilliseconds;

    private int Quarter() => (int)(4L * _picker.HaveCount / Math.Max(_picker.ChunkCount, 1));

    private JsonLine Event(string name) => new(name, _options.Name);

    private void Print(string line)
    {
        if (_options.Style == ReportStyle.Text) Terminal.Print(line);
    }
}
