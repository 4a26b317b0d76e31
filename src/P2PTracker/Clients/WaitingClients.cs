using System;
using System.Collections.Generic;

namespace P2P.Tracker;

/// <summary>A client that has announced nothing.</summary>
/// <param name="Host">As the list shows it.</param>
/// <param name="Port">Of its connection to the tracker: nobody can fetch from there.</param>
/// <param name="Since">When it connected.</param>
internal readonly record struct WaitingClient(string Host, int Port, TimeSpan Since)
{
    /// <summary>The name that its user has given it, in UTF-8; null: none.</summary>
    public byte[]? Name { get; init; }
}

/// <summary>
/// The connections that have sent a message and announced nothing so far: of clients that have no chunk yet. The
/// tracker can't list them as peers, since nobody knows their port; its page shows them. A session that has announced
/// is taken out when somebody looks, so that announcing costs nothing more.
/// </summary>
internal sealed class WaitingClients
{
    private readonly SessionList _sessions = new();

    /// <summary>How many wait. Looks at each of them, and at each session that was added since the last look.</summary>
    public int Count
    {
        get
        {
            for (int i = _sessions.Sessions.Length - 1; i >= 0; i--)
            {
                if (_sessions.Sessions[i].HasAnnounced) _sessions.Remove(_sessions.Sessions[i]);
            }
            return _sessions.Sessions.Length;
        }
    }

    /// <summary>A session has read its first message.</summary>
    public void Add(TrackerSession session) => _sessions.Add(session);

    /// <summary>A session that has been added has ended.</summary>
    public void Remove(TrackerSession session)
    {
        if (session.ListPlace >= 0) _sessions.Remove(session);
    }

    /// <summary>Lists the clients that wait, in no order.</summary>
    /// <param name="clients">Cleared, then filled.</param>
    /// <param name="max">Most that are listed.</param>
    public void CopyTo(List<WaitingClient> clients, int max)
    {
        clients.Clear();
        foreach (TrackerSession session in _sessions.Sessions)
        {
            if (!session.HasAnnounced && clients.Count < max && session.Waiting is { } client) clients.Add(client);
        }
    }
}
