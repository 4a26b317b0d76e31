using System;
using System.Text;
using P2P.Protocol;

namespace P2P.Tracker;

/// <summary>One client of the swarm, as it is listed.</summary>
internal sealed class SwarmPeer(Swarm swarm, string host, int port, int id)
{
    public string Host { get; } = host;

    public int Port { get; } = port;

    /// <summary>Its place in the swarm's table; given to another peer once this one has gone.</summary>
    public int Id { get; } = id;

    /// <summary>It called by a loopback address.</summary>
    public bool IsLocal { get; } = host == HostName.Localhost;

    /// <summary>Itself in an answer to this machine: <c>,host,port</c>.</summary>
    public byte[] Text { get; } = Encoding.ASCII.GetBytes($",{host},{port}");

    /// <summary>The host alone.</summary>
    public ReadOnlyMemory<byte> HostText => Text.AsMemory(1, Host.Length);

    /// <summary>Open tracker connections that announced it.</summary>
    public int Connections { get; private set; }

    /// <summary>When the last of them went.</summary>
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

    public void OnConnected()
    {
        if (++Connections == 1) swarm.OnConnectionsChange();
    }

    public void OnDisconnected(TimeSpan now)
    {
        GoneAt = now;
        if (--Connections == 0) swarm.OnConnectionsChange();
    }
}
