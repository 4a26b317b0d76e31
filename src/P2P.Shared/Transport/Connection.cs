using System;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading;

namespace P2P.Transport;

/// <summary>
/// One connected socket and the bytes read from it that nobody has consumed. Owned by one session, used on the loop.
///
/// Bytes arrive in the loop's shared buffer. What a session leaves unread when it waits is moved into a pooled buffer
/// of its own, so an idle connection costs one operation. One receive and one send may be in flight at a time.
/// Hot: allocates nothing per message.
/// </summary>
public sealed class Connection
{
    private readonly EventLoop _loop;
    private readonly int _readBytesMax;
    private readonly SocketOperation _receive;
    private readonly Action _onReceived;
    private readonly LoopTimer _patience;
    private Action? _reader;            // who waits for the receive in flight
    private bool _receiving;
    private bool _hasArrived;           // a receive completed while nobody waited for it
    private bool _wasQuiet;
    private int _readsAtOnce;           // in a row
    private SocketResult _received;     // how the latest receive ended
    private bool _closed;
    private byte[] _bytes;              // where the unread bytes lie: the loop's buffer or a pooled one
    private int _start, _end;
    private int _arrivedBytes;          // behind _end, not shown before their receive is awaited

    /// <summary>Takes a connected socket over.</summary>
    /// <param name="loop">The loop that it lives on.</param>
    /// <param name="socket">Connected; <c>NoDelay</c> is set here, since messages are small.</param>
    /// <param name="readBytesMax">Most that one receive takes, in bytes. Above <see cref="Limits.MessageReadBytes"/>
    /// only for a session that consumes all before it waits again.</param>
    public Connection(EventLoop loop, Socket socket, int readBytesMax)
    {
        _loop = loop;
        _readBytesMax = readBytesMax;
        _bytes = loop.ReceiveBuffer;
        _onReceived = OnReceived;
        _patience = new LoopTimer(loop, OnQuiet);
        _receive = loop.Pools.Operations.Get();
        Socket = socket;
        socket.NoDelay = true;
    }

    /// <summary>The socket, for its addresses and options.</summary>
    public Socket Socket { get; }

    /// <summary>All bytes read and not yet consumed, good until the next wait.</summary>
    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    /// <summary>True when so much has been there at once that the others should have their turn
    /// (<see cref="EventLoop.YieldAsync"/>, after <see cref="KeepUnread"/>).</summary>
    public bool HasHadTurn => _readsAtOnce >= Limits.ReadsPerTurn;

    /// <summary>Lets the kernel find out, within some minutes, that the other machine is dead.</summary>
    public void KeepAlive()
    {
        Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Limits.KeepAliveSeconds);
        Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Limits.KeepAliveSeconds / 4);
        Socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
    }

    /// <summary>Drops the first unread bytes.</summary>
    public void Consume(int bytes)
    {
        _start += bytes;
        if (_start == _end && !_hasArrived) ReleaseUnread();
    }

    /// <summary>Moves the unread bytes to a buffer of this connection's own. To be called before its session waits for
    /// anything but this connection, since others' bytes will come into the loop's buffer meanwhile.</summary>
    public void KeepUnread()
    {
        if (_start == _end || _bytes != _loop.ReceiveBuffer) return;
        byte[] kept = _loop.Pools.Buffers.Get();
        Unread.CopyTo(kept);
        (_bytes, _start, _end) = (kept, 0, _end - _start);
    }

    /// <summary>
    /// Receives what is there, or the next that comes: <c>SocketResult result = await connection.ReceiveAsync(...)</c>.
    /// The bytes are behind the others in <see cref="Unread"/>; 0 bytes are the peer's end of stream.
    /// </summary>
    /// <param name="patience">After how long without a byte the result is <see cref="SocketResult.Quiet"/>; the receive
    /// then goes on, and the next call joins it. Zero asks only whether something is there.</param>
    public Receiving ReceiveAsync(TimeSpan patience)
    {
        _wasQuiet = false;
        if (_closed) _received = new SocketResult(0, SocketError.OperationAborted);
        else if (_hasArrived)
        {
            _hasArrived = false;
            _end += _arrivedBytes;
        }
        else if (!_receiving)
        {
            KeepUnread();
            _receive.SetBuffer(_loop.ReceiveBuffer, 0, _readBytesMax);
            _receiving = _receive.Start(Socket.ReceiveAsync(_receive), _onReceived);
            if (!_receiving)
            {
                _readsAtOnce++;
                _received = _receive.GetResult();
                TakeReceived();
            }
            else _readsAtOnce = 0;
        }
        if (_receiving && !_closed)
        {
            if (patience == TimeSpan.Zero) _wasQuiet = true;
            else if (patience != Timeout.InfiniteTimeSpan) _patience.Start(patience);
        }
        return new Receiving(this);
    }

    /// <summary>Sends all of the bytes; completes when the kernel has them, or with the error.</summary>
    /// <param name="buffer">Belongs to the kernel until the await is over.</param>
    public Sending SendAsync(byte[] buffer, int offset, int count)
    {
        SocketOperation operation = _loop.Pools.Operations.Get();
        operation.SetBuffer(buffer, offset, count);
        bool isPending = Socket.SendAsync(operation);
        // Another connection's bytes will come into the loop's buffer while we wait.
        if (isPending) KeepUnread();
        return new Sending(_loop.Pools, operation.Start(isPending));
    }

    /// <summary>
    /// Ends the connection at once; with <c>SO_LINGER (on, 0)</c> set the peer sees a reset. The operation in flight, if
    /// any, comes home when the runtime has aborted it. Closing twice is allowed.
    /// </summary>
    public void Close()
    {
        if (_closed) return;
        _closed = true;
        _patience.Forget();
        ReleaseUnread();
        bool isReceiving = _receiving;
        Socket.Dispose();
        if (!isReceiving) _loop.Pools.Operations.Return(_receive);
    }

    private void OnReceived()
    {
        _receiving = false;
        _received = _receive.GetResult();
        _patience.Stop();
        if (_closed) _loop.Pools.Operations.Return(_receive);
        else if (_reader is not null) TakeReceived();
        else
        {
            _hasArrived = true;
            Append();
        }
        ResumeReader();
    }

    private void OnQuiet()
    {
        _wasQuiet = true;
        ResumeReader();
    }

    private void ResumeReader()
    {
        Action? reader = _reader;
        _reader = null;
        reader?.Invoke();
    }

    // What was received lies at the head of the loop's buffer.
    private void TakeReceived()
    {
        if (_start == _end)
        {
            (_bytes, _start, _end) = (_loop.ReceiveBuffer, 0, _received.Bytes);
            return;
        }
        Append();
        _end += _arrivedBytes;
    }

    private void Append()
    {
        _arrivedBytes = _received.Bytes;
        if (_arrivedBytes == 0) return;
        if (_bytes == _loop.ReceiveBuffer) (_bytes, _start, _end) = (_loop.Pools.Buffers.Get(), 0, 0);
        if (_end + _arrivedBytes > _bytes.Length)
        {
            Unread.CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        _loop.ReceiveBuffer.AsSpan(0, _arrivedBytes).CopyTo(_bytes.AsSpan(_end));
    }

    private void ReleaseUnread()
    {
        if (_bytes != _loop.ReceiveBuffer) _loop.Pools.Buffers.Return(_bytes);
        (_bytes, _start, _end) = (_loop.ReceiveBuffer, 0, 0);
    }

    /// <summary>What a receive is awaited by.</summary>
    public readonly struct Receiving(Connection connection) : ICriticalNotifyCompletion
    {
        public Receiving GetAwaiter() => this;
        public bool IsCompleted => !connection._receiving || connection._wasQuiet || connection._closed;
        public SocketResult GetResult() => connection._wasQuiet ? SocketResult.Quiet : connection._received;
        public void OnCompleted(Action continuation) => connection._reader = continuation;
        public void UnsafeOnCompleted(Action continuation) => connection._reader = continuation;
    }

    /// <summary>What a send is awaited by; its operation goes back to the pool with the result.</summary>
    public readonly struct Sending(OperationPools pools, SocketOperation operation) : ICriticalNotifyCompletion
    {
        public Sending GetAwaiter() => this;
        public bool IsCompleted => operation.IsCompleted;
        public void OnCompleted(Action continuation) => operation.OnCompleted(continuation);
        public void UnsafeOnCompleted(Action continuation) => operation.UnsafeOnCompleted(continuation);

        public SocketResult GetResult()
        {
            SocketResult result = operation.GetResult();
            pools.Operations.Return(operation);
            return result;
        }
    }
}
