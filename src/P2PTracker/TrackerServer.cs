using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using P2P.Cli;
using P2P.Logging;
using P2P.Tracker.Http;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>The tracker: listens, gives every client a <see cref="TrackerSession"/>, and keeps what they
/// share.</summary>
internal sealed class TrackerServer
{
    private readonly LoopTimer _sweepTimer;
    private readonly SessionList _silentSessions = new();               // those that have not sent a message yet
    private readonly HttpAccess _access;
    private AllowedNetworks? _allowed;                                  // null: all may connect
    private HttpServer? _http;                                          // null: nobody may see the page

    /// <summary>Makes a tracker that does not listen yet.</summary>
    public TrackerServer(EventLoop loop, ActionLog log, HttpAccess access)
    {
        (Loop, Log, _access) = (loop, log, access);
        _sweepTimer = new LoopTimer(loop, RemoveGonePeers);
        News = new News(loop);
    }

    public EventLoop Loop { get; }

    public ActionLog Log { get; }

    public Swarm Swarm { get; } = new();

    public FairShare FairShare { get; } = new();

    public News News { get; }

    /// <summary>The clients that have announced nothing yet.</summary>
    public WaitingClients WaitingClients { get; } = new();

    /// <summary>When the tracker started.</summary>
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

    /// <summary>Connections closed for their address (-allow).</summary>
    public long NotAllowed => _allowed?.Refused ?? 0;

    /// <summary>Sets the options of a socket that is to listen for clients: they know a tracker of ours by its receive
    /// buffer (PROTOCOL 9.2).</summary>
    public static void Configure(Socket listener) => listener.LimitUnread(Limits.TrackerUnreadBytes);

    /// <summary>Serves the clients that connect from now on. On the loop.</summary>
    /// <param name="acceptor">Its sockets have been through <see cref="Configure"/>.</param>
    /// <param name="allowed">Those that may connect; null: all.</param>
    public void Start(Acceptor acceptor, AllowedNetworks? allowed = null)
    {
        Debug.Assert(Loop.OnRoundEnd is null, "a tracker starts twice");
        Loop.OnRoundEnd = Log.Flush;
        _allowed = allowed;
        if (_access != HttpAccess.Off) _http = new HttpServer(this, _access);
        acceptor.Start(Loop, allowed?.Guard("P2PTracker", OnAccepted) ?? OnAccepted, CloseSilentSessions);
    }

    /// <summary>A session has read its first message.</summary>
    public void OnFirstMessage(TrackerSession session)
    {
        Debug.Assert(!session.HasSentMessage, "a session has two first messages");
        _silentSessions.Remove(session);
        WaitingClients.Add(session);
    }

    /// <summary>Hands a connection over to the HTTP server, if its first bytes are those of an HTTP request.</summary>
    /// <param name="connection">With its first bytes unread. Passes to the HTTP server if the result is true.</param>
    public bool TryServeHttp(Connection connection)
    {
        if (_http is null || !HttpRequest.Begins(connection.Unread)) return false;
        _ = _http.ServeAsync(connection);
        return true;
    }

    /// <summary>A session has ended; its peers may have no connection any more.</summary>
    public void OnSessionEnd(TrackerSession session)
    {
        if (session.HasSentMessage) WaitingClients.Remove(session);
        else _silentSessions.Remove(session);
        News.Remove(session);
        if (!_sweepTimer.IsRunning) _sweepTimer.Start(TrackerLimits.GonePeerSweep);
    }

    private void OnAccepted(Socket socket)
    {
        Connections++;
        var session = new TrackerSession(this, socket);
        _silentSessions.Add(session);
        _ = session.RunAsync();
    }

    // Descriptors or memory run short: connections that have sent no message for long make room for others.
    private void CloseSilentSessions()
    {
        TimeSpan before = EventLoop.Now - TrackerLimits.SilentLife;
        foreach (TrackerSession session in _silentSessions.Sessions.ToArray())
        {
            if (session.StartedAt < before) session.Close();
        }
    }

    private void RemoveGonePeers()
    {
        Swarm.RemoveGoneBefore(EventLoop.Now - TrackerLimits.GonePeerLife);
        if (Swarm.HasGonePeers) _sweepTimer.Start(TrackerLimits.GonePeerSweep);
    }
}
