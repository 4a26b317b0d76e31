using System;
using System.Collections.Generic;
using System.Linq;

namespace P2P.Tests.Simulation;

/// <summary>What a simulated swarm is made of.</summary>
/// <param name="Clients">Clients that lack everything.</param>
/// <param name="Chunks">Chunks of the file-set, all of one size.</param>
/// <param name="ChunkSeconds">Time that one chunk takes through a client's uplink.</param>
/// <param name="SeedFactor">How many times as fast the uplink of the one that has everything is.</param>
public sealed record SwarmSetup(int Clients, int Chunks, double ChunkSeconds = 0.11, double SeedFactor = 1)
{
    /// <summary>Time that no program can beat: each chunk once through the seed's uplink,
    /// and all copies through all of them together.</summary>
    public double BoundSeconds =>
        Math.Max(Chunks * ChunkSeconds / SeedFactor, (double)Clients * Chunks * ChunkSeconds / (SeedFactor + Clients));
}

/// <summary>
/// A swarm in which only the network is simulated: who asks for what, who is asked, who is served first is decided by
/// the clients' own ChunkPicker, DownloadScheduler and UploadQueue. Uplinks are shared evenly by what is sent at a
/// time, downlinks have no limit, every message takes the same time. The same seed gives the same run.
/// </summary>
public sealed class SimulatedSwarm
{
    /// <summary>Time of a message from one machine to another,
    /// behind the data that its uplink has queued already.</summary>
    public const double MessageSeconds = 0.02;

    // As the tracker's answers: about as many as fit into 1000 bytes.
    private const int ListedMax = 45;

    private readonly PriorityQueue<Action, (double Time, long Order)> _events = new();
    private readonly List<int>[] _sources;      // by chunk: the clients that have announced it
    private readonly int[] _windows;
    private readonly SimulatedClient[] _clients;
    private long _order;

    /// <summary>Makes a swarm: client 0 has everything.</summary>
    public SimulatedSwarm(SwarmSetup setup, int seed)
    {
        Setup = setup;
        Random = new Random(seed);
        _sources = [.. Enumerable.Range(0, setup.Chunks + 1).Select(_ => new List<int>())];
        _windows = new int[setup.Chunks + 1];
        _clients =
            [.. Enumerable.Range(0, setup.Clients + 1).Select(id => new SimulatedClient(this, id, hasAll: id == 0))];
    }

    public SwarmSetup Setup { get; }

    public Random Random { get; }

    /// <summary>Time since the start, in seconds.</summary>
    public double Now { get; private set; }

    /// <summary>The same, as the policies take it; some time after zero, which is special to none.</summary>
    public TimeSpan Clock => TimeSpan.FromSeconds(1000 + Now);

    /// <summary>WHERE_CHUNK messages.</summary>
    public long Questions { get; private set; }

    /// <summary>Chunks that left an uplink whole.</summary>
    public long Sent { get; set; }

    public SimulatedClient ClientOf(int id) => _clients[id];

    /// <summary>Runs until all have everything.</summary>
    /// <returns>Seconds until then.</returns>
    public double Run()
    {
        foreach (SimulatedClient client in _clients) client.Start();
        int complete = 1;
        foreach (SimulatedClient client in _clients) client.OnComplete = () => complete++;
        while (complete < _clients.Length)
        {
            if (!_events.TryDequeue(out Action? action, out (double Time, long) due)
                || due.Time > 1000 * Setup.BoundSeconds)
                throw new InvalidOperationException(
                    $"the swarm stands still with {complete} of {_clients.Length} clients complete");
            Now = due.Time;
            action();
        }
        return Now;
    }

    /// <summary>Lets something happen after a while.</summary>
    public void After(double seconds, Action action) => _events.Enqueue(action, (Now + seconds, _order++));

    /// <summary>A LOCAL_CHUNKS reaches the tracker.</summary>
    public void Announce(int chunkIndex, int client) => _sources[chunkIndex].Add(client);

    /// <summary>A WHERE_CHUNK reaches the tracker, which lists all who have the chunk,
    /// or a window that moves on.</summary>
    public int[] Ask(int chunkIndex)
    {
        Questions++;
        List<int> all = _sources[chunkIndex];
        if (all.Count <= ListedMax) return [.. all];
        int[] listed = new int[ListedMax];
        for (int i = 0; i < ListedMax; i++) listed[i] = all[(_windows[chunkIndex] + i) % all.Count];
        _windows[chunkIndex] = (_windows[chunkIndex] + ListedMax) % all.Count;
        return listed;
    }
}
