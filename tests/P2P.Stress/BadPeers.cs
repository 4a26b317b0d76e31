using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using P2P.Tests.Faults;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// Peers that announce chunks and then misbehave, differently each time: reset half-way, trickle, end without a byte,
/// stall; and where every client has the sums, send wrong bytes, or more than the chunk has. Without sums the protocol
/// can't tell a chunk from part of it where two attempts agree (PROTOCOL 3.4), so no two of them stall at the same byte
/// of a chunk, and only one ends without a byte.
/// </summary>
internal sealed class BadPeers : IDisposable
{
    private readonly Random _random;
    private readonly ChunkSet _chunks;
    private readonly ChaosCounts _counts;
    private readonly ScriptedPeer[] _peers;
    private readonly int[][] _held;
    private readonly bool _mayLie;
    private readonly HashSet<(int Index, int Bytes)> _ends = [];
    private NaiveClient[] _announcers = [];

    /// <param name="mayLie">Every client can tell a wrong chunk by its sum.</param>
    public BadPeers(Random random, ChunkSet chunks, int count, ChaosCounts counts, bool mayLie = false)
    {
        (_random, _chunks, _counts, _mayLie) = (new Random(random.Next()), chunks, counts, mayLie);
        _peers = Enumerable.Range(0, count).Select(_ => new ScriptedPeer(Misbehave)).ToArray();
        _held = _peers.Select(_ => chunks.Indexes.Where(_ => random.Next(4) == 0).ToArray()).ToArray();
    }

    /// <summary>Announces everything to a tracker, on connections that stay until it goes.</summary>
    public void Announce(int trackerPort)
    {
        Leave();
        _announcers = _peers.Select(_ => new NaiveClient(trackerPort)).ToArray();
        for (int i = 0; i < _peers.Length; i++)
        {
            int port = _peers[i].Port;
            _announcers[i].Send(string.Concat(_held[i].Select(index => $"LOCAL_CHUNKS,{index},localhost,{port}\n")));
        }
    }

    public void Dispose()
    {
        Leave();
        foreach (ScriptedPeer peer in _peers)
            peer.Dispose();
    }

    private void Leave()
    {
        foreach (NaiveClient announcer in _announcers)
            announcer.Dispose();
        _announcers = [];
    }

    private PeerEnd Misbehave(ScriptedPeer peer, Socket socket, int index)
    {
        if (index == 0)
            return PeerEnd.Reset;
        _counts.OnBadTransfer();
        byte[] chunk = _chunks[index];
        int kind, bytes;
        bool isNew;
        byte[] wrong = chunk;
        lock (_random)
        {
            kind = _random.Next(_mayLie ? 8 : 4);
            bytes = kind == 2 || chunk.Length == 0 ? 0 : _random.Next(chunk.Length);
            isNew = kind is not (2 or 3) || _ends.Add((index, bytes));
            if (kind >= 4)
                wrong = Falsify(chunk, isTooLong: kind >= 6);
        }
        if (kind >= 4)
        {
            ScriptedPeer.Send(socket, wrong);
            return PeerEnd.Clean;
        }
        if (!isNew)
            return PeerEnd.Reset;
        if (kind == 1)
        {
            peer.Trickle(socket, chunk);
            return PeerEnd.Clean;
        }
        ScriptedPeer.Send(socket, chunk.AsSpan(0, bytes));
        return kind switch { 0 => PeerEnd.Reset, 2 => PeerEnd.Clean, _ => PeerEnd.Silence };
    }

    private byte[] Falsify(byte[] chunk, bool isTooLong)
    {
        byte[] more = new byte[isTooLong ? _random.Next(1, 300_000) : chunk.Length == 0 ? 1 : 0];
        _random.NextBytes(more);
        byte[] wrong = [.. chunk, .. more];
        if (!isTooLong && chunk.Length > 0)
            wrong[_random.Next(chunk.Length)] ^= (byte)_random.Next(1, 256);
        return wrong;
    }
}
