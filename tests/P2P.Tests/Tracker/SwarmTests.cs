using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using P2P.Protocol;
using P2P.Tests.Protocol;
using P2P.Tracker;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Tracker;

/// <summary>PROTOCOL 6. A peer is called by its port here; every one is at localhost.</summary>
public sealed class SwarmTests(ITestOutputHelper output)
{
    private const int LongestPeerBytes = 16;                                // ,localhost,65535
    private const int LongestAnswerBytes = Limits.AnswerBytesMax - 1;       // as a line it has a newline, too
    private readonly Swarm _swarm = new();

    [Fact]
    public void AChunkNobodyAnnounced_IsUnknown()
    {
        Connect(5001, 2);
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", Answer(1));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,2147483647", Answer(int.MaxValue));
    }

    [Fact]
    public void EachPeer_IsListedOnce_InTheOrderOfFirstAnnouncement()
    {
        SwarmPeer first = Connect(5003, 1), second = Connect(5001, 1);
        foreach (SwarmPeer peer in new[] { second, first, second }) _swarm.TryAnnounce(1, peer);
        Connect(5002, 1);
        _swarm.TryAnnounce(1, _swarm.GetPeer("localhost", 5003)!);

        Assert.Equal("GET_CHUNK_FROM,1,localhost,5003,localhost,5001,localhost,5002", Answer(1));
        Assert.Equal(3, _swarm.Announcements);
    }

    [Fact]
    public void APeer_IsItsHostAndItsPort()
    {
        Assert.Same(_swarm.GetPeer("localhost", 5001), _swarm.GetPeer("localhost", 5001));
        Assert.NotSame(_swarm.GetPeer("localhost", 5001), _swarm.GetPeer("localhost", 5002));
        Assert.NotSame(_swarm.GetPeer("localhost", 5001), _swarm.GetPeer("10.0.0.1", 5001));
        _swarm.TryAnnounce(1, _swarm.GetPeer("10.0.0.1", 5001)!);
        Assert.Equal("GET_CHUNK_FROM,1,10.0.0.1,5001", Answer(1));
        Assert.Equal("10.0.0.1", Encoding.ASCII.GetString(_swarm.GetPeer("10.0.0.1", 5001)!.HostText.Span));
    }

    [Fact]
    public void PeersOfThisMachine_AreListedByTheAddressThatTheAskerReaches()
    {
        Connect(5001, 1);
        _swarm.TryAnnounce(1, _swarm.GetPeer("10.0.0.1", 5001)!);
        string?[] machines = [null, "192.168.9.1", null, "fd00::1"];
        foreach (string? machine in machines.Concat(machines))
            Assert.Equal($"GET_CHUNK_FROM,1,{machine ?? "localhost"},5001,10.0.0.1,5001", Answer(1, machine));
    }

    [Fact]
    public void OfPeersOfThisMachine_AsManyAreListedAsFitUnderALongerAddress_AndAllInTheirTurn()
    {
        const string Machine = "2001:db8:1111:2222:3333:4444:5555:6666";
        int fitting = LongestAnswerBytes / LongestPeerBytes - 1;
        for (int i = 0; i < fitting; i++) Connect(50_000 + i, 1);
        Assert.Equal(fitting, PortsOf(1).Length);

        HashSet<string> seen = [];
        for (int i = 0; i < 4; i++)
        {
            string answer = Answer(1, Machine);
            Assert.InRange(answer.Length, LongestAnswerBytes - Machine.Length - 7, LongestAnswerBytes);
            seen.UnionWith(answer.Split(',').Where(field => field.Length == 5));
        }
        Assert.Equal(fitting, seen.Count);
        Assert.Equal(fitting, PortsOf(1).Length);
    }

    [Fact]
    public void ConnectedPeers_StandBeforeThoseGone_EachInTheOrderOfFirstAnnouncement()
    {
        SwarmPeer[] peers = [.. Enumerable.Range(5001, 5).Select(port => Connect(port, 1))];
        peers[3].OnDisconnected(TimeSpan.Zero);
        peers[0].OnDisconnected(TimeSpan.Zero);
        Assert.Equal([5002, 5003, 5005, 5001, 5004], PortsOf(1));

        foreach (SwarmPeer peer in peers.Where(peer => peer.Connections > 0)) peer.OnDisconnected(TimeSpan.Zero);
        Assert.Equal([5001, 5002, 5003, 5004, 5005], PortsOf(1));
    }

    [Fact]
    public void APeerThatReconnects_HasItsOldPlace()
    {
        SwarmPeer[] peers = [.. Enumerable.Range(5001, 3).Select(port => Connect(port, 1))];
        peers[0].OnDisconnected(TimeSpan.Zero);
        Connect(5001, 1);
        Assert.Equal([5001, 5002, 5003], PortsOf(1));
    }

    [Fact]
    public void APeerWithTwoConnections_IsGoneWithTheLast()
    {
        SwarmPeer first = Connect(5001, 1);
        Connect(5002, 1);
        Connect(5001, 1);
        first.OnDisconnected(TimeSpan.Zero);
        Assert.Equal([5001, 5002], PortsOf(1));
        Assert.False(_swarm.HasGonePeers);
        first.OnDisconnected(TimeSpan.Zero);
        Assert.Equal([5002, 5001], PortsOf(1));
        Assert.True(_swarm.HasGonePeers);
    }

    [Fact]
    public void APeerThatIsGone_IsListedFor15Minutes()
    {
        SwarmPeer gone = Connect(5001, 1, 2), stays = Connect(5002, 2);
        var goneAt = TimeSpan.FromHours(3);
        gone.OnDisconnected(goneAt);

        Sweep(goneAt + TimeSpan.FromMinutes(15));
        Assert.Equal([5001], PortsOf(1));
        Assert.Equal([5002, 5001], PortsOf(2));

        Sweep(goneAt + TimeSpan.FromMinutes(15) + TimeSpan.FromTicks(1));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", Answer(1));
        Assert.Equal([5002], PortsOf(2));
        Assert.Equal(1, _swarm.Announcements);
        Assert.False(_swarm.HasGonePeers);
        Assert.Equal(1, stays.Connections);
    }

    [Fact]
    public void APeerThatComesBackInTime_Stays_AndItsTimeStartsAnew()
    {
        SwarmPeer peer = Connect(5001, 1);
        peer.OnDisconnected(TimeSpan.Zero);
        peer.OnConnected();
        Sweep(TimeSpan.FromHours(1));
        Assert.Equal([5001], PortsOf(1));

        peer.OnDisconnected(TimeSpan.FromHours(2));
        Sweep(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(14));
        Assert.Equal([5001], PortsOf(1));
    }

    [Fact]
    public void APeerThatTookThePlaceOfAnother_IsListedOnlyForWhatItAnnounced()
    {
        SwarmPeer old = Connect(5001, 1, 2, 3);
        Connect(5002, 2);
        old.OnDisconnected(TimeSpan.Zero);
        Sweep(TimeSpan.FromHours(1));

        SwarmPeer successor = Connect(5003, 3);
        Assert.Equal(old.Id, successor.Id);
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1", Answer(1));
        Assert.Equal([5002], PortsOf(2));
        Assert.Equal([5003], PortsOf(3));
        Assert.NotEqual(successor.Id, Connect(5004, 1).Id);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(10_000)]
    public void OfMorePeersThanAnAnswerHolds_AWindowMovesOn_AndCoversAllEvenly(int peers)
    {
        int[] ports = [.. Enumerable.Range(5001, peers)];
        foreach (int port in ports) Connect(port, 1);

        List<int> shown = [];
        while (shown.Count < 3 * peers)
        {
            string answer = Answer(1);
            Assert.InRange(answer.Length, LongestAnswerBytes - LongestPeerBytes + 1, LongestAnswerBytes);
            shown.AddRange(PortsIn(answer));
        }
        for (int i = 0; i < shown.Count; i++) Assert.Equal(ports[i % peers], shown[i]);
    }

    [Fact]
    public void OfMoreGonePeersThanAnAnswerHolds_TheWindowMovesBehindTheConnectedOnes()
    {
        int[] connected = [.. Enumerable.Range(5001, 20)], gone = [.. Enumerable.Range(6001, 100)];
        foreach (int port in gone) Connect(port, 1).OnDisconnected(TimeSpan.Zero);
        foreach (int port in connected) Connect(port, 1);

        List<int> shown = [];
        while (shown.Count < 3 * gone.Length)
        {
            int[] ports = PortsOf(1);
            Assert.Equal(connected, ports[..connected.Length]);
            shown.AddRange(ports[connected.Length..]);
        }
        for (int i = 0; i < shown.Count; i++) Assert.Equal(gone[i % gone.Length], shown[i]);
    }

    [Fact]
    public void AllPeers_AreListed_AsLongAsTheyFit()
    {
        string head = "GET_CHUNK_FROM,1";
        for (int peers = 1; ; peers++)
        {
            Connect(10_000 + peers, 1);
            if (head.Length + peers * LongestPeerBytes > LongestAnswerBytes) break;
            Assert.Equal(Enumerable.Range(10_001, peers), PortsOf(1));
            Assert.Equal(Enumerable.Range(10_001, peers), PortsOf(1));
        }
        Assert.InRange(Answer(1).Length, LongestAnswerBytes - LongestPeerBytes + 1, LongestAnswerBytes);
    }

    [Fact]
    public void PeersBeyondTheLimit_AreRefused()
    {
        for (int i = 0; i < TrackerLimits.PeersMax; i++) Assert.NotNull(_swarm.GetPeer($"h{i >> 16}", i & 0xffff));
        Assert.Null(_swarm.GetPeer("one-more", 5001));
        Assert.NotNull(_swarm.GetPeer("h0", 7));

        Sweep(TimeSpan.FromHours(1));       // none of them ever had a connection
        Assert.NotNull(_swarm.GetPeer("one-more", 5001));
    }

    [Theory]
    [InlineData(12, 4)]         // every peer fits every answer
    [InlineData(150, 3)]        // many don't
    public void ARandomSwarm_IsAsANaiveModelHasIt_AfterEveryStep(int peers, int chunks)
    {
        Random random = SeededRandom.Create(output);
        var model = new NaiveSwarm();
        TimeSpan now = TimeSpan.Zero;
        for (int step = 0; step < 2000; step++)
        {
            int port = random.Next(10_001, 10_001 + peers);
            switch (random.Next(10))
            {
                case 0 or 1 or 2 when model.ConnectionsOf(port) < 2:
                    _swarm.GetPeer("localhost", port)!.OnConnected();
                    model.Connect(port);
                    break;
                case 3 or 4 when model.IsConnected(port):
                    _swarm.GetPeer("localhost", port)!.OnDisconnected(now);
                    model.Disconnect(port, now);
                    break;
                case 5 or 6 or 7 or 8 when model.IsConnected(port):
                    int chunkIndex = random.Next(1, chunks + 1);
                    _swarm.TryAnnounce(chunkIndex, _swarm.GetPeer("localhost", port)!);
                    model.Announce(chunkIndex, port);
                    break;
                case 9:
                    now += TimeSpan.FromSeconds(random.Next(600));
                    Sweep(now);
                    model.Forget(now - TimeSpan.FromMinutes(15));
                    break;
            }
            for (int chunkIndex = 1; chunkIndex <= chunks; chunkIndex++) AssertAnswer(model, chunkIndex);
            Assert.Equal(model.Announcements, _swarm.Announcements);
            Assert.Equal(model.HasGonePeers, _swarm.HasGonePeers);
        }
        Assert.NotEqual(0, model.Forgotten);        // else the steps were not what they should be
    }

    // All peers in the model's order if they fit; else a window of it, as large as it can be.
    private void AssertAnswer(NaiveSwarm model, int chunkIndex)
    {
        (int[] connected, int[] gone) = model.PeersOf(chunkIndex);
        string answer = Answer(chunkIndex);
        if (connected.Length + gone.Length == 0)
        {
            Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{chunkIndex}", answer);
            return;
        }
        int[] ports = PortsIn(answer);
        if ($"GET_CHUNK_FROM,{chunkIndex}".Length
            + LongestPeerBytes * (connected.Length + gone.Length) <= LongestAnswerBytes)
        {
            Assert.Equal(connected.Concat(gone), ports);
            return;
        }
        Assert.InRange(answer.Length, LongestAnswerBytes - LongestPeerBytes + 1, LongestAnswerBytes);
        int shownConnected = Math.Min(connected.Length, ports.Length);
        AssertIsWindow(connected, ports[..shownConnected]);
        AssertIsWindow(gone, ports[shownConnected..]);
    }

    // Part of a list that begins anywhere and goes on at its head behind its end.
    private static void AssertIsWindow(int[] all, int[] window)
    {
        if (window.Length == 0) return;
        int start = Array.IndexOf(all, window[0]);
        Assert.InRange(start, 0, all.Length);
        Assert.InRange(window.Length, 1, all.Length);
        for (int i = 0; i < window.Length; i++) Assert.Equal(all[(start + i) % all.Length], window[i]);
    }

    private SwarmPeer Connect(int port, params IEnumerable<int> chunkIndexes)
    {
        SwarmPeer peer = _swarm.GetPeer("localhost", port)!;
        peer.OnConnected();
        foreach (int chunkIndex in chunkIndexes) _swarm.TryAnnounce(chunkIndex, peer);
        return peer;
    }

    [Fact]
    public void Marks_StandBehindThePeers_InTheirOrder_AndChangeWithTheirConnections()
    {
        SwarmPeer ours = _swarm.GetPeer("localhost", 5001)!, stranger = _swarm.GetPeer("localhost", 5002)!;
        ours.OnConnected(new OurClient { LaneVersion = 1 });
        stranger.OnConnected();
        _swarm.TryAnnounce(7, stranger);
        _swarm.TryAnnounce(7, ours);
        Assert.Equal("GET_CHUNK_FROM,7,localhost,5002,localhost,5001|,lane,01", Marked(7));
        Assert.Equal("GET_CHUNK_FROM,7,localhost,5002,localhost,5001|,lane,01", Marked(7));     // from the cache
        ours.OnConnected();         // announced again, by a program that has not said that it speaks the lane
        Assert.Equal("GET_CHUNK_FROM,7,localhost,5002,localhost,5001|", Marked(7));
        stranger.OnConnected(new OurClient { LaneVersion = 1 });
        Assert.Equal("GET_CHUNK_FROM,7,localhost,5002,localhost,5001|,lane,10", Marked(7));
        stranger.OnDisconnected(TimeSpan.Zero);
        stranger.OnDisconnected(TimeSpan.Zero);
        Assert.Equal("GET_CHUNK_FROM,7,localhost,5001,localhost,5002|", Marked(7));
    }

    private string Marked(int chunkIndex)
    {
        byte[] buffer = new byte[Limits.MarkedAnswerBytesMax];
        int length = _swarm.WriteAnswer(chunkIndex, buffer, out _, thisMachine: null, out int marksBytes);
        string marks = Encoding.ASCII.GetString(buffer, length, marksBytes);
        return $"{Encoding.ASCII.GetString(buffer, 0, length)}|{marks}";
    }

    private void Sweep(TimeSpan now) => _swarm.RemoveGoneBefore(now - TrackerLimits.GonePeerLife);

    private string Answer(int chunkIndex, string? thisMachine = null)
    {
        byte[] buffer = new byte[Limits.MarkedAnswerBytesMax];
        int length = _swarm.WriteAnswer(chunkIndex, buffer, out bool isKnown, thisMachine);
        string answer = Encoding.ASCII.GetString(buffer, 0, length);
        Assert.StartsWith(isKnown ? $"GET_CHUNK_FROM,{chunkIndex}," : $"CHUNK_LOCATION_UNKNOWN,{chunkIndex}", answer);
        return answer;
    }

    private int[] PortsOf(int chunkIndex) => PortsIn(Answer(chunkIndex));

    private static int[] PortsIn(string answer)
    {
        int[] ports = [.. answer.Split(',').Skip(3).Where((_, i) => i % 2 == 0).Select(int.Parse)];
        Assert.Equal(ports.Length, ports.Distinct().Count());
        return ports;
    }

    /// <summary>The list kept the plainest way.</summary>
    private sealed class NaiveSwarm
    {
        private readonly List<(int ChunkIndex, int Port)> _announced = [];
        private readonly Dictionary<int, int> _connections = [];
        private readonly Dictionary<int, TimeSpan> _goneAt = [];

        public int Announcements => _announced.Count;

        public bool HasGonePeers => _connections.ContainsValue(0);

        public int Forgotten { get; private set; }

        public int ConnectionsOf(int port) => _connections.GetValueOrDefault(port);

        public bool IsConnected(int port) => ConnectionsOf(port) > 0;

        public void Connect(int port) => _connections[port] = ConnectionsOf(port) + 1;

        public void Disconnect(int port, TimeSpan now)
        {
            _connections[port]--;
            _goneAt[port] = now;
        }

        public void Announce(int chunkIndex, int port)
        {
            if (!_announced.Contains((chunkIndex, port))) _announced.Add((chunkIndex, port));
        }

        public void Forget(TimeSpan goneBefore)
        {
            foreach (int port in _connections.Keys.Where(port => !IsConnected(port) && _goneAt[port] < goneBefore)
                .ToArray())
            {
                _connections.Remove(port);
                _announced.RemoveAll(each => each.Port == port);
                Forgotten++;
            }
        }

        public (int[] Connected, int[] Gone) PeersOf(int chunkIndex)
        {
            int[] ports = [.. _announced.Where(each => each.ChunkIndex == chunkIndex).Select(each => each.Port)];
            return ([.. ports.Where(IsConnected)], [.. ports.Where(port => !IsConnected(port))]);
        }
    }
}
