namespace P2P.Tracker.Http;

/// <summary>Which browsers the tracker shows its page to (<c>-http</c>).</summary>
internal enum HttpAccess
{
    /// <summary>Browsers on this machine that name this machine by one of its loopback names.</summary>
    Loopback,

    /// <summary>All that reach the port.</summary>
    Any,

    /// <summary>None: a request counts as text that is no message.</summary>
    Off,
}
