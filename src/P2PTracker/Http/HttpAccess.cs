namespace P2P.Tracker.Http;

/// <summary>Who may look at the tracker's page (<c>-http</c>).</summary>
internal enum HttpAccess
{
    /// <summary>Browsers on this machine that ask for this machine by one of its loopback names.</summary>
    Loopback,

    /// <summary>Whoever reaches the port.</summary>
    Any,

    /// <summary>Nobody: a request is a message that is none.</summary>
    Off,
}
