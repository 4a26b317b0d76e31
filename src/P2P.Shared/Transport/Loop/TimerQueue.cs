using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading;

namespace P2P.Transport;

/// <summary>
/// The timers of a loop in the order of their times, and the wait of the thread in <see cref="EventLoop.Run"/> for the
/// first of them. Used on the loop's thread, except for <see cref="Wait"/>.
/// </summary>
internal sealed class TimerQueue
{
    private const long Never = long.MaxValue;

    private readonly PriorityQueue<LoopTimer, long> _timers = new();
    private readonly AutoResetEvent _wait = new(false);
    private long _armedFor = Never;         // the first timer's time
    private long _sleepsUntil;              // the time when the waiting thread looks by itself

    /// <summary>The first timer's time has come.</summary>
    public bool IsDue => _armedFor <= EventLoop.Now.Ticks;

    /// <summary>Puts a timer into the queue.</summary>
    public void Add(LoopTimer timer, TimeSpan due)
    {
        Debug.Assert(due.Ticks >= 0 && due.Ticks < Never, "a timer's time is within the clock");
        _timers.Enqueue(timer, due.Ticks);
        if (due.Ticks < _armedFor) Arm(due.Ticks);
    }

    /// <summary>Takes a timer out of the queue before its time. The cost grows with the number of timers: only
    /// connections that close do this, and few of them have a timer.</summary>
    public void Remove(LoopTimer timer)
    {
        bool wasQueued = _timers.Remove(timer, out _, out _);
        Debug.Assert(wasQueued, "a timer knows whether it is queued");
    }

    /// <summary>Takes the next timer out whose time is not after <paramref name="now"/>.</summary>
    public bool TryTake(long now, [NotNullWhen(true)] out LoopTimer? timer, out long due)
    {
        if (!_timers.TryPeek(out timer, out due) || due > now) return false;
        _timers.Dequeue();
        return true;
    }

    /// <summary>All timers that were due have been taken out: the thread waits for the first that is left.</summary>
    public void ArmNext() => Arm(_timers.TryPeek(out _, out long next) ? next : Never);

    /// <summary>Waits for the first timer's time, and asks the loop for a round then; or until <see cref="EndWait"/>,
    /// or another timer has become the first. On the thread that runs the loop.</summary>
    public void Wait(LoopWake wake)
    {
        long due = Volatile.Read(ref _armedFor);
        TimeSpan left = TimeSpan.FromTicks(due) - EventLoop.Now;
        bool isDue = left <= TimeSpan.Zero;
        if (isDue) wake.Ask();          // and wait for the loop, which arms the next timer
        // Either this thread sees here what the loop has armed meanwhile, or the loop sees when the thread will look.
        Interlocked.Exchange(ref _sleepsUntil, isDue ? Never : due);
        if (Volatile.Read(ref _armedFor) != due) return;
        // A wait knows whole milliseconds only; a timer is never early.
        double milliseconds = Math.Ceiling(left.TotalMilliseconds);
        _wait.WaitOne(isDue || milliseconds > int.MaxValue ? Timeout.Infinite : (int)milliseconds);
    }

    /// <summary>Ends the wait, or the next one.</summary>
    public void EndWait() => _wait.Set();

    private void Arm(long due)
    {
        Interlocked.Exchange(ref _armedFor, due);
        if (due < Volatile.Read(ref _sleepsUntil)) _wait.Set();
    }
}
