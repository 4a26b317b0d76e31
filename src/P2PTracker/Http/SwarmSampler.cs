using System;
using P2P.Transport;

namespace P2P.Tracker.Http;

/// <summary>
/// Takes a sample of the tracker's counts every few seconds, from its start on. A sample costs no allocation, and
/// looks at no peer and no chunk: what it takes is counted anyway. Used on the loop's thread.
/// </summary>
internal sealed class SwarmSampler
{
    private readonly TrackerServer _tracker;
    private readonly LoopTimer _timer;

    public SwarmSampler(TrackerServer tracker)
    {
        _tracker = tracker;
        _timer = new LoopTimer(tracker.Loop, Sample);
    }

    /// <summary>The samples of the last ten minutes.</summary>
    public SwarmHistory History { get; } = new();

    /// <summary>Takes the first sample, and from then on one after another.</summary>
    public void Sample()
    {
        History.Add(new SwarmSample(
            EventLoop.Now - _tracker.StartedAt, _tracker.Announcements, _tracker.Questions, _tracker.Swarm.Held,
            _tracker.Swarm.Connected + _tracker.WaitingClients.Count));
        _timer.Start(HttpLimits.SampleTime);
    }
}
