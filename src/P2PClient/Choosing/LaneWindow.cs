using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// How many chunks one peer is asked for at a time over a lane: as many as keep it sending. Each answer tells how many
/// requests waited at the peer when it was sent. Where none did, the peer is about to be idle for as long as the next
/// request takes to it; where many did, another peer may have the chunk sooner. A change shows in the answers only a
/// round trip later, which is as many answers as requests are in flight, so the window changes once in that time:
/// doubles at first, as TCP's does, and later grows and shrinks in smaller steps. In memory only: no socket, no clock.
/// </summary>
internal sealed class LaneWindow
{
    private int _answered;          // since the window last changed, or could have
    private int _leastWaiting;      // at the peer in that time
    private bool _wasFull;          // in that time as many requests as may be have been in flight
    private bool _isStarting;

    /// <summary>Begins for a lane.</summary>
    public LaneWindow() => Reset();

    /// <summary>Requests in flight at most.</summary>
    public int Requests { get; private set; }

    /// <summary>Requests that waited at the peer, by its last answer; null: it has given none.</summary>
    public int? Waiting { get; private set; }

    /// <summary>The time that connecting took; zero before.</summary>
    public TimeSpan RoundTrip { get; set; }

    /// <summary>A request is about to be sent.</summary>
    /// <param name="inFlight">Requests in flight, this one included.</param>
    public void OnRequest(int inFlight) => _wasFull |= inFlight >= Requests;

    /// <summary>A chunk has come whole.</summary>
    /// <param name="waiting">Requests that waited at the peer when its last piece was sent.</param>
    public void OnChunk(int waiting)
    {
        Debug.Assert(waiting >= 0 && Requests >= ClientLimits.DownloadsFromOursMax, "a number of requests");
        Waiting = waiting;
        if (_answered >= 0) _leastWaiting = Math.Min(_leastWaiting, waiting);
        if (++_answered < Requests) return;
        _isStarting &= _leastWaiting == 0;
        int change = _leastWaiting > ClientLimits.LaneWaitingMax ? ClientLimits.LaneWaitingMax - _leastWaiting
            : _leastWaiting > 0 || !_wasFull ? 0
            : _isStarting ? Requests
            : 1 + Requests / 8;
        // Fewer requests show only when all that are in flight now are answered.
        _answered = change < 0 ? -Requests : 0;
        (_leastWaiting, _wasFull) = (int.MaxValue, false);
        Requests = Math.Clamp(
            Requests + change, ClientLimits.DownloadsFromOursMax, ClientLimits.LaneRequestsMax);
    }

    /// <summary>A new lane begins.</summary>
    public void Reset()
    {
        (Requests, _answered, _leastWaiting) = (ClientLimits.DownloadsFromOursMax, 0, int.MaxValue);
        (_wasFull, _isStarting) = (false, true);
    }
}
