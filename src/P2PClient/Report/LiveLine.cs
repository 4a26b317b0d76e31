using System;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One line at the foot of the terminal that shows how the client is doing, drawn at most 10 times a second and only
/// when it has changed. <see cref="ProgressLine"/> has its form.
/// </summary>
internal sealed class LiveLine
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly string _name;
    private readonly ChunkPicker _picker;
    private readonly Downloader _downloader;
    private readonly Traffic _traffic;
    private readonly LoopTimer _timer;
    private readonly long _totalBytes, _wantedBytes;     // 0 without chunks.crc
    private Rate _down, _up;
    private TimeSpan _servedAt;
    private int _served;

    /// <summary>Makes the line of a client that has fetched no chunk yet.</summary>
    public LiveLine(EventLoop loop, string name, FileSet files, Downloader downloader, Traffic traffic)
    {
        (_name, _picker, _downloader, _traffic) = (name, files.Picker, downloader, traffic);
        _timer = new LoopTimer(loop, Draw);
        for (int chunkIndex = 1; chunkIndex <= files.Sums?.ChunkCount; chunkIndex++)
        {
            long bytes = files.Sums.SizeOf(chunkIndex);
            _totalBytes += bytes;
            if (!files.Has(chunkIndex)) _wantedBytes += bytes;
        }
    }

    /// <summary>Why no chunk comes; "" while chunks come.</summary>
    public string Waiting { get; set; } = "";

    /// <summary>Why no peer comes to a client that has every chunk; "" if nothing is wrong.</summary>
    public string TrackerProblem { get; set; } = "";

    /// <summary>Draws the line now, and again in intervals.</summary>
    public void Start() => Draw();

    /// <summary>Clears the line.</summary>
    public void Stop()
    {
        _timer.Stop();
        Terminal.ShowLive("");
    }

    private void Draw()
    {
        _timer.Start(Interval);
        TimeSpan now = EventLoop.Now;
        _down.Update(_traffic.Received, now);
        _up.Update(_traffic.Sent, now);
        int columns = Terminal.FindColumns();
        if (columns < 2) Terminal.ForgetLive();
        else Terminal.ShowLive(ProgressLine.OfClient(Figures(now), columns - 1));   // a full last column would wrap
    }

    private ClientFigures Figures(TimeSpan now) => new()
    {
        Name = _name,
        Held = _picker.HaveCount,
        ChunkCount = _picker.ChunkCount,
        TotalBytes = _totalBytes,
        WantedBytes = _wantedBytes,
        Received = _traffic.Received,
        Sent = _traffic.Sent,
        DownRate = _down.BytesPerSecond,
        UpRate = _up.BytesPerSecond,
        Fetched = _downloader.FetchedCount,
        Peers = _picker.IsComplete ? ServedPeers(now) : _downloader.SourceCount,
        Waiting = _picker.IsComplete ? TrackerProblem : Waiting,
    };

    // The most that were connected at a time lately: a stranger's peer connects anew for each chunk.
    private int ServedPeers(TimeSpan now)
    {
        int connected = _traffic.Connected;
        if (connected >= _served || now - _servedAt >= Rate.QuietAfter) (_served, _servedAt) = (connected, now);
        return _served;
    }
}
