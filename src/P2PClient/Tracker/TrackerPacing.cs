using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Tells when the tracker at the other end of one connection has read everything that was sent, so that a stranger's
/// tracker never finds two messages in one read (PROTOCOL 2.5). On the loop's thread.
/// </summary>
internal sealed class TrackerPacing
{
    private readonly EventLoop _loop;
    private readonly ReceiveQueueProbe _probe;
    private readonly LoopSignal _pause;
    private readonly BackOff _backOff = new(ClientLimits.QueuePauseMin, ClientLimits.QueuePauseMax, factor: 1.5);
    private readonly bool _isBlind;     // the kernel can't say how much the tracker has read
    private bool _hasReadAll;           // the kernel has said that the tracker has read every message
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

    /// <summary>The other end has a receive buffer of the size that only our own tracker has.</summary>
    public bool IsOurTracker => _probe.IsOurTracker;

    /// <summary>So many bytes are about to be sent.</summary>
    public void OnSending(int bytes)
    {
        Debug.Assert(bytes > 0, "the bytes sent only become more");
        _sentBytes += bytes;
        _sentAt = EventLoop.Now;
        _hasReadAll = false;
    }

    /// <summary>The tracker has sent something.</summary>
    public void OnReceived() => _receivedAt = EventLoop.Now;

    /// <summary>The connection is over: <see cref="WaitUntilReadAsync"/> returns at once from now on.</summary>
    public void Stop()
    {
        _isStopped = true;
        _pause.Set();
    }

    /// <summary>Returns when the tracker has read every message so far. Most trackers read at once, so the kernel is
    /// asked a few times in a row before the first pause. Where the kernel can't say, the clock decides.</summary>
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
