using System;
using System.Diagnostics;
using P2P.Cli;

namespace P2P.Client;

/// <summary>
/// The live line of a command on files: shown on a terminal only, and only when the command takes more than a second.
/// </summary>
/// <param name="name">What the command does: <c>verifying part1</c>.</param>
/// <param name="total">Bytes to go through.</param>
/// <param name="onShown">Called when the line is about to be shown first: takes another one away.</param>
internal sealed class CommandProgress(string name, long total, Action? onShown = null) : IDisposable
{
    private static readonly TimeSpan ShownAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly bool _canDraw = Terminal.CanDraw;
    private TimeSpan _due = Interval;
    private Rate _rate;
    private bool _isShown;

    /// <summary>Called after every few megabytes, or more often.</summary>
    /// <param name="done">Bytes that have been gone through so far.</param>
    public void Show(long done)
    {
        Debug.Assert(done >= 0, "bytes are counted from 0");
        if (!_canDraw) return;
        TimeSpan now = Stopwatch.GetElapsedTime(_startedAt);
        if (now < _due) return;
        _due = now + Interval;
        _rate.Update(done, now);
        if (now < ShownAfter) return;
        if (!_isShown) onShown?.Invoke();
        _isShown = true;
        int columns = Terminal.FindColumns();
        if (columns < 2) Terminal.ForgetLive();
        else Terminal.ShowLive(
            ProgressLine.OfCommand(name, Math.Min(done, total), total, _rate.BytesPerSecond, columns - 1));
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose()
    {
        if (_isShown) Terminal.ShowLive("");
    }
}
