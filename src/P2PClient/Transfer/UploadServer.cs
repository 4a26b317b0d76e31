using System;
using System.Net.Sockets;
using P2P.Transport;

namespace P2P.Client;

/// <summary>What the upload sessions of a client share.</summary>
internal sealed class UploadServer
{
    private readonly UploadQueue _queue = new();
    private readonly LoopTimer _check;

    /// <param name="traffic">Counts the bytes that go.</param>
    /// <param name="onLost">Told of a chunk whose file has gone or changed.</param>
    public UploadServer(EventLoop loop, FileSet files, Traffic traffic, Action<int> onLost)
    {
        (Loop, Files, Traffic, OnLost) = (loop, files, traffic, onLost);
        _check = new LoopTimer(loop, Check);
    }

    public EventLoop Loop { get; }

    public FileSet Files { get; }

    public Traffic Traffic { get; }

    public Action<int> OnLost { get; }

    /// <summary>Serves a peer that has connected.</summary>
    public void OnAccepted(Socket socket) => _ = new UploadSession(this, socket).RunAsync();

    /// <summary>Enters a request into the queue; its turn may come at once.</summary>
    public void Enter(UploadRequest upload)
    {
        _queue.Add(upload, EventLoop.Now);
        if (_queue.HasWaiting && !_check.IsRunning) _check.Start(ClientLimits.UploadStall);
    }

    /// <summary>Takes it out: all is sent, or the peer has gone.</summary>
    public void Leave(UploadRequest upload) => _queue.Remove(upload, EventLoop.Now);

    private void Check()
    {
        _queue.GiveTurns(EventLoop.Now);
        if (_queue.HasWaiting) _check.Start(ClientLimits.UploadStall);
    }
}
