using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Serves the peers that connect: the parts that its upload sessions share.</summary>
internal sealed class UploadServer
{
    private readonly UploadQueue _queue;
    private readonly LoopTimer _check;

    /// <summary>Makes it; <see cref="OnAccepted"/> lets it serve.</summary>
    /// <param name="traffic">Counts the bytes sent.</param>
    /// <param name="onLost">Gets the index of a chunk whose file has gone or changed.</param>
    public UploadServer(EventLoop loop, FileSet files, Traffic traffic, Action<int> onLost, ClientOptions options)
    {
        (Loop, Files, Traffic, OnLost, UsesLanes) = (loop, files, traffic, onLost, options.UsesLanes);
        Slots = options.UploadSlots;
        _queue = new UploadQueue(Slots);
        Limit = RateLimit.Of(options.UploadLimit);
        _check = new LoopTimer(loop, GiveTurns);
    }

    public EventLoop Loop { get; }

    public FileSet Files { get; }

    public Traffic Traffic { get; }

    public Action<int> OnLost { get; }

    /// <summary>Peers of ours are served over lanes (PROTOCOL 9).</summary>
    public bool UsesLanes { get; }

    /// <summary>Of all bytes that are sent; null: none.</summary>
    public RateLimit? Limit { get; }

    /// <summary>Requests that wait for their turn.</summary>
    public int WaitingCount => _queue.WaitingCount;

    /// <summary>The lanes that are open.</summary>
    public List<LaneUploads> Lanes { get; } = [];

    /// <summary>Of all lanes that are long.</summary>
    public UplinkRate Uplink { get; } = new();

    /// <summary>Uploads at a time, at least 1; over long lanes twice as many.</summary>
    public int Slots { get; }

    /// <summary>Serves a peer that has connected.</summary>
    public void OnAccepted(Socket socket) => _ = new UploadSession(this, socket).RunAsync();

    /// <inheritdoc cref="UploadQueue.Add"/>
    public void Enter(UploadRequest upload) => _queue.Add(upload);

    /// <inheritdoc cref="UploadQueue.GiveTurns"/>
    public void GiveTurns()
    {
        _queue.GiveTurns(EventLoop.Now);
        WatchWaiting();
    }

    /// <summary>The kernel has taken bytes of a request's chunk.</summary>
    public void OnSent(UploadRequest upload, int bytes)
    {
        Traffic.OnSent(bytes);
        upload.MovedAt = EventLoop.Now;
    }

    /// <summary>Takes time of the limit for bytes of a request's chunk. The request keeps its turn meanwhile.</summary>
    /// <returns>How long to wait before they are sent.</returns>
    public TimeSpan Take(UploadRequest upload, RateLimit limit, int bytes)
    {
        TimeSpan now = EventLoop.Now;
        TimeSpan pause = limit.Take(bytes, now);
        upload.MovedAt = now + pause;
        return pause;
    }

    /// <summary>Gives a request its turn at once, whatever the others do.</summary>
    public void ServeNow(UploadRequest upload)
    {
        upload.Deadline = EventLoop.Now;
        _queue.GiveTurns(upload.Deadline);
        Debug.Assert(upload.HasTurn, "no upload waits beyond its deadline");
    }

    /// <inheritdoc cref="UploadQueue.TryBeginDiskWait"/>
    public bool TryBeginDiskWait(UploadRequest upload)
    {
        bool mayWait = _queue.TryBeginDiskWait(upload, EventLoop.Now);
        WatchWaiting();
        return mayWait;
    }

    /// <inheritdoc cref="UploadQueue.TryKeepTurn"/>
    public bool TryKeepTurn(UploadRequest upload)
    {
        bool mayKeep = _queue.TryKeepTurn(upload, EventLoop.Now);
        WatchWaiting();
        return mayKeep;
    }

    /// <inheritdoc cref="UploadQueue.TryPassTurn"/>
    public bool TryPassTurn(UploadRequest answered) => _queue.TryPassTurn(answered, EventLoop.Now);

    /// <summary>Descriptors run short: lanes without a request make room for others.</summary>
    public void CloseIdleLanes()
    {
        foreach (LaneUploads lane in Lanes)
        {
            if (lane.IsIdle) lane.Close();
        }
    }

    /// <summary>Takes a request out of the queue: the chunk is sent, or the peer has gone.</summary>
    public void Leave(UploadRequest upload) => _queue.Remove(upload, EventLoop.Now);

    private void WatchWaiting()
    {
        if (_queue.WaitingCount > 0 && !_check.IsRunning) _check.Start(ClientLimits.UploadStall);
    }
}
