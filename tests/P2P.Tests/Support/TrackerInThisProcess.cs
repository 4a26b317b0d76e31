using System;
using System.IO;
using System.Net;
using System.Threading;
using P2P.Logging;
using P2P.Tracker;
using P2P.Tracker.Http;
using P2P.Transport;

namespace P2P.Tests.Support;

/// <summary>The tracker itself, with its sessions and sockets, on a loop of its own in this process: for what can only
/// be seen from inside. Stops when disposed.</summary>
internal sealed class TrackerInThisProcess : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Thread _thread;
    private EventLoop _loop = null!;
    private TrackerServer _server = null!;

    public TrackerInThisProcess()
    {
        using var isListening = new ManualResetEventSlim();
        _thread = new Thread(() =>
        {
            _loop = new EventLoop(Limits.RequestReadBytes);
            var log = ActionLog.Open(_folder["logs.log"], "P2PTracker", reason => throw new IOException(reason));
            _server = new TrackerServer(_loop, log, HttpAccess.Off);
            var acceptor = Acceptor.Listen([IPAddress.Loopback], 0, TrackerServer.Configure);
            _loop.Run(() =>
            {
                _server.Start(acceptor);
                Port = acceptor.Port;
                isListening.Set();
            });
        }) { IsBackground = true, Name = nameof(TrackerInThisProcess) };
        _thread.Start();
        if (!isListening.Wait(Patience.Limit))
            throw new TimeoutException("The tracker in this process does not listen.");
    }

    public int Port { get; private set; }

    /// <summary>What it has read until now, and what its thread has allocated in bytes, as of one moment.</summary>
    public (long Announcements, long Questions, long AllocatedBytes) Look()
    {
        (long, long, long) seen = default;
        using var hasLooked = new ManualResetEventSlim();
        _loop.Post(() =>
        {
            seen = (_server.Announcements, _server.Questions, GC.GetAllocatedBytesForCurrentThread());
            hasLooked.Set();
        });
        return hasLooked.Wait(Patience.Limit) ? seen : throw new TimeoutException("The loop does not run.");
    }

    public void Dispose()
    {
        _loop.Post(_loop.Stop);
        _thread.Join(Patience.Limit);
        _folder.Dispose();
    }
}
