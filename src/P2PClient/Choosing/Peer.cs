using System;
using System.Diagnostics;
using System.Net;
using System.Text;

namespace P2P.Client;

/// <summary>One source of chunks, and how well the peer has served this client. All times are the loop's.</summary>
/// <param name="isOurs">The peer is certainly one of our programs; a stranger's may serve only one chunk at a time.
/// </param>
internal sealed class Peer(string host, int port, IPAddress[] addresses, bool isOurs = false)
{
    private readonly BackOff _backOff = new(ClientLimits.PeerPauseMin, ClientLimits.PeerPauseMax);
    private bool _isLaneRefused;

    /// <summary>The host as in the log: localhost, or an address.</summary>
    public string Host { get; } = host;

    /// <summary>The host as bytes.</summary>
    public ReadOnlyMemory<byte> HostText { get; } = Encoding.ASCII.GetBytes(host);

    public int Port { get; } = port;

    /// <summary>The addresses at which the peer may listen, to be tried in turn; none if the peer can't be reached from
    /// this machine.</summary>
    public IPAddress[] Addresses { get; } = addresses;

    /// <summary>The number of chunks that are being fetched from the peer.</summary>
    public int Downloads
    {
        get;
        set
        {
            Debug.Assert(value >= 0, "a count fell below zero");
            field = value;
        }
    }

    /// <summary>The number of chunks that the peer was asked for, in all.</summary>
    public int Requests
    {
        get;
        set
        {
            Debug.Assert(value > field, "requests are only added");
            field = value;
        }
    }

    /// <summary>The number of chunks that are not held and for which the tracker lists this peer.</summary>
    public int Listed
    {
        get;
        set
        {
            Debug.Assert(value >= 0, "a count fell below zero");
            field = value;
        }
    }

    /// <summary>The number of the last answer that listed the peer (<see cref="PeerBook"/>).</summary>
    public long Answer { get; set; }

    /// <summary>The peer's last chunk came quickly.</summary>
    public bool IsFast { get; private set; }

    /// <summary>The peer has failed since it last delivered a chunk.</summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>When the pause after the peer's last failure ends: until then the peer is not asked.</summary>
    public TimeSpan PausedUntil { get; private set; }

    /// <summary>The version of the lane that the peer speaks, by the tracker's last word; 0: none.</summary>
    public int LaneVersion
    {
        get;
        set
        {
            field = value;
            if (value == 0) _isLaneRefused = false;     // the next word is about another process
        }
    }

    /// <summary>Chunks are fetched from the peer over a lane (PROTOCOL 9).</summary>
    public bool UsesLane => LaneVersion > 0 && !_isLaneRefused;

    /// <summary>How many chunks the peer is asked for at a time, and how far away it is, while it has a lane.</summary>
    public LaneWindow Window { get; } = new();

    /// <summary>True if the peer may be asked for one more chunk now.</summary>
    public bool HasRoom => Downloads < DownloadsMax;

    private int DownloadsMax =>
        UsesLane ? Window.Requests
        : IsFast ? ClientLimits.DownloadsFromFastPeerMax
        : isOurs ? ClientLimits.DownloadsFromOursMax
        : 1;

    /// <summary>The peer's name in messages to the user.</summary>
    public override string ToString() => $"{Host}:{Port}";

    /// <summary>The peer does not speak the lane after all: it gets a connection for each chunk, until the tracker says
    /// that another process has its place.</summary>
    public void RefuseLane() => _isLaneRefused = true;

    /// <summary>The peer delivered a chunk.</summary>
    public void OnSuccess(TimeSpan took)
    {
        Debug.Assert(took >= TimeSpan.Zero, "the chunk was there before it was asked for");
        IsDoubtful = false;
        _backOff.Reset();
        IsFast = took <= ClientLimits.FastChunkTime;
    }

    /// <summary>The peer did not deliver a chunk, and is not asked for a while, which is longer each time.</summary>
    /// <param name="severity">As many failures as this one counts for: more than 1 if it cost much time.</param>
    public void OnFailure(TimeSpan now, int severity)
    {
        Debug.Assert(severity >= 1, "a failure counts for one at least");
        for (int i = 1; i < severity; i++) _backOff.Grow();
        PausedUntil = now + _backOff.Next();
        IsDoubtful = true;
        IsFast = false;
    }
}
