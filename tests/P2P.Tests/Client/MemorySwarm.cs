using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Client;

namespace P2P.Tests.Client;

/// <summary>
/// A swarm without sockets, files and clock: pickers that ask one list who has what, and fetch from each other as the
/// downloader does. A millisecond is one step; a question takes one, a transfer some. Every chunk is held by one client
/// at first, and one peer that is listed for every chunk is not there.
/// </summary>
internal sealed class MemorySwarm
{
    private const int DeadPort = 1;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);
    private readonly List<Client> _clients = [];
    private readonly HashSet<int>[] _listed;        // ports by chunk
    private readonly int _failuresPercent;
    private readonly Random _random;
    private TimeSpan _now = TimeSpan.FromHours(1);

    public MemorySwarm(int clients, int chunks, int failuresPercent, Random random)
    {
        (_failuresPercent, _random) = (failuresPercent, random);
        _listed = [.. Enumerable.Range(0, chunks + 1).Select(_ => new HashSet<int> { DeadPort })];
        int[] owners = [.. Enumerable.Range(0, chunks + 1).Select(_ => random.Next(clients))];
        for (int i = 0; i < clients; i++)
        {
            int[] held = [.. Enumerable.Range(1, chunks).Where(chunkIndex => owners[chunkIndex] == i)];
            int port = 5001 + i;
            foreach (int chunkIndex in held) _listed[chunkIndex].Add(port);
            _clients.Add(new Client(port, new ChunkPicker(chunks, held, random), []));
        }
    }

    public bool IsComplete => _clients.All(client => client.Picker.IsComplete);

    public int Transfers { get; private set; }

    /// <summary>Runs it, for a time at most; returns the time it took.</summary>
    public TimeSpan RunUntilComplete(TimeSpan limit)
    {
        TimeSpan start = _now;
        while (!IsComplete && _now - start < limit)
        {
            _now += Step;
            foreach (Client client in _clients.Where(client => !client.Picker.IsComplete))
            {
                EndTransfers(client);
                if (client.Picker.TryPickQuestion(_now, out int chunkIndex))
                    client.Picker.OnAnswer(chunkIndex, SourcesOf(client, chunkIndex), _now);
                StartTransfers(client);
            }
        }
        return _now - start;
    }

    /// <summary>The clients that lack something, and the states of what they lack.</summary>
    public string Describe() => string.Join("\n", _clients.Where(client => !client.Picker.IsComplete).Select(client =>
        $"{client.Port}: " + string.Join(", ", Enumerable.Range(1, client.Picker.ChunkCount)
            .Where(chunkIndex => client.Picker.StateOf(chunkIndex) != ChunkState.Have)
            .Select(chunkIndex => $"{chunkIndex} {client.Picker.StateOf(chunkIndex)}"))));

    private Peer[] SourcesOf(Client client, int chunkIndex) =>
        [.. _listed[chunkIndex].Where(port => port != client.Port).Select(client.PeerAt)];

    private void StartTransfers(Client client)
    {
        while (client.Transfers.Count < ClientLimits.DownloadsMax
            && client.Picker.TryPick(_now, ClientLimits.DownloadsMax - client.Transfers.Count,
                out int chunkIndex, out Peer source))
        {
            source.Downloads++;
            source.Requests++;
            client.Transfers.Add(new Transfer(chunkIndex, source, _now, _now + Step * _random.Next(1, 40)));
            Transfers++;
        }
    }

    private void EndTransfers(Client client)
    {
        foreach (Transfer transfer in client.Transfers.Where(transfer => transfer.EndsAt <= _now).ToArray())
        {
            client.Transfers.Remove(transfer);
            transfer.Source.Downloads--;
            if (transfer.Source.Port == DeadPort || _random.Next(100) < _failuresPercent)
            {
                transfer.Source.OnFailure(_now, severity: 1);
                client.Picker.Release(transfer.ChunkIndex, avoid: null);
                continue;
            }
            transfer.Source.OnSuccess(_now - transfer.StartedAt);
            client.Picker.OnFetched(transfer.ChunkIndex, _now);
            _listed[transfer.ChunkIndex].Add(client.Port);
        }
    }

    private sealed record Transfer(int ChunkIndex, Peer Source, TimeSpan StartedAt, TimeSpan EndsAt);

    private sealed record Client(int Port, ChunkPicker Picker, List<Transfer> Transfers)
    {
        private readonly Dictionary<int, Peer> _peers = [];

        public Peer PeerAt(int port) =>
            _peers.TryGetValue(port, out Peer? peer)
                ? peer : _peers[port] = new Peer("localhost", port, HostTable.Localhost);
    }
}
