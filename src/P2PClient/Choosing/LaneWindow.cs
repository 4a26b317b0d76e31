using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// How many chunks one peer is asked for at a time over a lane: as many as keep it sending. Each answer tells how many
/// requests waited at the peer when it was sent. Where none did, the peer is about to be idle for as long as the next
/// request takes to it, so as many more are sent as have been answered since; so the window doubles within a round
/// trip, as TCP's does. Where many waited, another peer may have the chunk sooner. In memory only: no socket, no clock.
/// </summary>
internal sealed class LaneWindow
{
    private int _answered;      // since the window last grew
    private bool _wasFull;      // as many requests as may be have been in flight since

    /// <summary>Requests in flight at most.</summary>
    public int Requests { get; private set; } = ClientLimits.DownloadsFromOursMax;

    /// <summary>The time that connecting took; zero before.</summary>
    public TimeSpan RoundTrip { get; set; }

    /// <summary>A request is about to be sent.</summary>
    /// <param name="inFlight">Requests in flight, this one included.</param>
    public void OnRequest(int inFlight) => _wasFull |= inFlight >= Requests;

    /// <summary>A chunk has come whole.</summary>
    /// <param name="waiting">Requests that waited at the peer when its last piece was sent.</param>
    public void OnChunk(int waiting)
    {
        Debug.Assert(waiting >= 0 && Requests > 0, "a number of requests");
        _answered++;
        if (waiting == 0 && _wasFull)
        {
            Requests = Math.Min(Requests + Math.Min(_answered, Requests), ClientLimits.LaneRequestsMax);
            (_answered, _wasFull) = (0, false);
        }
        else if (waiting > ClientLimits.LaneWaitingMax && Requests > ClientLimits.DownloadsFromOursMax) Requests--;
    }

    /// <summary>A new lane begins.</summary>
    public void Reset() => (Requests, _answered, _wasFull) = (ClientLimits.DownloadsFromOursMax, 0, false);
}
