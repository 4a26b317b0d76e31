using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Transport;

/// <summary>
/// The connections and listeners that are open on a loop, and the sessions that wait on it, noted in DEBUG only: when
/// the loop ends, all of them are closed, and then every rented item must have come back to its pool.
/// </summary>
internal sealed class LeakCheck
{
    private readonly HashSet<IDisposable> _open = [];

    /// <summary>Sessions that wait for a <see cref="LoopSignal"/>.</summary>
    public int Pauses { get; private set; }

    /// <summary>Connections and listeners that are not closed, as of now.</summary>
    public IDisposable[] Open => [.. _open];

    /// <summary>A connection or a listener lives on the loop from now on.</summary>
    [Conditional("DEBUG")]
    public void OnOpened(IDisposable opened)
    {
        bool isNew = _open.Add(opened);
        Debug.Assert(isNew, "opened twice");
    }

    /// <summary>A connection or a listener is closed.</summary>
    [Conditional("DEBUG")]
    public void OnClosed(IDisposable closed)
    {
        bool wasOpen = _open.Remove(closed);
        Debug.Assert(wasOpen, "closed twice, or never opened");
    }

    /// <summary>A session begins to wait for a signal.</summary>
    [Conditional("DEBUG")]
    public void OnPause() => Pauses++;

    /// <summary>A session's wait is over.</summary>
    [Conditional("DEBUG")]
    public void OnPauseEnd()
    {
        Pauses--;
        Debug.Assert(Pauses >= 0, "more waits ended than began");
    }
}
