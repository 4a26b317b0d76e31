using System.Diagnostics;
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Tells when the tracker at the other end of one connection has read what was sent to it, so that a stranger's never
/// finds two messages in one read (PROTOCOL 2.5). On the loop's thread.
/// </summary>
internal sealed class TrackerPacing
{
    private readonly EventLoop _loop;
    private readonly ReceiveQueueProbe _probe;
    private readonly LoopSignal _pause;
    private readonly BackOff _backOff = new(ClientLimits.QueuePauseMin, ClientLimits.QueuePauseMax, factor: 1.5);
    private readonly bool _isBlind;     // how much the tracker has read can't be seen
    private bool _hasReadAll;           // the kernel has said that the tracker has read the last message
    private bool _isStopped;
    private long _sentBytes;
    private TimeSpan _sentAt = TimeSpan.MinValue / 2, _receivedAt = TimeSpan.MinValue / 2;

    /// <summary>Makes it for a connection that has just been made.</summary>
    public TrackerPacing(EventLoop loop, Connection connection)
    {
        _loop = loop;
        _pause = new LoopSignal(loop);
        Socket socket = connection.Socket;
        _probe = new ReceiveQueueProbe((IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!);
        _isBlind = _probe.HasReadAll(0) is null;
    }

    /// <summary>The other end has the receive buffer that only our own tracker has.</summary>
    public bool IsOurTracker => _probe.IsOurTracker;

    /// <summary>So many bytes are about to leave.</summary>
    public void OnSending(int bytes)
    {
        Debug.Assert(bytes > 0, "the bytes sent only become more");
        _sentBytes += bytes;
        _sentAt = EventLoop.Now;
        _hasReadAll = false;
    }

    /// <summary>Something has come.</summary>
    public void OnReceived() => _receivedAt = EventLoop.Now;

    /// <summary>The connection is over: nobody waits any longer.</summary>
    public void Stop()
    {
        _isStopped = true;
        _pause.Set();
    }

    /// <summary>Returns when the tracker has read every message so far. Usually it does at once, so we look a few times
    /// before we sleep; where the queue can't be seen, the clock decides.</summary>
    public async Task WaitUntilReadAsync()
    {
        _backOff.Reset();
        for (int attempt = 1; !_isStopped; attempt++)
        {
            if (_sentBytes == 0 || (_hasReadAll && !_isBlind)) return;
            bool? hasRead = _probe.HasReadAll(_sentBytes);
            if (hasRead == true) _hasReadAll = true;
            else if (hasRead is null)
            {
                TimeSpan afterSend = _sentAt + ClientLimits.BlindPauseAfterSend;
                TimeSpan afterReceive = _receivedAt + ClientLimits.BlindPauseAfterReceive;
                TimeSpan wait = (afterSend > afterReceive ? afterSend : afterReceive) - EventLoop.Now;
                if (wait <= TimeSpan.Zero) return;
                await _pause.WaitAsync(wait);
            }
            else if (attempt < ClientLimits.QueueAttemptsAtOnce) await _loop.YieldAsync();
            else await _pause.WaitAsync(_backOff.Next());
        }
    }
}
