using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace P2P.Transport;

/// <summary>
/// What one session waits for: <see cref="Set"/>, or the end of a time. A signal that is set before the wait ends the
/// wait at once. <see cref="Set"/> resumes the one waiter after the code at hand, not inside it. Allocates nothing per
/// wait.
/// </summary>
public sealed class LoopSignal : ICriticalNotifyCompletion
{
    private readonly EventLoop _loop;
    private readonly LoopTimer _timer;
    private readonly Action _resume;
    private TimeSpan _timeout;
    private Action? _continuation;
    private bool _isSet;

    /// <summary>Makes a signal of a loop, not set.</summary>
    public LoopSignal(EventLoop loop)
    {
        _loop = loop;
        _resume = Resume;
        _timer = new LoopTimer(loop, Resume);
    }

    /// <summary>Waits: <c>bool wasSet = await signal.WaitAsync(...)</c>, false when the time ran out first.</summary>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    public LoopSignal WaitAsync(TimeSpan timeout)
    {
        Debug.Assert(_continuation is null, "one waiter at a time");
        _timeout = timeout < TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan ? TimeSpan.Zero : timeout;
        return this;
    }

    /// <summary>Ends the wait at hand, or else the next one.</summary>
    public void Set()
    {
        if (_isSet) return;
        _isSet = true;
        if (_continuation is not null) _loop.Post(_resume);
    }

    public LoopSignal GetAwaiter() => this;

    public bool IsCompleted => _isSet;

    public bool GetResult()
    {
        bool wasSet = _isSet;
        _isSet = false;
        return wasSet;
    }

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        Debug.Assert(_continuation is null, "one waiter at a time");
        _continuation = continuation;
        _loop.Leaks.OnPause();
        if (_timeout != Timeout.InfiniteTimeSpan) _timer.Start(_timeout);
    }

    private void Resume()
    {
        _timer.Stop();
        Action? continuation = _continuation;
        if (continuation is null) return;
        _continuation = null;
        _loop.Leaks.OnPauseEnd();
        continuation();
    }
}
