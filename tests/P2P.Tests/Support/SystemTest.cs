using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// What every test on the native programs has: a folder of its own, in which its processes run and share one
/// `logs.log`; a seed, printed; and an end at which everything that the test started is stopped and removed, after
/// the output of each process and the end of the log were written to the test's output.
/// </summary>
public abstract class SystemTest : IDisposable
{
    private const string SeedVariable = "P2P_TEST_SEED";
    private readonly ITestOutputHelper _output;
    private readonly Stack<IDisposable> _owned = new();

    protected SystemTest(ITestOutputHelper output)
    {
        _output = output;
        int seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out int given)
            ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (run again with {SeedVariable}={seed})");
        Random = new Random(seed);
        Log = new LogReader(Folder["logs.log"]);
    }

    /// <summary>The source of all random content; not thread-safe.</summary>
    protected Random Random { get; }

    private protected TempFolder Folder { get; } = new();

    private protected LogReader Log { get; }

    /// <summary>Takes care that it is disposed with the test.</summary>
    private protected T Own<T>(T owned) where T : IDisposable
    {
        lock (_owned)
            _owned.Push(owned);
        return owned;
    }

    /// <summary>Starts a tracker on any free port and waits until it listens.</summary>
    private protected TrackerProcess StartTracker(params IEnumerable<string> more)
    {
        TrackerProcess tracker = Own(new TrackerProcess(Folder.Path, ["-port", "0", .. more]));
        _ = tracker.Port;
        return tracker;
    }

    /// <summary>Starts a client on the folder of its name, which must be dealt already; doesn't wait.</summary>
    private protected ClientProcess StartClient(string name, int trackerPort, params IEnumerable<string> more) =>
        Own(new ClientProcess(Folder.Path, name, Folder[name],
            ["-folder", Folder[name], "-name", name, "-tracker", $"localhost:{trackerPort}", .. more]));

    /// <summary>Makes a folder, deals these chunks to it, and starts a client on it; doesn't wait.</summary>
    private protected ClientProcess StartClient(
        string name, int trackerPort, ChunkSet chunks, params IEnumerable<int> held)
    {
        chunks.DealTo(Folder.MakeFolder(name), held);
        return StartClient(name, trackerPort);
    }

    private protected NaiveTracker StartNaiveTracker(TrackerManners? manners = null) => Own(new NaiveTracker(manners));

    /// <summary>Connects to a tracker as a naive client.</summary>
    private protected NaiveClient Connect(int trackerPort) => Own(new NaiveClient(trackerPort));

    /// <summary>Starts a fake peer that holds these chunks and is listed for them by the tracker.</summary>
    private protected FakePeer StartPeer(NaiveTracker tracker, ChunkSet chunks, IEnumerable<int> held,
        PeerManners? manners = null)
    {
        int[] indexes = held.ToArray();
        FakePeer peer = Own(new FakePeer(chunks, indexes, manners));
        tracker.Offer(indexes, peer.Port);
        return peer;
    }

    /// <summary>Starts a fake peer that holds these chunks and tells a native tracker so,
    /// on a connection that stays.</summary>
    private protected FakePeer StartPeer(TrackerProcess tracker, ChunkSet chunks, IEnumerable<int> held,
        PeerManners? manners = null)
    {
        int[] indexes = held.ToArray();
        FakePeer peer = Own(new FakePeer(chunks, indexes, manners));
        NaiveClient announcer = Connect(tracker.Port);
        foreach (int index in indexes)
            announcer.Announce(index, peer.Port);
        return peer;
    }

    /// <summary>Fails unless everything that a fake noticed was in order.</summary>
    private protected static void AssertNoFaults(params IEnumerable<LoopbackServer> fakes) =>
        Assert.Empty(fakes.SelectMany(fake => fake.Faults.All));

    public void Dispose()
    {
        NativeProcess[] processes = [.. _owned.OfType<NativeProcess>().Reverse()];
        foreach (NativeProcess process in processes)
            _output.WriteLine(process.Describe());
        _output.WriteLine($"--- the end of logs.log:\n{string.Join("\n", Log.Lines.TakeLast(60))}");
        while (_owned.TryPop(out IDisposable? owned))
            owned.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
        foreach (NativeProcess process in processes.Where(process => process.HasFailedAssertion))
            throw new XunitException($"An assertion does not hold.\n{process.Describe()}");
    }
}
