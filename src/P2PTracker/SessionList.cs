using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace P2P.Tracker;

/// <summary>Some of the tracker's sessions, in no order. There may be very many: each knows its place, so that it is
/// taken out at once and no table is needed. A session is in one list at most.</summary>
internal sealed class SessionList
{
    private readonly List<TrackerSession> _sessions = [];

    /// <summary>The sessions. Good until the next change.</summary>
    public ReadOnlySpan<TrackerSession> Sessions => CollectionsMarshal.AsSpan(_sessions);

    /// <summary>Puts in a session that is in no list.</summary>
    public void Add(TrackerSession session)
    {
        Debug.Assert(session.ListPlace < 0, "a session is in two lists");
        session.ListPlace = _sessions.Count;
        _sessions.Add(session);
    }

    /// <summary>Takes a session out of this list.</summary>
    public void Remove(TrackerSession session)
    {
        Debug.Assert(_sessions[session.ListPlace] == session, "a session has the place of another");
        TrackerSession last = _sessions[^1];
        _sessions[last.ListPlace = session.ListPlace] = last;
        _sessions.RemoveAt(_sessions.Count - 1);
        session.ListPlace = -1;
    }
}
