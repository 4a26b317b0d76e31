using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// A whole client as strangers write it, in one thread: announces what it has, then goes round and round over what it
/// lacks (ask; fetch from the *first* peer listed; announce), and serves one fetcher at a time meanwhile. It asks
/// without any pause, or, where its tracker takes one recv for one message, waits until that has read each
/// announcement, as those clients do by a sleep that is long enough on their machine. When it has everything it closes
/// its tracker connection and goes on serving, as many do.
/// </summary>
internal sealed class StrangerClient : IDisposable
{
    private readonly ChunkSet _chunks;
    private readonly NaiveClient _tracker;
    private readonly FakePeer _server;
    private readonly SortedSet<int> _missing;
    private readonly EventList<string> _complete = new();
    private readonly Thread _thread;
    private readonly NaiveTracker? _naiveTracker;
    private volatile bool _disposed;

    /// <param name="naiveTracker">The tracker on that port, if it is as naive.</param>
    public StrangerClient(
        ChunkSet chunks, IEnumerable<int> held, int trackerPort, NaiveTracker? naiveTracker = null)
    {
        _naiveTracker = naiveTracker;
        int[] had = held.ToArray();
        _chunks = chunks;
        _server = new FakePeer(chunks, had, new PeerManners { OneAtATime = true });
        _tracker = new NaiveClient(trackerPort);
        _missing = [.. chunks.AllBut(had)];
        _thread = new Thread(() => Live(had)) { IsBackground = true, Name = nameof(StrangerClient) };
        _thread.Start();
    }

    public int Port => _server.Port;

    /// <summary>What others did to its serving side that it might not survive.</summary>
    public IReadOnlyList<string> Faults => _server.Faults.All;

    /// <summary>How many chunks it served to others.</summary>
    public int Served => _server.LeftByFetcher.Count;

    /// <summary>Waits until it has, and has verified, every chunk.</summary>
    public void WaitUntilComplete()
    {
        string end = _complete.WaitForCount(1, "a stranger's client to be complete")[0];
        if (end.Length > 0)
            throw new XunitException($"A stranger's client failed: {end}");
    }

    public void Dispose()
    {
        _disposed = true;
        _tracker.Dispose();
        _server.Dispose();
        _thread.Join(Patience.Limit);
    }

    private void Live(int[] had)
    {
        try
        {
            foreach (int index in had)
                Announce(index);
            while (_missing.Count > 0 && !_disposed)
                foreach (int index in _missing.ToArray())
                    if (TryFetch(index))
                        _missing.Remove(index);
            _tracker.Dispose();
            _complete.Add("");
        }
        catch (Exception e) when (_disposed && e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
        catch (Exception e)
        {
            _complete.Add(e.ToString());
        }
    }

    private bool TryFetch(int index)
    {
        string[] fields = _tracker.Ask(index).Split(',');
        if (fields.Length < 2 || fields[1] != index.ToString())
            throw new XunitException($"asked for chunk {index}, got '{string.Join(',', fields)}'");
        if (fields[0] == "CHUNK_LOCATION_UNKNOWN")
        {
            if (_naiveTracker is not null)
                Patience.Pause(TimeSpan.FromMilliseconds(100));
            return false;
        }
        using var fetcher = FakeFetcher.Fetch(int.Parse(fields[3]), $"REQUEST_CHUNK,{index}");
        if (fetcher.End != StreamEnd.Clean)
            throw new XunitException($"chunk {index} from port {fields[3]} ended by a reset");
        _chunks.AssertChunk(index, fetcher.Bytes, $"what port {fields[3]} served");
        _server.Hold(index);
        Announce(index);
        return true;
    }

    private void Announce(int index)
    {
        if (_naiveTracker is null)
        {
            _tracker.Announce(index, Port);
            return;
        }
        string announcement = $"LOCAL_CHUNKS,{index},localhost,{Port}";
        _tracker.Send(announcement);
        _naiveTracker.Received.WaitForFirst(message => message.Text == announcement, "an announcement to be read");
    }
}
