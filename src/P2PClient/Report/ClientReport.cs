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
    private static readonly string[] StallReasons =
    [
        "", "no_tracker", "tracker_gone", "no_answer", "not_a_tracker", "disk", "too_large", "nobody_has",
        "sources_fail",
    ];

    private readonly ClientOptions _options;
    private readonly ChunkPicker _picker;
    private readonly Downloader _downloader;
    private readonly Traffic _traffic;
    private readonly LiveLine? _live;
    private TimeSpan _startedAt;
    private int _quarter;
    private string? _diskProblem;       // reported, and no chunk could be stored since
    private string? _unreachable;       // reported
    private bool _isStopped;

    /// <summary>Makes it, before anything is fetched.</summary>
    public ClientReport(
        EventLoop loop, ClientOptions options, FileSet files, Downloader downloader, Traffic traffic)
    {
        (_options, _picker, _downloader, _traffic) = (options, files.Picker, downloader, traffic);
        if (options.Style == ReportStyle.Text && Terminal.IsTerminal)
            _live = new LiveLine(loop, options.Name, files, downloader, traffic);
    }

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
            Print($"{_options.Name}: {_picker.HaveCount} of {_picker.ChunkCount} chunks, "
                + $"serving on port {port}, tracker {_options.TrackerName}");
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
            Terminal.PrintError(
                $"{_options.Name}: peers on other machines can't connect, port {port} is taken on another address of "
                + "this machine; give another with -transfer_port, or none");
        }
    }

    /// <summary>No attempt to reach the tracker has succeeded yet. Reported once for each reason.</summary>
    public void Unreachable()
    {
        string text = _options.Tracker.Problem is { } problem
            ? $"{problem}; trying again: {TrackerHost.Cure}"
            : $"no tracker at {_options.TrackerName} yet, trying again: "
                + $"start P2PTracker there, or give another with -tracker";
        if (text == _unreachable) return;
        _unreachable = text;
        Terminal.PrintError($"{_options.Name}: {text}");
    }

    /// <summary>The file of a chunk has gone or changed.</summary>
    /// <param name="fileName">As the list names it.</param>
    public void Lost(int chunkIndex, string fileName) => Terminal.PrintError(
        $"{_options.Name}: {fileName} has gone or changed since it was listed; "
        + $"chunk {chunkIndex} is no longer served, and fetched anew");

    /// <summary>A file of a seed's has changed: what its peers would get is no longer what the sums say.</summary>
    public void Changed(string path) => Terminal.PrintError(
        $"{_options.Name}: {path} has gone or changed since the start, so it is no longer served; start again with "
        + "-seed to serve what it is now");

    /// <summary>The disk refuses a chunk or the list. The same reason is reported once, until a chunk could be stored
    /// again.</summary>
    public void DiskFailed(string reason)
    {
        if (_diskProblem == reason) return;
        _diskProblem = reason;
        Terminal.PrintError(
            $"{_options.Name}: can't store chunks in {_options.Folder}: {reason}; "
            + $"will try again, make room or let this user write there");
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
            string rate = Quantity.Bytes(_traffic.Received / Math.Max(Milliseconds, 1) * 1000);
            string fetched = Quantity.Bytes(_traffic.Received);
            Print($"{_options.Name}: {25 * quarter} %, {_picker.HaveCount} of {_picker.ChunkCount} chunks, "
                + $"{fetched} fetched, {rate}/s");
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

    /// <summary>The client has made no progress for a while.</summary>
    /// <param name="text">The result of <see cref="Describe"/>.</param>
    public void Stalled(StallReason reason, string text)
    {
        // The user may have read the reason already; the event is due all the same.
        bool isKnown = reason == StallReason.Disk || (reason == StallReason.NoTracker && _unreachable is not null);
        Debug.Assert(text.Length > 0, "a stall that is reported has a reason");
        if (!isKnown) Terminal.PrintError($"{_options.Name}: waiting: {text}");
        if (IsJson) Event("stalled").Add("reason", StallReasons[(int)reason]).Add("text", text).Print();
    }

    /// <summary>The client has every chunk.</summary>
    public void Complete()
    {
        if (IsJson)
        {
            Event("complete").Add("chunks", _picker.ChunkCount)
                .Add("fetched", _downloader.FetchedCount).Add("peers", _downloader.SourceCount)
                .Add("bytes", _traffic.Received).Add("milliseconds", Milliseconds).Print();
            return;
        }
        _live?.Start();     // shows the final figures
        int fetched = _downloader.FetchedCount, peers = _downloader.SourceCount;
        double seconds = (EventLoop.Now - _startedAt).TotalSeconds;
        string how = fetched == 0
            ? "all were here"
            : $"{fetched} fetched from {peers} {(peers == 1 ? "peer" : "peers")} in {seconds:F3} s";
        string until = _options.Linger is { } linger ? $"idle for {(int)linger.TotalSeconds} s" : "stopped";
        Print($"{_options.Name}: complete, all {_picker.ChunkCount} chunks, {how}; serving until {until}");
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
        if (!IsJson) return;
        JsonLine stopped = Event("stopped").Add("exit_code", exitCode);
        if (_options.Allowed is { } allowed) stopped.Add("not_allowed", allowed.Refused);
        stopped.Print();
    }

    /// <summary>Words the reason of a stall, and the cure.</summary>
    public string Describe(StallReason reason, in StallFacts facts) => reason switch
    {
        StallReason.Disk => $"nothing can be stored in {_options.Folder}; make room, or let this user write there",
        StallReason.NoTracker when _options.Tracker.Problem is { } problem => $"{problem}; {TrackerHost.Cure}",
        StallReason.NoTracker =>
            $"there is no tracker at {_options.TrackerName}; start P2PTracker there, or give another with -tracker",
        StallReason.TrackerGone =>
            $"the tracker at {_options.TrackerName} has gone; start it again, all goes on then",
        StallReason.NoAnswer =>
            $"what listens at {_options.TrackerName} answers no question; see that it is a tracker, and not stopped",
        StallReason.NotATracker =>
            $"what listens at {_options.TrackerName} is no tracker: nothing that it sends is an answer; give the "
                + "tracker's port with -tracker",
        StallReason.TooLarge =>
            $"chunk {facts.TooLarge} is larger than the {_options.ChunkBytesMax} bytes that are taken; give more with "
                + "-max_chunk_bytes",
        StallReason.NobodyHas =>
            $"nobody has {Count(facts.Unheld)} ({IndexRanges.Describe(_picker.ChunkCount, _picker.IsUnheld)}); start a "
                + "client that does",
        StallReason.SourcesFail =>
            $"every source of {Count(facts.Refused)} refuses or fails; they are tried again",
        _ => "",
    };

    private static string Count(int chunks) => chunks + (chunks == 1 ? " chunk" : " chunks");

    private bool IsJson => _options.Style == ReportStyle.Json;

    private long Milliseconds => (long)(EventLoop.Now - _startedAt).TotalMilliseconds;

    private int Quarter() => (int)(4L * _picker.HaveCount / Math.Max(_picker.ChunkCount, 1));

    private JsonLine Event(string name) => new(name, _options.Name);

    private void Print(string line)
    {
        if (_options.Style == ReportStyle.Text) Terminal.Print(line);
    }
}
