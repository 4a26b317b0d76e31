using System;
using System.Diagnostics;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One line at the foot of the terminal that shows how the client is doing, drawn at most 10 times a second and only
/// when it has changed: <c>alice [#####.....] 8 of 16 chunks  33.5 MB of 67.1 MB  83.1 MB/s down  0 bytes/s up  3
/// peers  0:01 left</c>
/// </summary>
internal sealed class LiveLine
{
    private const int BarColumnsMax = 30, BarColumnsMin = 6;
    private const int NameColumnsMax = 24;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly string _name;
    private readonly ChunkPicker _picker;
    private readonly Downloader _downloader;
    private readonly Traffic _traffic;
    private readonly LoopTimer _timer;
    private readonly long _wantedBytes;     // to be fetched in all; 0 without chunks.crc
    private Rate _down, _up;

    /// <summary>Makes the line of a client that has fetched no chunk yet.</summary>
    public LiveLine(EventLoop loop, string name, FileSet files, Downloader downloader, Traffic traffic)
    {
        (_name, _picker, _downloader, _traffic) = (Shorten(name), files.Picker, downloader, traffic);
        _timer = new LoopTimer(loop, Draw);
        for (int chunkIndex = 1; chunkIndex <= files.Sums?.ChunkCount; chunkIndex++)
        {
            if (!files.Has(chunkIndex)) _wantedBytes += files.Sums.SizeOf(chunkIndex);
        }
    }

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
        else Terminal.ShowLive(Compose(columns - 1));       // a full last column would wrap
    }

    private string Compose(int columns)
    {
        string text = $"{_picker.HaveCount} of {_picker.ChunkCount} chunks";
        if (_traffic.Received > 0)
        {
            string wanted = _wantedBytes > 0 ? $" of {Quantity.Bytes(_wantedBytes)}" : "";
            text += $"  {Quantity.Bytes(_traffic.Received)}{wanted}";
        }
        if (!_picker.IsComplete) text += $"  {Quantity.Bytes(_down.BytesPerSecond)}/s down";
        text += $"  {Quantity.Bytes(_up.BytesPerSecond)}/s up";
        int peers = _downloader.SourceCount;
        if (peers > 0) text += $"  {peers}{(peers == 1 ? " peer" : " peers")}";
        if (SecondsLeft() is { } left) text += $"  {left / 60}:{left % 60:D2} left";

        int bar = Math.Min(BarColumnsMax, columns - Width(_name) - text.Length - 4);
        string line = _name;
        if (bar >= BarColumnsMin)
        {
            Debug.Assert(_picker.HaveCount <= _picker.ChunkCount, "no more chunks are held than there are");
            int full = (int)((long)bar * _picker.HaveCount / Math.Max(_picker.ChunkCount, 1));
            line += $" [{new string('#', full)}{new string('.', bar - full)}]";
        }
        line += $" {text}";
        int surplus = Width(line) - columns;
        return surplus <= 0 ? line : line[..Math.Max(line.Length - surplus, 0)];
    }

    // Computed from chunks.crc, or else from the sizes of the chunks that were fetched.
    private long? SecondsLeft()
    {
        if (_picker.IsComplete || _down.BytesPerSecond < 1 || _downloader.FetchedCount == 0) return null;
        long bytes = _wantedBytes > 0
            ? _wantedBytes - _traffic.Received
            : _traffic.Received / _downloader.FetchedCount * (_picker.ChunkCount - _picker.HaveCount);
        return Math.Max(bytes, 0) / _down.BytesPerSecond;
    }

    private static string Shorten(string name) =>
        name.Length <= NameColumnsMax ? name : $"{name[..(NameColumnsMax - 3)]}...";

    // A character beyond ASCII may be two columns wide: a line that is too short is better than one that wraps.
    private static int Width(string text)
    {
        int width = 0;
        foreach (char c in text) width += c < 0x7f ? 1 : 2;
        return width;
    }

    /// <summary>Bytes a second, smoothed over about a second.</summary>
    private struct Rate
    {
        private long _total;
        private TimeSpan _time;

        public long BytesPerSecond { get; private set; }

        public void Update(long total, TimeSpan now)
        {
            Debug.Assert(total >= _total, "traffic only grows");
            long milliseconds = (long)(now - _time).TotalMilliseconds;
            if (milliseconds <= 0) return;
            if (_time != default)
            {
                long latest = (total - _total) * 1000 / milliseconds;
                BytesPerSecond += (latest - BytesPerSecond) * Math.Min(milliseconds, 1000) / 1000;
                if (latest == 0 && BytesPerSecond < 1000) BytesPerSecond = 0;
            }
            (_total, _time) = (total, now);
        }
    }
}
