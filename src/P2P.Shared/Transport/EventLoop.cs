using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using P2P.Posix;

namespace P2P.Transport;

/// <summary>
/// The one thread on which everything happens: sessions, timers, files. It is the runtime's own epoll thread, told to
/// run completions where it finds them, so nothing here needs a lock and no message crosses a thread.
///
/// The main thread is only its clock: it sleeps in a timerfd and writes a byte into a socket pair whose other end the
/// loop receives from. What is posted runs after the completion at hand, never inside it.
/// </summary>
public sealed unsafe class EventLoop
{
    private readonly Socket _wakeReceiver;
    private readonly int _wakeSender;
    private readonly int _timerFile;
    private readonly SocketOperation _wake;
    private readonly Action _onWake;
    private readonly ConcurrentQueue<Action> _posted = new();   // signals and aborted operations come from elsewhere
    private readonly Queue<Action> _nextRound = new();
    private readonly PriorityQueue<LoopTimer, long> _timers = new();
    private long _armedFor = long.MaxValue;
    private int _threadId;
    private int _depth;
    private Exception? _failure;
    private volatile bool _stopped;

    /// <summary>Makes a loop that does not run yet. One per process, after <see cref="ConfigureRuntime"/>.</summary>
    /// <param name="receiveBytesMax">Most that one read of a connection may take, in bytes.</param>
    public EventLoop(int receiveBytesMax)
    {
        int* pair = stackalloc int[2];
        Check(LibC.socketpair(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC | LibC.SOCK_NONBLOCK, 0, pair));
        Check(_timerFile = LibC.timerfd_create(LibC.CLOCK_MONOTONIC, LibC.TFD_CLOEXEC));
        _wakeReceiver = new Socket(new SafeSocketHandle(pair[0], ownsHandle: true));
        _wakeSender = pair[1];
        ReceiveBuffer = GC.AllocateUninitializedArray<byte>(receiveBytesMax, pinned: true);
        Pools = new OperationPools(this);
        _wake = new SocketOperation(this);
        _onWake = OnWake;
        _wake.SetBuffer(new byte[64], 0, 64);
    }

    /// <summary>Asks the runtime for one epoll thread, and for completions on it. It reads this when the program's first
    /// socket is made, so this comes before.</summary>
    public static void ConfigureRuntime()
    {
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
    }

    /// <summary>
    /// One receive buffer for all connections. That is safe because the runtime reads into it only on this thread and
    /// completes the operation at once: whoever is resumed has the bytes until it gives the thread back.
    /// </summary>
    public byte[] ReceiveBuffer { get; }

    /// <summary>Operations and buffers that connections borrow.</summary>
    public OperationPools Pools { get; }

    /// <summary>Time since an arbitrary start, monotonic.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>True on the loop's thread.</summary>
    public bool IsCurrent => Environment.CurrentManagedThreadId == _threadId;

    /// <summary>False until the loop's thread has run for the first time.</summary>
    internal bool HasThread => _threadId != 0;

    /// <summary>Runs the loop until <see cref="Stop"/>; the calling thread becomes its clock.</summary>
    /// <param name="start">The first thing that runs on the loop.</param>
    /// <exception cref="Exception">Whatever code on the loop threw and nobody caught.</exception>
    public void Run(Action start)
    {
        ReceiveWakeUp();
        Post(start);
        ulong expirations;
        while (!_stopped)
        {
            if (LibC.read(_timerFile, (byte*)&expirations, sizeof(ulong)) == sizeof(ulong)) WakeUp();
        }
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    /// <summary>Ends <see cref="Run"/>. From the loop's thread.</summary>
    public void Stop()
    {
        _stopped = true;
        Arm(TimeSpan.Zero);
    }

    /// <summary>Ends <see cref="Run"/> with an exception: something without which the program is of no use has failed.</summary>
    public void Fail(Exception failure)
    {
        _failure ??= failure;
        Stop();
    }

    /// <summary>Runs an action on the loop soon. From any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (!IsCurrent || _depth == 0) WakeUp();
    }

    /// <summary>Lets every other connection have its turn before the caller goes on; allocates nothing.</summary>
    public NextRound YieldAsync() => new(this);

    /// <summary>Runs what a completed operation resumes, and then what that posted.</summary>
    internal void Enter(Action continuation)
    {
        if (_depth > 0)
        {
            continuation();
            return;
        }
        _depth = 1;
        try
        {
            continuation();
            RunPosted();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        _depth = 0;
    }

    /// <summary>Puts a timer into the queue for its due time.</summary>
    internal void Enqueue(LoopTimer timer, TimeSpan due)
    {
        _timers.Enqueue(timer, due.Ticks);
        if (due.Ticks < _armedFor) Arm(due - Now);
    }

    /// <summary>Takes a timer out of the queue before its time. As costly as there are timers: for those of connections
    /// that close, of which few have one.</summary>
    internal void Dequeue(LoopTimer timer) => _timers.Remove(timer, out _, out _);

    private void ReceiveWakeUp()
    {
        while (!_wake.Start(_wakeReceiver.ReceiveAsync(_wake), _onWake)) { }
    }

    private void OnWake()
    {
        _threadId = Environment.CurrentManagedThreadId;

        // Before anything else: what runs below may wake us again, and must then wait for the next round of epoll.
        ReceiveWakeUp();
        for (int count = _nextRound.Count; count > 0; count--) _nextRound.Dequeue()();
        RunTimers();
    }

    private void RunPosted()
    {
        while (_posted.TryDequeue(out Action? action)) action();
    }

    private void RunTimers()
    {
        long now = Now.Ticks;
        _armedFor = long.MaxValue;
        while (_timers.TryPeek(out LoopTimer? timer, out long due))
        {
            if (due > now)
            {
                Arm(TimeSpan.FromTicks(due - now));
                return;
            }
            _timers.Dequeue();
            timer.OnQueueDue(due, now);
        }
    }

    private void Arm(TimeSpan delay)
    {
        if (_stopped) delay = TimeSpan.Zero;        // the clock must wake up now, whatever timers there are
        _armedFor = (Now + delay).Ticks;
        long nanoseconds = Math.Max(delay.Ticks * 100, 1);      // 0 would disarm it
        var time = new LibC.TimerSpec { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        Check(LibC.timerfd_settime(_timerFile, 0, &time, null));
    }

    // A full socket pair (EAGAIN) has wake-ups enough in it.
    private void WakeUp()
    {
        byte one = 1;
        LibC.write(_wakeSender, &one, 1);
    }

    private static void Check(int result)
    {
        if (result < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>What <see cref="YieldAsync"/> is awaited by.</summary>
    public readonly struct NextRound(EventLoop loop) : ICriticalNotifyCompletion
    {
        public NextRound GetAwaiter() => this;
        public bool IsCompleted => false;
        public void GetResult() { }
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            loop._nextRound.Enqueue(continuation);
            loop.WakeUp();
        }
    }
}
