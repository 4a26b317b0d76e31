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
/// <param name="ownPort">This client's transfer port: a tracker may list the client itself.</param>
/// <param name="isTrackerLocal">The tracker is on this machine. It may be a stranger's, whose peers count only if they
/// are on this machine, too.</param>
/// <param name="trackerAddresses">See <see cref="TrackerAddresses"/>.</param>
internal sealed class PeerBook(int ownPort, bool isTrackerLocal, IPAddress[] trackerAddresses)
{
    private readonly Dictionary<(string Host, int Port), Peer> _peers = [];
    private readonly Dictionary<int, Peer> _localPeers = [];      // the usual case, found without a string
    private long _answers;      // read
    private bool _isHub;

    /// <summary>The tracker is our own, is on this machine, and serves other machines, too: peers on these count.
    /// </summary>
    public bool IsHub
    {
        get => _isHub;
        set
        {
            if (value != _isHub) _peers.Clear();        // other addresses of these peers count from now on
            _isHub = value;
        }
    }

    /// <summary>The tracker's addresses: where a tracker elsewhere says localhost, it means its own machine.</summary>
    public IPAddress[] TrackerAddresses
    {
        get;
        set
        {
            field = value;
            _localPeers.Clear();
        }
    } = trackerAddresses;

    /// <summary>The tracker is our own and marks the peers that speak the lane (PROTOCOL 9.2).</summary>
    public bool HasMarks { get; set; }

    /// <summary>Finds the peers of an answer.</summary>
    /// <param name="text"><c>host,port,host,port...</c>; pairs that name no peer are skipped. With
    /// <see cref="HasMarks"/> perhaps the marks behind them.</param>
    /// <returns>The peers that can be asked, each once, in the tracker's order.</returns>
    public Peer[] Read(ReadOnlySpan<byte> text)
    {
        List<Peer> found = [];
        _answers++;
        ReadOnlySpan<byte> marks = HasMarks ? LaneSyntax.TakeMarks(ref text) : default;
        var fields = new FieldReader(text);
        for (int place = 0; MessageReader.TryReadPeer(ref fields, out ReadOnlySpan<byte> host, out int port); place++)
        {
            Peer peer = Get(host, port);
            peer.LaneVersion = place < marks.Length ? marks[place] - '0' : 0;
            if (peer.Addresses.Length > 0 && peer.Answer != _answers) found.Add(peer);
            peer.Answer = _answers;
        }
        return [.. found];
    }

    private Peer Get(ReadOnlySpan<byte> hostText, int port)
    {
        Debug.Assert(!hostText.IsEmpty && port is > 0 and <= 65535, "the reader let no such peer through");
        if (HostName.IsLoopback(hostText))
        {
            if (_localPeers.TryGetValue(port, out Peer? local)) return local;
            IPAddress[] addresses = !isTrackerLocal ? TrackerAddresses : port != ownPort ? HostTable.Localhost : [];
            return _localPeers[port] = Create(HostName.Localhost, port, addresses);
        }
        string host = Encoding.ASCII.GetString(hostText);
        if (_peers.TryGetValue((host, port), out Peer? peer)) return peer;
        IPAddress[] reachable = Array.FindAll(HostTable.Resolve(host), address => MayReach(address, port));
        return _peers[(host, port)] = Create(host, port, reachable);
    }

    private Peer Create(string host, int port, IPAddress[] addresses)
    {
        var peer = new Peer(host, port, addresses, isOurs: !isTrackerLocal);
        if (addresses.Length == 0)
        {
            string reason = port == ownPort ? "its port is ours" : "no address of it may be reached from here";
            Diagnosis.Log?.Add($"source {peer} refused: {reason}");
        }
        return peer;
    }

    // A stranger's tracker on this machine lists whatever host its clients name. A client connects to this machine's
    // own addresses then, and never to a third machine's (PROTOCOL 6.4).
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
