using System;
using System.Collections.Generic;
using System.Net.Sockets;
using P2P.Logging;
using P2P.Tracker.Http;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>The tracker: listens, gives every client a <see cref="TrackerSession"/>, and keeps what they
/// share.</summary>
internal sealed class TrackerServer
{
    private readonly LoopTimer _sweep;
    private readonly HashSet<TrackerSession> _silent = [];      // those that never sent a message
    private readonly HttpAccess _access;
    private HttpServer? _http;                                  // made when first needed

    /// <summary>Makes a tracker that does not listen yet.</summary>
    public TrackerServer(EventLoop loop, ActionLog log, HttpAccess access)
    {
        (Loop, Log, _access) = (loop, log, access);
        _sweep = new LoopTimer(loop, Sweep);
    }

    public EventLoop Loop { get; }

    public ActionLog Log { get; }

    public Swarm Swarm { get; } = new();

    public FairShare FairShare { get; } = new();

    /// <summary>When it was made.</summary>
    public TimeSpan StartedAt { get; } = EventLoop.Now;

    /// <summary>WHERE_CHUNK messages read.</summary>
    public long Questions { get; set; }

    /// <summary>LOCAL_CHUNKS messages read.</summary>
    public long Announcements { get; set; }

    /// <summary>LOCAL_CHUNKS messages that the tracker has not listed, because the list or a connection's share of it
    /// is full.</summary>
    public long Refused { get; set; }

    /// <summary>Connections accepted.</summary>
    public long Connections { get; private set; }

    /// <summary>Serves the clients that connect from now on. On the loop.</summary>
    public void Start(Acceptor acceptor)
    {
        Loop.OnRoundEnd = Log.Flush;
        acceptor.Configure(socket => socket.LimitUnread(Limits.TrackerUnreadBytes));
        acceptor.Start(Loop, OnAccepted, CloseSilent);
    }

    /// <summary>A session has read its first message.</summary>
    public void OnFirstMessage(TrackerSession session) => _silent.Remove(session);

    /// <summary>Takes a connection over if it began with a request for the tracker's page.</summary>
    /// <param name="connection">With its first bytes unread.</param>
    public bool TryServeHttp(Connection connection)
    {
        if (_access == HttpAccess.Off || !HttpRequest.Begins(connection.Unread)) return false;
        _http ??= new HttpServer(this, _access);
        _ = _http.ServeAsync(connection);
        return true;
    }

    /// <summary>A session is over; its peers may have gone.</summary>
    public void OnSessionEnd(TrackerSession session)
    {
        _silent.Remove(session);
        if (!_sweep.IsRunning) _sweep.Start(TrackerLimits.GonePeerSweep);
    }

    private void OnAccepted(Socket socket)
    {
        Connections++;
        var session = new TrackerSession(this, socket);
        _silent.Add(session);
        _ = session.RunAsync();
    }

    // Descriptors or memory run short: who has had a minute and said nothing makes room for others.
    private void CloseSilent()
    {
        TimeSpan before = EventLoop.Now - TrackerLimits.SilentLife;
        foreach (TrackerSession session in new List<TrackerSession>(_silent))
        {
            if (session.StartedAt < before) session.Close();
        }
    }

    private void Sweep()
    {
        Swarm.RemoveGoneBefore(EventLoop.Now - TrackerLimits.GonePeerLife);
        if (Swarm.HasGonePeers) _sweep.Start(TrackerLimits.GonePeerSweep);
    }
}
