using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace P2P.Transport;

/// <summary>
/// The one thread on which everything happens: sessions, timers, files. It is the runtime's own thread for sockets, on
/// which operations complete inline (<see cref="SocketRuntime"/>); nothing here needs a lock, and no message crosses a
/// thread. The thread that calls <see cref="Run"/> only waits for the next timer.
///
/// A round is what the kernel reports to the runtime at once. The first session that has to wait for the end of a
/// round asks for a wake-up, which comes behind all that was ready before it: then put-off receives start, yielded
/// sessions go on, the log is written, and the answers leave. Where rounds bring one message each, that would cost more
/// than it saves, so each message is then a round of its own, without a wake-up. Hot: allocates nothing per message.
/// </summary>
public sealed class EventLoop
{
    // No more answers than these leave together, while their sessions are still in the processor's cache; and while at
    // least so many leave, a peer may send that has not yet.
    private const int RoundMax = 128, EarlyRoundMin = 8;

    // A tracker whose thousands of clients all ask rents so many at one time; the collector gets those beyond them.
    private const int IdleOperationsMax = 4096, IdleBuffersMax = 2 * RoundMax;

    private readonly LoopWake _wake;
    private readonly ConcurrentQueue<Action> _posted = new();       // signals come from another thread
    private readonly Queue<Action> _nextRound = new();
    private readonly Queue<Action> _roundEnd = new();
    private readonly Queue<Connection> _putOff = new();
    private readonly TimerQueue _timers = new();
    private LoneRounds _loneRounds;
    private volatile LoopState _state;
    private int _threadId;
    private Exception? _failure;

    /// <summary>Makes a loop that does not run yet.</summary>
    /// <param name="receiveBytesMax">Most that one read of a connection may take, in bytes.</param>
    public EventLoop(int receiveBytesMax)
    {
        SocketRuntime.Prepare();
        ReceiveBuffer = GC.AllocateUninitializedArray<byte>(receiveBytesMax, pinned: true);
        Buffers = new LoopPool<byte[]>(new BufferPolicy(), IdleBuffersMax);
        Operations = new LoopPool<SocketOperation>(new OperationPolicy(this), IdleOperationsMax);
        _wake = new LoopWake(this, OnWake);
    }

    /// <summary>
    /// One receive buffer for all connections: a receive fills it on the loop's thread directly before its session goes
    /// on. What the session leaves unread is moved when it gives the thread back.
    /// </summary>
    internal byte[] ReceiveBuffer { get; }

    /// <summary>The connection whose unread bytes lie in <see cref="ReceiveBuffer"/>.</summary>
    internal Connection? Borrower { get; set; }

    /// <summary>Pinned buffers of <see cref="Limits.BufferBytes"/>, with the bytes of their last use. The caller that
    /// rents one returns it; buffers beyond the pool's capacity go to the collector.</summary>
    public LoopPool<byte[]> Buffers { get; }

    /// <summary>Operations on sockets, rented while one is in flight.</summary>
    internal LoopPool<SocketOperation> Operations { get; }

    /// <summary>The open connections and listeners, noted in DEBUG only.</summary>
    internal LeakCheck Leaks { get; } = new();

    /// <summary>Called at the end of every round, before the sessions that wait in <see cref="RoundEndAsync"/> go
    /// on.</summary>
    public Action? OnRoundEnd { get; set; }

    /// <summary>Time since an arbitrary start, monotonic.</summary>
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>Each message is a round of its own now: a receive need not wait for the next one.</summary>
    internal bool IsLone => _loneRounds.IsLone;

    /// <summary>Runs the loop until <see cref="Stop"/>.</summary>
    /// <param name="start">The first thing that runs on the loop.</param>
    /// <exception cref="Exception">The exception that code on the loop did not catch.</exception>
    public void Run(Action start)
    {
        Debug.Assert(_threadId == 0 && _state == LoopState.Running, "a loop runs once");
        _posted.Enqueue(start);
        _wake.Start();
        while (_state != LoopState.Over) _timers.Wait(_wake);
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    /// <summary>Ends <see cref="Run"/> after the round at hand.</summary>
    public void Stop() => Interlocked.CompareExchange(ref _state, LoopState.Stopping, LoopState.Running);

    /// <summary>Ends <see cref="Run"/> with an exception: a part without which the program is of no use has
    /// failed.</summary>
    public void Fail(Exception failure)
    {
        _failure ??= failure;
        Stop();
    }

    /// <summary>Runs an action on the loop soon, after the code that runs now. From any thread.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Environment.CurrentManagedThreadId != _threadId) _wake.Ask();
    }

    /// <summary>Lets every other connection have its turn before the caller goes on; allocates nothing.</summary>
    public QueuedResumption YieldAsync() => new(_nextRound);

    /// <summary>Goes on when every session of this round has run; allocates nothing.</summary>
    public QueuedResumption RoundEndAsync() => new(_roundEnd);

    // Before the loop runs, and after its end, there is one thread only.
    private bool IsOnItsThread =>
        _threadId == 0 || _state == LoopState.Over || Environment.CurrentManagedThreadId == _threadId;

    /// <summary>Rents an operation, with the buffer that its last use has left in it.</summary>
    internal SocketOperation RentOperation(
        IOperationOwner owner, [CallerMemberName] string method = "", [CallerLineNumber] int line = 0)
    {
        Debug.Assert(IsOnItsThread, "sockets are used on the loop's thread");
        SocketOperation operation = Operations.Rent(method, line);
        operation.Owner = owner;
        return operation;
    }

    /// <summary>Gives an operation up when its socket is closed: the runtime may still use it.</summary>
    /// <returns>False if there is none.</returns>
    internal bool AbandonOperation(ref SocketOperation? operation)
    {
        if (operation is null) return false;
        operation.Owner = null;
        Operations.Abandon(operation);
        operation = null;
        return true;
    }

    /// <summary>Starts a connection's receive in the next round.</summary>
    internal void PutOff(Connection connection)
    {
        Debug.Assert(IsOnItsThread, "sockets are used on the loop's thread");
        _putOff.Enqueue(connection);
    }

    /// <summary>A receive has brought something: how many do in a round decides how rounds end.</summary>
    internal void OnReceived() => _loneRounds.OnReceived();

    /// <summary>Puts a timer into the queue for its due time.</summary>
    internal void Enqueue(LoopTimer timer, TimeSpan due)
    {
        Debug.Assert(IsOnItsThread, "timers are started on the loop's thread");
        _timers.Add(timer, due);
    }

    /// <summary>Takes a timer out of the queue before its time (<see cref="TimerQueue.Remove"/>).</summary>
    internal void Dequeue(LoopTimer timer) => _timers.Remove(timer);

    /// <summary>An operation did not complete at once, and has now. On the runtime's thread for sockets.</summary>
    internal void OnCompleted(SocketOperation operation)
    {
        IOperationOwner? owner = operation.Owner;
        if (owner is null)
        {
            // The operation was given up when its connection was closed: the runtime completes it on another thread.
            operation.Dispose();
            return;
        }
        int thread = Environment.CurrentManagedThreadId;
        if (_threadId == 0) OnFirstCompletion(thread);
        if (thread != _threadId) Environment.FailFast("an operation completed beside the loop's thread");
        if (_state == LoopState.Over) return;
        try
        {
            owner.OnCompleted(operation);
            GiveBack();
            if (IsLone && owner != _wake)
            {
                _loneRounds.OnLoneRound();
                EndRound();
            }
            else if (_roundEnd.Count >= RoundMax) EndRound();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        EndOrAsk();
    }

    private void OnFirstCompletion(int thread)
    {
        _threadId = thread;
        ExecutionContext.SuppressFlow();        // nothing flows here, and every await would look for it
    }

    // The end of a round.
    private void OnWake()
    {
        if (_timers.IsDue) RunTimers();
        StartPutOff();
        for (int count = _nextRound.Count; count > 0; count--) Resume(_nextRound.Dequeue());
        EndRound();
        _loneRounds.OnRoundEnd();
    }

    // Peers send in the order in which they got their answers. Where one has not sent yet, the answers at hand leave
    // first; where it has not even then, those behind it have not either, as a rule: their receives start, and wait.
    private void StartPutOff()
    {
        bool areQuick = true;
        for (int count = _putOff.Count; count > 0; count--)
        {
            Connection next = _putOff.Dequeue();
            if (areQuick && !(areQuick = next.TryPutOff()) && _roundEnd.Count >= EarlyRoundMin)
            {
                EndRound();
                areQuick = next.TryPutOff();
            }
            if (!areQuick) next.StartPutOff();
            GiveBack();
            if (_roundEnd.Count >= RoundMax) EndRound();
        }
    }

    private void EndRound()
    {
        RunPosted();
        OnRoundEnd?.Invoke();
        while (_roundEnd.Count > 0)
        {
            for (int count = _roundEnd.Count; count > 0; count--) Resume(_roundEnd.Dequeue());
            RunPosted();
            OnRoundEnd?.Invoke();
        }
    }

    private void EndOrAsk()
    {
        if (_state == LoopState.Stopping)
        {
            CloseAll();
            Debug.Assert(_state == LoopState.Stopping, "the loop ends once");
            _state = LoopState.Over;
            _timers.EndWait();
        }
        else if (_putOff.Count + _roundEnd.Count + _nextRound.Count > 0 || !_posted.IsEmpty) _wake.Ask();
    }

    // The system closes the sockets of a program that ends; closing them here shows that every rented item is returned.
    [Conditional("DEBUG")]
    private void CloseAll()
    {
        // A session whose connection is closed may connect to the next address of its peer: that is closed as well.
        do
        {
            foreach (IDisposable open in Leaks.Open) open.Dispose();
            RunPosted();
            if (_roundEnd.TryDequeue(out Action? waiting) || _nextRound.TryDequeue(out waiting)) Resume(waiting);
        }
        while (Leaks.Open.Length + _nextRound.Count + _roundEnd.Count > 0 || !_posted.IsEmpty);
        Operations.AssertNothingRented();
        if (Leaks.Pauses == 0) Buffers.AssertNothingRented();      // a session that pauses may hold one
    }

    private void RunPosted()
    {
        while (_posted.TryDequeue(out Action? action)) Resume(action);
    }

    private void Resume(Action continuation)
    {
        continuation();
        GiveBack();
    }

    // A session gives the thread back: its unread bytes must not stand where the next connection receives.
    private void GiveBack() => Borrower?.KeepUnread();

    private void RunTimers()
    {
        long now = Now.Ticks;
        while (_timers.TryTake(now, out LoopTimer? timer, out long due))
        {
            timer.OnQueueDue(due);
            GiveBack();
        }
        _timers.ArmNext();
    }

    private enum LoopState
    {
        Running,        // or about to
        Stopping,       // the round at hand is the last one
        Over,
    }
}
