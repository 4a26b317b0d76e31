using System;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>What the tracker had counted at one moment.</summary>
/// <param name="Uptime">The time since the tracker started.</param>
/// <param name="Announcements">Announcements read until then.</param>
/// <param name="Questions">Questions read until then.</param>
/// <param name="Held">Pairs of a chunk and a connected peer that has it.</param>
/// <param name="Clients">Connected peers, and clients that have announced nothing yet.</param>
internal readonly record struct SwarmSample(TimeSpan Uptime, long Announcements, long Questions, int Held, int Clients);

/// <summary>
/// The last ten minutes of the swarm, so that a page that is opened late can show them: a ring of samples, which never
/// grows. Pure: sees no clock.
/// </summary>
internal sealed class SwarmHistory
{
    private readonly SwarmSample[] _ring = new SwarmSample[HttpLimits.SamplesMax];
    private int _next;

    /// <summary>Samples in the ring.</summary>
    public int Count { get; private set; }

    /// <summary>A sample, from the oldest at 0 to the newest.</summary>
    public ref readonly SwarmSample this[int index]
    {
        get
        {
            Debug.Assert(index >= 0 && index < Count, "there is no such sample");
            return ref _ring[(_next + _ring.Length - Count + index) % _ring.Length];
        }
    }

    /// <summary>Adds a sample; the oldest makes room for it where the ring is full, or where the sample's time is out
    /// of the history: the machine may have slept.</summary>
    /// <param name="sample">Not older than the newest.</param>
    public void Add(in SwarmSample sample)
    {
        Debug.Assert(Count == 0 || this[Count - 1].Uptime <= sample.Uptime, "the samples are out of order");
        _ring[_next] = sample;
        _next = (_next + 1) % _ring.Length;
        Count = Math.Min(Count + 1, _ring.Length);
        while (sample.Uptime - this[0].Uptime > HttpLimits.HistoryLife) Count--;
    }

    /// <summary>Estimates how long it takes until no client lacks a chunk, at the speed of the last minute, or since
    /// a client came or left: its chunks came and left with it.</summary>
    /// <param name="now">The counts of this moment.</param>
    /// <param name="missing">Pairs of a chunk and a client that lacks it, now.</param>
    /// <returns>Null if there is no speed to go by.</returns>
    public TimeSpan? TimeLeft(in SwarmSample now, long missing)
    {
        Debug.Assert(missing >= 0, "less than nothing is missing");
        if (missing == 0) return TimeSpan.Zero;
        int first = Count;
        while (first > 0 && this[first - 1].Clients == now.Clients
            && now.Uptime - this[first - 1].Uptime <= HttpLimits.SpeedTime)
        {
            first--;
        }
        if (first == Count) return null;
        int gained = now.Held - this[first].Held;
        TimeSpan time = now.Uptime - this[first].Uptime;
        if (gained <= 0 || time < HttpLimits.SpeedTimeMin) return null;
        double seconds = time.TotalSeconds * missing / gained;
        return seconds < HttpLimits.TimeLeftMax.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
