using System;
using System.Diagnostics;
using System.Text;
using P2P.Protocol;

namespace P2P.Tracker;

/// <summary>One client of the swarm, as it is listed.</summary>
internal sealed class SwarmPeer(Swarm swarm, string host, int port, int id)
{
    public string Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>The peer's place in the swarm's table; another peer may get it once this one is removed.</summary>
    public int Id { get; } = id;

    /// <summary>The peer's tracker connection came from a loopback address.</summary>
    public bool IsLocal { get; } = host == HostName.Localhost;

    /// <summary>The peer in an answer to a client of this machine: <c>,host,port</c>.</summary>
    public byte[] Text { get; } = Encoding.ASCII.GetBytes($",{host},{port}");

    /// <summary>The host alone.</summary>
    public ReadOnlyMemory<byte> HostText => Text.AsMemory(1, Host.Length);

    /// <summary>Chunks that the peer has announced.</summary>
    public int Chunks { get; set; }

    /// <summary>Open tracker connections that announced the peer.</summary>
    public int Connections { get; private set; }

    /// <summary>The version of the lane that the peer speaks (PROTOCOL 9.2), by the word of the connection that last
    /// began to announce it; 0 for a stranger, and for a peer without a connection.</summary>
    public byte LaneVersion { get; private set; }

    /// <summary>The set that the peer has and can describe (PROTOCOL 10), by the word of that connection; 0: not
    /// known.</summary>
    public ulong SetId { get; private set; }

    /// <summary>The name that its user has given it, in UTF-8, by the word of that connection, also when it has ended;
    /// null: none.</summary>
    public byte[]? Name { get; private set; }

    /// <summary>When the last of them ended.</summary>
    public TimeSpan GoneAt { get; private set; }

    /// <summary>Writes <c>,host,port</c>, if there is room.</summary>
    /// <param name="thisMachine">Stands for localhost, unless null.</param>
    public bool TryWrite(Span<byte> buffer, string? thisMachine, out int bytes)
    {
        bool isRenamed = IsLocal && thisMachine is not null;
        ReadOnlySpan<byte> text = isRenamed ? Text.AsSpan(1 + Host.Length) : Text;      // ,port
        int hostBytes = isRenamed ? 1 + thisMachine!.Length : 0;
        bytes = hostBytes + text.Length;
        if (bytes > buffer.Length) return false;
        if (isRenamed)
        {
            buffer[0] = (byte)',';
            Encoding.ASCII.GetBytes(thisMachine, buffer[1..]);
        }
        text.CopyTo(buffer[hostBytes..]);
        return true;
    }

    /// <summary>One more tracker connection announces the peer.</summary>
    /// <param name="client">What the client at its other end has said; null: nothing.</param>
    public void OnConnected(OurClient? client = null)
    {
        byte laneVersion = client?.LaneVersion ?? 0;
        Debug.Assert(swarm.Peers[Id] == this, "a removed peer gets a connection");
        bool isOther = LaneVersion != laneVersion;
        (LaneVersion, Name) = (laneVersion, client?.Name);
        SetSet(client?.SetId ?? 0);
        bool isFirst = ++Connections == 1;
        if (isFirst || isOther) swarm.OnPeerChanged(this, isFirst ? 1 : 0);
    }

    /// <summary>A tracker connection that announced the peer has ended.</summary>
    public void OnDisconnected(TimeSpan now)
    {
        Debug.Assert(Connections > 0, "a connection leaves its peer twice");
        Debug.Assert(swarm.Peers[Id] == this, "a peer was removed while it had a connection");
        GoneAt = now;
        if (--Connections > 0) return;
        LaneVersion = 0;
        SetSet(0);
        swarm.OnPeerChanged(this, -1);
    }

    private void SetSet(ulong setId)
    {
        if (setId == SetId) return;
        if (SetId != 0) swarm.Describers.Remove(this);
        SetId = setId;
        if (SetId != 0) swarm.Describers.Add(this);
    }
}
