using System;
using System.Diagnostics;
using System.IO;
using System.Net.Sockets;
using System.Threading;
using P2P.Posix;

namespace P2P.Transport;

/// <summary>
/// Calls the loop in the next round, by a byte in a pipe on whose other end a receive is pending. The runtime handles
/// all sockets that were ready before it, so the call is the end of a round. May be asked for from any thread.
/// </summary>
internal sealed class LoopWake : IOperationOwner
{
    private readonly Socket _reader, _writer;
    private readonly SocketOperation _operation;
    private readonly Action _onWake;
    private int _isAsked;

    /// <summary>Makes a wake-up that does not call before <see cref="Start"/>.</summary>
    public LoopWake(EventLoop loop, Action onWake)
    {
        (int reader, int writer) = Pipe.Open(isNonBlocking: true);
        // The runtime uses read(2) and write(2) on a descriptor that is no socket.
        _reader = new Socket(new SafeSocketHandle(reader, ownsHandle: true));
        _writer = new Socket(new SafeSocketHandle(writer, ownsHandle: true)) { Blocking = false };
        _operation = new SocketOperation(loop) { Owner = this };
        _operation.SetBuffer(new byte[16], 0, 16);
        _onWake = onWake;
    }

    /// <summary>Begins to call the loop, for the first time at once.</summary>
    public void Start()
    {
        if (!_reader.ReceiveAsync(_operation)) throw new IOException("nothing can be in the loop's pipe yet");
        Ask();
    }

    /// <summary>Asks for a call.</summary>
    public void Ask()
    {
        if (Interlocked.Exchange(ref _isAsked, 1) == 0) _writer.Send("!"u8);
    }

    void IOperationOwner.OnCompleted(SocketOperation operation)
    {
        Debug.Assert(operation.Result.Bytes > 0, "the pipe is open, or the loop would wake for ever");
        // A receive that completes at once has swallowed another thread's byte: this call is that thread's call, too.
        // The mark is taken back before each receive, or that thread's next byte would never be written.
        do Volatile.Write(ref _isAsked, 0);
        while (!_reader.ReceiveAsync(_operation));
        _onWake();
    }
}
