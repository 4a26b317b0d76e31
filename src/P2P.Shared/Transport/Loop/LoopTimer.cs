using System;
using System.Diagnostics;

namespace P2P.Transport;

/// <summary>
/// Calls back once, on the loop, when its time has come. Starting the timer again, later or sooner, or stopping it
/// costs one field: the timer stays queued for its earliest time, and sees then whether that is still meant.
/// </summary>
public sealed class LoopTimer(EventLoop loop, Action callback)
{
    private const long Never = long.MaxValue;
    private long _due = Never;
    private long _queuedFor = Never;

    /// <summary>True from the start until the timer calls back or is stopped.</summary>
    public bool IsRunning => _due != Never;

    /// <summary>Starts the timer, or moves its time.</summary>
    public void Start(TimeSpan delay)
    {
        Debug.Assert(delay >= TimeSpan.Zero, "a timer's time is to come");
        TimeSpan due = EventLoop.Now + delay;
        _due = due.Ticks;
        if (_due >= _queuedFor) return;
        _queuedFor = _due;
        loop.Enqueue(this, due);
    }

    /// <summary>The timer won't call back until it is started again.</summary>
    public void Stop() => _due = Never;

    /// <summary>Stops the timer for good, so that no queue keeps its owner alive.</summary>
    public void Forget()
    {
        _due = Never;
        if (_queuedFor != Never) loop.Dequeue(this);
        _queuedFor = Never;
    }

    /// <summary>The loop has taken the entry made for <paramref name="queuedFor"/> out of its queue.</summary>
    internal void OnQueueDue(long queuedFor)
    {
        if (queuedFor != _queuedFor) return;        // an entry for a later time, overtaken by an earlier one
        _queuedFor = Never;
        if (_due == Never) return;
        Debug.Assert(_due >= queuedFor, "a timer is queued for its earliest time");
        // Even where the later time has come as well: the timers between the two call back first.
        if (_due > queuedFor)
        {
            _queuedFor = _due;
            loop.Enqueue(this, TimeSpan.FromTicks(_due));
            return;
        }
        _due = Never;
        callback();
    }
}
