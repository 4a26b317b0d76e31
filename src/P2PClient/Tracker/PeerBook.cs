using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Cli;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>Every peer that the tracker has named, each once.</summary>
/// <param name="ownPort">Our own transfer port: a tracker may list us too.</param>
/// <param name="isTrackerLocal">The tracker is on this machine, and so is every peer that a stranger's tracker may
/// name.</param>
/// <param name="trackerAddresses">Where a tracker elsewhere, and thus what it calls localhost, can be reached.</param>
internal sealed class PeerBook(int ownPort, bool isTrackerLocal, IPAddress[] trackerAddresses)
{
    private readonly Dictionary<(string Host, int Port), Peer> _peers = [];
    private readonly Dictionary<int, Peer> _localPeers = [];      // the usual case, found without a string
    private bool _isHub;

    /// <summary>The tracker is our own, on this machine, and serves others too: peers of theirs are believed.</summary>
    public bool IsHub
    {
        get => _isHub;
        set
        {
            if (value != _isHub) _peers.Clear();        // some were refused before
            _isHub = value;
        }
    }

    /// <summary>Finds the peers of an answer.</summary>
    /// <param name="text"><c>host,port,host,port...</c>, as far as it is that.</param>
    /// <returns>Those that can be asked, each once, in the tracker's order.</returns>
    public Peer[] Read(ReadOnlySpan<byte> text)
    {
        List<Peer> found = [];
        var fields = new FieldReader(text);
        while (MessageReader.TryReadPeer(ref fields, out ReadOnlySpan<byte> host, out int port))
        {
            Peer peer = Get(host, port);
            if (peer.Addresses.Length > 0 && !found.Contains(peer)) found.Add(peer);
        }
        return [.. found];
    }

    private Peer Get(ReadOnlySpan<byte> hostText, int port)
    {
        Debug.Assert(!hostText.IsEmpty && port is > 0 and <= 65535, "the reader let no such peer through");
        if (HostName.IsLoopback(hostText))
        {
            if (_localPeers.TryGetValue(port, out Peer? local)) return local;
            IPAddress[] addresses = isTrackerLocal ? port == ownPort ? [] : HostTable.Localhost : trackerAddresses;
            return _localPeers[port] = Meet(new Peer(HostName.Localhost, port, addresses, isOurs: !isTrackerLocal));
        }
        string host = Encoding.ASCII.GetString(hostText);
        if (_peers.TryGetValue((host, port), out Peer? peer)) return peer;
        IPAddress[] reachable = Array.FindAll(HostTable.Resolve(host), address => MayReach(address, port));
        return _peers[(host, port)] = Meet(new Peer(host, port, reachable, isOurs: !isTrackerLocal));
    }

    private Peer Meet(Peer peer)
    {
        if (peer.Addresses.Length == 0)
        {
            string reason = peer.Port == ownPort ? "its port is ours" : "no address of it may be reached from here";
            Diagnosis.Log?.Add($"source {peer} refused: {reason}");
        }
        return peer;
    }

    // A stranger's tracker on this machine repeats whatever its clients call themselves: this machine's own addresses
    // are believed, a third machine's are not (PROTOCOL 6.4).
    private bool MayReach(IPAddress address, int port)
    {
        bool isOurs = HostName.IsLoopback(address) || IsOfThisMachine(address);
        return isOurs ? port != ownPort : !isTrackerLocal || _isHub;
    }

    private static bool IsOfThisMachine(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
