using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace P2P.Transport;

/// <summary>
/// One connected socket and the bytes read from it that nobody has consumed. Owned by one session, used on the loop.
///
/// Bytes arrive in the loop's shared buffer. What a session leaves unread when it waits is moved into a pooled buffer
/// of its own, so an idle connection has none. One receive and one send may be awaited at a time.
/// Hot: allocates nothing per message.
/// </summary>
public sealed class Connection : IWatcher
{
    private readonly EventLoop _loop;
    private readonly int _readBytesMax;
    private LoopTimer? _patience;
    private Readiness _interest;        // what the loop watches the socket for
    private bool _mayHaveMore;          // more may be there than was read
    private bool _hasPeerEnded;         // its last byte and the end of the stream have come
    private int _readsAtOnce;           // in a row
    private bool _wasQuiet;
    private bool _leavesBytes;          // who waits wants to know, and receives otherwise
    private bool _closed;
    private Action? _reader, _writer;   // who waits
    private SocketResult _received, _sent;
    private byte[] _toSend = [];        // what a send still has to do
    private int _sendStart, _sendEnd;
    private byte[] _bytes;              // where the unread bytes lie: the loop's buffer or a pooled one
    private int _start, _end;

    /// <summary>Takes a socket over.</summary>
    /// <param name="loop">The loop that it lives on.</param>
    /// <param name="socket">Connected, or about to be (<see cref="WritableAsync"/> tells).</param>
    /// <param name="readBytesMax">Most that one receive takes, in bytes. Above <see cref="Limits.MessageReadBytes"/>
    /// only for a session that consumes all before it waits again.</param>
    /// <param name="mayHaveBytes">The peer may have sent something already: worth a look before waiting.</param>
    public Connection(EventLoop loop, TcpSocket socket, int readBytesMax, bool mayHaveBytes = true)
    {
        _mayHaveMore = mayHaveBytes;
        _loop = loop;
        _readBytesMax = readBytesMax;
        _bytes = loop.ReceiveBuffer;
        Socket = socket;
    }

    /// <summary>The socket, for its addresses and options, and for what is sent from files.</summary>
    public TcpSocket Socket { get; }

    /// <summary>All bytes read and not yet consumed, good until the next wait.</summary>
    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    /// <summary>True when so much has been there at once that the others should have their turn
    /// (<see cref="EventLoop.YieldAsync"/>, after <see cref="KeepUnread"/>).</summary>
    public bool HasHadTurn => _readsAtOnce >= Limits.ReadsPerTurn;

    /// <summary>True when what has been read is all that the peer has sent, and will ever send: the next receive is the
    /// end of the stream. It may also be that without having been known before.</summary>
    public bool HasReadAll { get; private set; }

    /// <summary>Drops the first unread bytes.</summary>
    public void Consume(int bytes)
    {
        _start += bytes;
        if (_start == _end) ReleaseUnread();
    }

    /// <summary>Moves the unread bytes to a buffer of this connection's own. To be called before its session waits for
    /// anything but a receive or a send, while other connections use the loop's buffer.</summary>
    public void KeepUnread()
    {
        if (_start == _end || _bytes != _loop.ReceiveBuffer) return;
        byte[] kept = _loop.Buffers.Get();
        Unread.CopyTo(kept);
        (_bytes, _start, _end) = (kept, 0, _end - _start);
    }

    /// <summary>Waits for bytes, which then stand in <see cref="Unread"/> behind those already there.</summary>
    /// <param name="patience">After how long without a byte the result is <see cref="SocketResult.Quiet"/>. Zero asks
    /// only whether something is there.</param>
    public Receiving ReceiveAsync(TimeSpan patience)
    {
        _wasQuiet = _leavesBytes = false;
        _received = SocketResult.Closed;
        if (_closed) return new Receiving(this, isCompleted: true);
        if (HasReadAll)
        {
            _received = default;
            return new Receiving(this, isCompleted: true);
        }
        if (_mayHaveMore && TryReceive())
        {
            _readsAtOnce++;
            return new Receiving(this, isCompleted: true);
        }
        _readsAtOnce = 0;
        if (patience == TimeSpan.Zero) _wasQuiet = true;
        else if (patience != Timeout.InfiniteTimeSpan) (_patience ??= new LoopTimer(_loop, OnTimeout)).Start(patience);
        return new Receiving(this, _wasQuiet);
    }

    /// <summary>Waits until something can be received, the end of the stream included, and leaves it where it is.</summary>
    /// <param name="patience">As for <see cref="ReceiveAsync"/>.</param>
    /// <returns>Quiet, an error, or a success that says nothing of how many bytes there are.</returns>
    public Receiving ReadableAsync(TimeSpan patience)
    {
        _wasQuiet = false;
        _leavesBytes = true;
        _received = _closed ? SocketResult.Closed : new SocketResult(1, 0);
        if (!_closed) (_patience ??= new LoopTimer(_loop, OnTimeout)).Start(patience);
        return new Receiving(this, isCompleted: _closed);
    }

    /// <summary>Ends the receive that is awaited, if any, as if its patience were over.</summary>
    public void EndReceive()
    {
        if (_reader is not null) _loop.Post(OnQuiet);
    }

    /// <summary>Sends all of the bytes; completes when the kernel has them, or with the error.</summary>
    /// <param name="buffer">Not to be touched until the await is over.</param>
    public Sending SendAsync(byte[] buffer, int offset, int count)
    {
        (_toSend, _sendStart, _sendEnd) = (buffer, offset, offset + count);
        _sent = new SocketResult(count, 0);
        return new Sending(this, isCompleted: TrySend());
    }

    /// <summary>Waits until the kernel takes more bytes to send; of a socket that connects, until that is decided.</summary>
    /// <returns>A success, unless the connection was closed on our side: the next call on the socket tells the rest.</returns>
    public Sending WritableAsync()
    {
        _sendStart = _sendEnd = 0;
        _sent = _closed ? SocketResult.Closed : default;
        return new Sending(this, isCompleted: _closed);
    }

    /// <summary>
    /// Ends the connection at once; with <see cref="TcpSocket.ResetOnClose"/> the peer sees a reset. Who waits for
    /// something goes on with <see cref="SocketResult.Closed"/>. Closing twice is allowed.
    /// </summary>
    public void Close()
    {
        if (_closed) return;
        _closed = true;
        _patience?.Forget();
        ReleaseUnread();
        if (_interest != Readiness.None) _loop.Unwatch(Socket.Descriptor, isClosing: true);
        Socket.Dispose();
        _received = _sent = SocketResult.Closed;
        if (_reader is not null) _loop.Post(Take(ref _reader));
        if (_writer is not null) _loop.Post(Take(ref _writer));
    }

    void IWatcher.OnReady(Readiness readiness)
    {
        const Readiness over = Readiness.Failed | Readiness.HungUp | Readiness.PeerEnded;
        // Told in vain: epoll would go on telling. A session that works on what it got last time usually waits again
        // before the next round, so this is rare.
        Readiness wanted = Wanted;
        if ((readiness & _interest & ~wanted) != 0 || wanted == Readiness.None) Watch(wanted);

        if ((readiness & (Readiness.Readable | over)) != 0)
        {
            _mayHaveMore = true;
            _hasPeerEnded |= (readiness & over) == Readiness.PeerEnded;
            if (_reader is not null && (_leavesBytes || TryReceive()))
            {
                _patience?.Stop();
                // What has ended or failed has at least the news of that behind its bytes.
                _mayHaveMore |= (readiness & over) != 0;
                Take(ref _reader)();
            }
        }
        if ((readiness & (Readiness.Writable | Readiness.Failed | Readiness.HungUp)) != 0 && _writer is not null && TrySend())
            Take(ref _writer)();
    }

    private Readiness Wanted =>
        (_reader is null ? Readiness.None : Readiness.Readable | Readiness.PeerEnded)
        | (_writer is null ? Readiness.None : Readiness.Writable);

    private void Watch(Readiness interest)
    {
        if (interest == _interest) return;
        if (_interest == Readiness.None) _loop.Watch(Socket.Descriptor, interest, this);
        else if (interest == Readiness.None) _loop.Unwatch(Socket.Descriptor, isClosing: false);
        else _loop.Change(Socket.Descriptor, interest);
        _interest = interest;
    }

    // Where the loop comes late, bytes may have come in time: they count (PROTOCOL 2, "no more is waiting").
    private void OnTimeout()
    {
        if (_reader is not null && !_leavesBytes && TryReceive()) Take(ref _reader)();
        else OnQuiet();
    }

    private void OnQuiet()
    {
        if (_reader is null) return;
        _wasQuiet = true;
        Take(ref _reader)();
    }

    // False if nothing is there.
    private bool TryReceive()
    {
        KeepUnread();
        SocketResult received = Socket.Receive(_loop.ReceiveBuffer.AsSpan(0, _readBytesMax));
        _mayHaveMore = received.Bytes == _readBytesMax;
        if (received.WouldBlock) return false;
        // Nothing comes behind the end of the stream, so a read that left room in the buffer has taken all.
        HasReadAll = _hasPeerEnded && received.Bytes > 0 && !_mayHaveMore;
        _received = received;
        if (_start == _end) (_bytes, _start, _end) = (_loop.ReceiveBuffer, 0, received.Bytes);
        else Append(received.Bytes);
        return true;
    }

    private void Append(int bytes)
    {
        if (_end + bytes > _bytes.Length)
        {
            Unread.CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        _loop.ReceiveBuffer.AsSpan(0, bytes).CopyTo(_bytes.AsSpan(_end));
        _end += bytes;
    }

    // False if the peer's buffer is full.
    private bool TrySend()
    {
        while (_sendStart < _sendEnd)
        {
            SocketResult sent = Socket.Send(_toSend.AsSpan(_sendStart, _sendEnd - _sendStart));
            if (sent.WouldBlock) return false;
            if (!sent.IsSuccess)
            {
                _sent = sent;
                return true;
            }
            _sendStart += sent.Bytes;
        }
        return true;
    }

    private void ReleaseUnread()
    {
        if (_bytes != _loop.ReceiveBuffer) _loop.Buffers.Return(_bytes);
        (_bytes, _start, _end) = (_loop.ReceiveBuffer, 0, 0);
    }

    private static Action Take(ref Action? waiter)
    {
        Action taken = waiter!;
        waiter = null;
        return taken;
    }

    /// <summary>What a receive is awaited by.</summary>
    public readonly struct Receiving(Connection connection, bool isCompleted) : ICriticalNotifyCompletion
    {
        public Receiving GetAwaiter() => this;
        public bool IsCompleted => isCompleted;
        public SocketResult GetResult() => connection._wasQuiet ? SocketResult.Quiet : connection._received;
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            connection.KeepUnread();
            connection._reader = continuation;
            connection.Watch(connection._interest | connection.Wanted);
        }
    }

    /// <summary>What a send is awaited by.</summary>
    public readonly struct Sending(Connection connection, bool isCompleted) : ICriticalNotifyCompletion
    {
        public Sending GetAwaiter() => this;
        public bool IsCompleted => isCompleted;
        public SocketResult GetResult() => connection._sent;
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            connection.KeepUnread();
            connection._writer = continuation;
            connection.Watch(connection._interest | connection.Wanted);
        }
    }
}
