using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.ObjectPool;
using P2P.Posix;

namespace P2P.Transport;

/// <summary>What a watched descriptor is ready for; bits of <c>epoll_event.events</c>.</summary>
[Flags]
public enum Readiness : uint
{
    None = 0,

    /// <summary>Something can be read (EPOLLIN).</summary>
    Readable = 0x1,

    /// <summary>Something can be written (EPOLLOUT).</summary>
    Writable = 0x4,

    /// <summary>It has failed (EPOLLERR).</summary>
    Failed = 0x8,

    /// <summary>Both directions are closed (EPOLLHUP).</summary>
    HungUp = 0x10,

    /// <summary>The peer has sent its last byte (EPOLLRDHUP).</summary>
    PeerEnded = 0x2000,
}

/// <summary>Who is told that a descriptor is ready.</summary>
public interface IWatcher
{
    /// <summary>Called in every round in which the descriptor is ready for what it is watched for. It may be called in
    /// vain, when the descriptor's number has just changed hands.</summary>
    void OnReady(Readiness readiness);
}

/// <summary>
/// The one thread on which everything happens: sessions, timers, files. It waits in epoll, tells whoever watches what is
/// ready, and begins the next round; nothing here needs a lock, and no message crosses a thread.
///
/// Straight on epoll, not on SocketAsyncEventArgs: those try to receive before they wait, which is a system call in vain
/// for every message, and don't show where a round ends, which lets all that a round brought go into the log in one
/// write. In lock-step the tracker answered 0.6 to 0.8 times as many questions as Redis with them.
/// </summary>
public sealed unsafe class EventLoop
{
    private const int EventsMax = 256;              // a round; the rest are told in the next one
    private const uint EdgeTriggered = 1u << 31;    // EPOLLET

    // struct epoll_event: the events in four bytes, then eight of ours; packed on x86-64 alone.
    private static readonly int _eventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int _eventDescriptor = _eventBytes - 8;

    // As many as one round may need.
    private const int IdleBuffersMax = EventsMax;

    private readonly int _epoll;
    private readonly int _timerFile;
    private readonly int _wakeFile;
    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private readonly byte[] _events = GC.AllocateUninitializedArray<byte>(EventsMax * 16, pinned: true);
    private readonly ConcurrentQueue<Action> _posted = new();       // signals come from another thread
    private readonly Queue<Action> _nextRound = new();
    private readonly Queue<Action> _roundEnd = new();
    private readonly PriorityQueue<LoopTimer, long> _timers = new();
    private IWatcher?[] _watchers = new IWatcher?[64];              // by descriptor
    private long _armedFor = long.MaxValue;
    private Exception? _failure;
    private volatile bool _stopped;

    /// <summary>Makes a loop that does not run yet, for the thread that makes it.</summary>
    /// <param name="receiveBytesMax">Most that one read of a connection may take, in bytes.</param>
    public EventLoop(int receiveBytesMax)
    {
        ReceiveBuffer = GC.AllocateUninitializedArray<byte>(receiveBytesMax, pinned: true);
        Buffers = new DefaultObjectPool<byte[]>(new BufferPolicy(), IdleBuffersMax);
        Check(_epoll = LibC.epoll_create1(LibC.EPOLL_CLOEXEC));
        Check(_timerFile = LibC.timerfd_create(LibC.CLOCK_MONOTONIC, LibC.TFD_CLOEXEC));
        Check(_wakeFile = LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK));

        // Told of once each time they are set, so that neither has to be read.
        Control(LibC.EPOLL_CTL_ADD, _timerFile, (Readiness)EdgeTriggered | Readiness.Readable);
        Control(LibC.EPOLL_CTL_ADD, _wakeFile, (Readiness)EdgeTriggered | Readiness.Readable);
    }

    /// <summary>
    /// One receive buffer for all connections: whoever is told of bytes in it has them until it gives the thread back.
    /// </summary>
    public byte[] ReceiveBuffer { get; }

    /// <summary>Pinned buffers of <see cref="Limits.BufferBytes"/>, with whatever was last in them. Whoever gets one
    /// returns it; what comes back beyond the pool's capacity is let go.</summary>
    public ObjectPool<byte[]> Buffers { get; }

    /// <summary>Called at the end of every round, before those who wait for it in <see cref="RoundEndAsync"/> go on.</summary>
    public Action? OnRoundEnd { get; set; }

    /// <summary>Time since an arbitrary start, monotonic.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>Runs the loop until <see cref="Stop"/>.</summary>
    /// <param name="start">The first thing that runs on the loop.</param>
    /// <exception cref="Exception">Whatever code on the loop threw and nobody caught.</exception>
    public void Run(Action start)
    {
        start();
        EndRound();
        while (!_stopped) RunRound();
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    /// <summary>Ends <see cref="Run"/> after the round at hand.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Ends <see cref="Run"/> with an exception: something without which the program is of no use has failed.</summary>
    public void Fail(Exception failure)
    {
        _failure ??= failure;
        Stop();
    }

    /// <summary>Runs an action on the loop soon, after the code at hand. From any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Environment.CurrentManagedThreadId == _threadId) return;
        ulong one = 1;
        LibC.write(_wakeFile, (byte*)&one, sizeof(ulong));
    }

    /// <summary>Lets every other connection have its turn before the caller goes on; allocates nothing.</summary>
    public QueuedResumption YieldAsync() => new(_nextRound);

    /// <summary>Goes on when all that this round brought has been seen; allocates nothing.</summary>
    public QueuedResumption RoundEndAsync() => new(_roundEnd);

    /// <summary>Watches a descriptor from now on.</summary>
    internal void Watch(int descriptor, Readiness interest, IWatcher watcher)
    {
        if (descriptor >= _watchers.Length) Array.Resize(ref _watchers, Math.Max(descriptor + 1, 2 * _watchers.Length));
        _watchers[descriptor] = watcher;
        Control(LibC.EPOLL_CTL_ADD, descriptor, interest);
    }

    /// <summary>Watches it for something else.</summary>
    internal void Change(int descriptor, Readiness interest) => Control(LibC.EPOLL_CTL_MOD, descriptor, interest);

    /// <summary>Watches it no longer; also to be called before it is closed.</summary>
    /// <param name="isClosing">The system forgets what is closed by itself.</param>
    internal void Unwatch(int descriptor, bool isClosing)
    {
        _watchers[descriptor] = null;
        if (!isClosing) Control(LibC.EPOLL_CTL_DEL, descriptor, Readiness.None);
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

    private void RunRound()
    {
        bool mayWait = _nextRound.Count == 0 && _posted.IsEmpty;
        int yielded = _nextRound.Count;
        fixed (byte* events = _events)
        {
            int count = LibC.epoll_wait(_epoll, events, EventsMax, mayWait ? -1 : 0);
            for (byte* next = events; count > 0; count--, next += _eventBytes)
            {
                int descriptor = *(int*)(next + _eventDescriptor);
                if (descriptor == _timerFile) RunTimers();
                else if (descriptor != _wakeFile) _watchers[descriptor]?.OnReady(*(Readiness*)next);
            }
        }
        for (; yielded > 0; yielded--) _nextRound.Dequeue()();
        EndRound();
    }

    private void EndRound()
    {
        RunPosted();
        OnRoundEnd?.Invoke();
        while (_roundEnd.Count > 0)
        {
            for (int count = _roundEnd.Count; count > 0; count--) _roundEnd.Dequeue()();
            RunPosted();
            OnRoundEnd?.Invoke();
        }
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
            timer.OnQueueDue(due);
        }
    }

    private void Arm(TimeSpan delay)
    {
        _armedFor = (Now + delay).Ticks;
        long nanoseconds = Math.Max(delay.Ticks * 100, 1);      // 0 would disarm it
        var time = new LibC.TimerSpec { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        Check(LibC.timerfd_settime(_timerFile, 0, &time, null));
    }

    // The system lets one user watch millions of descriptors; one that can't be watched would wait for ever.
    private void Control(int operation, int descriptor, Readiness interest)
    {
        byte* change = stackalloc byte[16];
        *(Readiness*)change = interest;
        *(long*)(change + _eventDescriptor) = descriptor;
        Check(LibC.epoll_ctl(_epoll, operation, descriptor, change));
    }

    private static void Check(int result)
    {
        if (result < 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private sealed class BufferPolicy : PooledObjectPolicy<byte[]>
    {
        public override byte[] Create() => GC.AllocateUninitializedArray<byte>(Limits.BufferBytes, pinned: true);

        public override bool Return(byte[] buffer) => true;
    }

    /// <summary>What is awaited by who goes on from a queue.</summary>
    public readonly struct QueuedResumption(Queue<Action> queue) : ICriticalNotifyCompletion
    {
        public QueuedResumption GetAwaiter() => this;
        public bool IsCompleted => false;
        public void GetResult() { }
        public void OnCompleted(Action continuation) => queue.Enqueue(continuation);
        public void UnsafeOnCompleted(Action continuation) => queue.Enqueue(continuation);
    }
}
