using System.Net.Sockets;
using P2P.Logging;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>The tracker: listens, gives every client a <see cref="TrackerSession"/>, and keeps what they share.</summary>
internal sealed class TrackerServer
{
    private readonly LoopTimer _sweep;

    /// <summary>Makes a tracker that does not listen yet.</summary>
    public TrackerServer(EventLoop loop, ActionLog log)
    {
        (Loop, Log) = (loop, log);
        _sweep = new LoopTimer(loop, Sweep);
    }

    public EventLoop Loop { get; }

    public ActionLog Log { get; }

    public Swarm Swarm { get; } = new();

    /// <summary>WHERE_CHUNK messages read.</summary>
    public long Questions { get; set; }

    /// <summary>LOCAL_CHUNKS messages read.</summary>
    public long Announcements { get; set; }

    /// <summary>Connections accepted.</summary>
    public long Connections { get; private set; }

    /// <summary>Serves the clients that connect from now on. On the loop.</summary>
    public void Start(Acceptor acceptor) => acceptor.Start(Loop, OnAccepted);

    /// <summary>A session is over; its peers may have gone.</summary>
    public void OnSessionEnd()
    {
        if (!_sweep.IsRunning) _sweep.Start(TrackerLimits.GonePeerSweep);
    }

    private void OnAccepted(Socket socket)
    {
        Connections++;
        TrackerSession session;
        try
        {
            session = new TrackerSession(this, socket);
        }
        catch (SocketException)
        {
            socket.Dispose();       // gone before it could be looked at
            return;
        }
        _ = session.RunAsync();
    }

    private void Sweep()
    {
        Swarm.RemoveGoneBefore(EventLoop.Now - TrackerLimits.GonePeerLife);
        if (Swarm.HasGonePeers) _sweep.Start(TrackerLimits.GonePeerSweep);
    }
}
