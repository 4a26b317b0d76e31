using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;

namespace P2P.Transport;

/// <summary>
/// One socket, and the bytes read from it that its session has not consumed. Owned by one session, used on the loop.
///
/// Bytes arrive in the loop's shared buffer. Bytes that a session has not consumed when it waits are moved into a
/// pooled buffer of the connection's own, so an idle connection has none. One receive and one send may be awaited at a
/// time; an operation is rented for each while it is in flight. Hot: allocates nothing per message.
/// </summary>
public sealed class Connection : IOperationOwner, IDisposable
{
    private readonly EventLoop _loop;
    private readonly int _readBytesMax;
    private readonly bool _isPeerQuick;
    private bool _mayHaveMore;          // the kernel may hold more bytes than were read
    private bool _hasTimedOut;          // the last receive that was awaited has ended by its timeout
    private int _readsAtOnce;           // in a row
    private LoopTimer? _timeout;
    private SocketOperation? _receive;  // in flight
    private Action? _reader;            // the session that waits for bytes
    private SocketResult _received;
    private UnreadBytes _unread;
    private readonly ConnectionSender _sender;

    /// <summary>Takes a socket over.</summary>
    /// <param name="loop">The loop on which the connection is used.</param>
    /// <param name="socket">Connected, or about to be by <see cref="ConnectAsync"/>.</param>
    /// <param name="readBytesMax">Most that one receive takes, in bytes. Above <see cref="Limits.MessageReadBytes"/>
    /// only for a session that consumes all before it waits again.</param>
    /// <param name="isPeerQuick">As a rule the peer has sent more when a receive starts. A plain receive then costs
    /// less than an operation; where no byte has come, the operation that follows it looks a second time.</param>
    public Connection(EventLoop loop, Socket socket, int readBytesMax, bool isPeerQuick = false)
    {
        Debug.Assert(readBytesMax > 0 && readBytesMax <= loop.ReceiveBuffer.Length, "a read fits the loop's buffer");
        (_loop, _readBytesMax, _isPeerQuick) = (loop, readBytesMax, isPeerQuick);
        _unread = new UnreadBytes(loop.ReceiveBuffer);
        _sender = new ConnectionSender(loop, socket);
        _mayHaveMore = true;
        socket.Blocking = false;
        loop.Leaks.OnOpened(this);
    }

    /// <summary>The socket, for its addresses and options, and for sending from files.</summary>
    public Socket Socket => _sender.Socket;

    /// <summary>All bytes read and not yet consumed, good until the next wait.</summary>
    public ReadOnlySpan<byte> Unread => _unread.Span;

    /// <summary>True after so many receives in a row without a wait that other connections should have their turn
    /// (<see cref="EventLoop.YieldAsync"/>).</summary>
    public bool HasHadTurn => _readsAtOnce >= Limits.ReadsPerTurn;

    private ConnectionState State
    {
        get;
        set
        {
            Debug.Assert(field.MayBecome(value), $"{field} is followed by {value}");
            field = value;
        }
    }

    /// <summary>Drops the first unread bytes.</summary>
    public void Consume(int bytes) => _unread.Consume(bytes, _loop, this);

    /// <summary>Waits for bytes, which then stand in <see cref="Unread"/> behind those already there.</summary>
    /// <param name="timeout">After how long without a byte the result is <see cref="SocketResult.TimedOut"/>. Zero asks
    /// only whether something is there.</param>
    public Receiving ReceiveAsync(TimeSpan timeout) => Receive(timeout, isForBytes: true);

    /// <summary>Waits until something can be received, the end of the stream included, and leaves it where it
    /// is.</summary>
    /// <param name="timeout">As for <see cref="ReceiveAsync"/>.</param>
    /// <returns>Timed out, an error, or a success that does not say how many bytes there are.</returns>
    public Receiving ReadableAsync(TimeSpan timeout) => Receive(timeout, isForBytes: false);

    /// <summary>Ends the receive that is awaited, if any, as if its timeout were over.</summary>
    public void EndReceive()
    {
        if (_reader is not null) _loop.Post(TimeOut);
    }

    /// <summary>Tells, without a wait, whether the end of the stream stands directly behind the bytes that were read.
    /// The call pays after a read that may have brought the whole stream.</summary>
    public bool LookForEnd()
    {
        Debug.Assert(_reader is null, "the session that asks does not wait");
        if (State != ConnectionState.Idle || _mayHaveMore) return State == ConnectionState.Ended;
        Span<byte> next = stackalloc byte[1];
        int bytes = Socket.Receive(next, SocketFlags.Peek, out SocketError error);
        if (bytes > 0 || error is SocketError.WouldBlock or SocketError.Interrupted) return false;
        // The kernel reports a failure once; a receive behind it would look like a clean end.
        State = error == SocketError.Success ? ConnectionState.Ended : ConnectionState.Arrived;
        if (error != SocketError.Success) _received = new SocketResult(0, error);
        return State == ConnectionState.Ended;
    }

    /// <summary>Connects; the result is a success if the other end has accepted.</summary>
    public Sending ConnectAsync(IPEndPoint remote)
    {
        _mayHaveMore = false;
        return _sender.ConnectAsync(remote);
    }

    /// <summary>Hands the kernel as many of the bytes as it takes now; for a session that does not await a
    /// send.</summary>
    public SocketResult Send(ReadOnlySpan<byte> bytes) => _sender.Send(bytes);

    /// <summary>Sends all of the bytes; completes when the kernel has them, or with the error.</summary>
    /// <param name="buffer">Not to be touched until the await is over.</param>
    public Sending SendAsync(byte[] buffer, int offset, int count) => _sender.SendAsync(buffer, offset, count);

    /// <summary>
    /// Ends the connection at once; after <see cref="SocketOptions.ResetOnClose"/> the peer sees a reset. A session
    /// that waits goes on with <see cref="SocketResult.Closed"/>. Closing twice is allowed.
    /// </summary>
    public void Close()
    {
        if (State == ConnectionState.Closed) return;
        State = ConnectionState.Closed;
        _loop.Leaks.OnClosed(this);
        _timeout?.Forget();
        _unread.Release(_loop, this);
        // The runtime would reset a connection with an operation in flight, unless it has been shut down.
        bool isInFlight = _loop.AbandonOperation(ref _receive) | _sender.Close();
        if (isInFlight && Socket.LingerState is not { Enabled: true })
            SocketOptions.TryShutdown(Socket, SocketShutdown.Both);
        Socket.Dispose();
        (_hasTimedOut, _received) = (false, SocketResult.Closed);
        if (_reader is not null) _loop.Post(TakeReader());
        _sender.ResumeWaiter();
    }

    /// <summary>Ends the connection at once, with a reset: the kernel would keep the unsent bytes for as long as the
    /// peer is there.</summary>
    public void Abort()
    {
        if (State == ConnectionState.Closed) return;
        Socket.ResetOnClose(true);
        Close();
    }

    public void Dispose() => Close();

    void IOperationOwner.OnCompleted(SocketOperation operation)
    {
        Debug.Assert(operation == _receive, "one receive is in flight");
        Debug.Assert(State is ConnectionState.Receiving or ConnectionState.Unattended, "a receive is in flight");
        bool isAwaited = State == ConnectionState.Receiving;
        EndReceive(_receive!);
        if (isAwaited) TakeReader()();
        else if (State == ConnectionState.Idle) State = ConnectionState.Arrived;
    }

    /// <summary>How the last receive that was awaited has ended.</summary>
    internal SocketResult Received => _hasTimedOut ? SocketResult.TimedOut : _received;

    /// <summary>Keeps the session that waits.</summary>
    internal void OnAwait(Action continuation)
    {
        Debug.Assert(_reader is null, "one session waits at a time");
        _reader = continuation;
    }

    /// <summary>The round has come for a receive that was put off. False if a quick peer has not sent yet.</summary>
    internal bool TryPutOff()
    {
        if (State != ConnectionState.PutOff || !_isPeerQuick) StartPutOff();
        else if (TryReceive()) TakeReader()();
        else return false;
        return true;
    }

    /// <summary>Starts the receive that was put off, and waits.</summary>
    internal void StartPutOff()
    {
        if (State == ConnectionState.PutOff && TryStart(isForBytes: true)) TakeReader()();
    }

    /// <summary>Moves the unread bytes to a buffer of this connection's own, before others use the loop's.</summary>
    internal void KeepUnread() => _unread.Keep(_loop, this);

    private Receiving Receive(TimeSpan timeout, bool isForBytes)
    {
        Debug.Assert(_reader is null, "one receive at a time");
        _hasTimedOut = false;
        bool isCompleted = true;
        switch (State)
        {
            case ConnectionState.Closed:
                _received = SocketResult.Closed;
                break;
            case ConnectionState.Ended:
                _received = default;
                break;
            case ConnectionState.Arrived:
                if (_received.IsSuccess) State = ConnectionState.Idle;     // a failure stays one
                break;
            case ConnectionState.Idle when timeout == TimeSpan.Zero && !_mayHaveMore:
                _hasTimedOut = true;
                break;
            // A peer that has just been read from is worth another call only one round later.
            case ConnectionState.Idle when !_mayHaveMore && isForBytes && !_loop.IsLone:
                State = ConnectionState.PutOff;
                _loop.PutOff(this);
                isCompleted = false;
                break;
            case ConnectionState.Idle:
                isCompleted = TryStart(isForBytes);
                break;
            default:        // a receive is in flight already
                State = ConnectionState.Receiving;
                isCompleted = false;
                break;
        }
        _readsAtOnce = isCompleted && !_hasTimedOut ? _readsAtOnce + 1 : 0;
        if (isCompleted) return new Receiving(this, isCompleted: true);
        if (timeout == TimeSpan.Zero)
        {
            State = ConnectionState.Unattended;
            _hasTimedOut = true;
        }
        else if (timeout != Timeout.InfiniteTimeSpan) (_timeout ??= new LoopTimer(_loop, OnTimer)).Start(timeout);
        return new Receiving(this, isCompleted: _hasTimedOut);
    }

    // False if nothing is there. Where the bytes are there as a rule, this costs half of an operation that completes at
    // once, which would look for them again where they are not.
    private bool TryReceive()
    {
        _loop.Borrower?.KeepUnread();
        Span<byte> buffer = _loop.ReceiveBuffer.AsSpan(0, _readBytesMax);
        SocketResult result = new(Socket.Receive(buffer, SocketFlags.None, out SocketError error), error);
        if (result.WouldBlock) return false;
        EndReceive(result, wasForBytes: true);
        return true;
    }

    // False if the receive is in flight.
    private bool TryStart(bool isForBytes)
    {
        _loop.Borrower?.KeepUnread();
        Debug.Assert(_receive is null, "one receive at a time");
        _receive = _loop.RentOperation(this);
        _receive.UseBuffer(_loop.ReceiveBuffer, 0, isForBytes ? _readBytesMax : 0);
        State = ConnectionState.Receiving;
        if (Socket.ReceiveAsync(_receive)) return false;
        EndReceive(_receive);
        return true;
    }

    private void EndReceive(SocketOperation operation)
    {
        _receive = null;
        EndReceive(operation.Result, wasForBytes: operation.Count > 0);
        _loop.Operations.Return(operation);
    }

    private void EndReceive(SocketResult result, bool wasForBytes)
    {
        _received = result;
        State = ConnectionState.Idle;
        _mayHaveMore = !wasForBytes || result.Bytes == _readBytesMax;
        _loop.OnReceived();
        if (!wasForBytes && result.IsSuccess) _received = new SocketResult(1, SocketError.Success);
        else if (result.IsEnd) State = ConnectionState.Ended;
        else if (result.Bytes > 0) _unread.Add(result.Bytes, _loop, this);
    }

    // Where the loop comes late, bytes may have come in time: they count (PROTOCOL 2.2).
    private void OnTimer()
    {
        if (State == ConnectionState.PutOff && TryStart(isForBytes: true)) TakeReader()();
        // Where something is there, the receive in flight is about to complete.
        else if (!Socket.Poll(0, SelectMode.SelectRead)) TimeOut();
    }

    private void TimeOut()
    {
        if (_reader is null) return;
        State = State == ConnectionState.PutOff ? ConnectionState.Idle : ConnectionState.Unattended;
        _hasTimedOut = true;
        TakeReader()();
    }

    private Action TakeReader()
    {
        Debug.Assert(_reader is not null, "a session waits");
        _timeout?.Stop();
        Action taken = _reader;
        _reader = null;
        return taken;
    }
}
