namespace P2P.Transport;

/// <summary>What a connection does about incoming bytes. A connection is in exactly one of these states; sending is
/// apart from them.</summary>
internal enum ConnectionState
{
    /// <summary>No session waits for bytes, and no receive is in flight.</summary>
    Idle,

    /// <summary>A session waits; its receive starts in the next round.</summary>
    PutOff,

    /// <summary>A session waits, and a receive is in flight.</summary>
    Receiving,

    /// <summary>The session's timeout ended before the receive that is in flight: that receive brings its bytes for the
    /// session's next wait.</summary>
    Unattended,

    /// <summary>An unattended receive, or a look for the end, has brought a result that the session has not seen
    /// yet.</summary>
    Arrived,

    /// <summary>The peer's end of the stream has been seen, and stands behind the unread bytes.</summary>
    Ended,

    /// <summary>The connection was closed on our side.</summary>
    Closed,
}

/// <summary>The order of the states, for assertions.</summary>
internal static class ConnectionStates
{
    /// <summary>Tells whether a state may directly follow this one.</summary>
    public static bool MayBecome(this ConnectionState state, ConnectionState next) => state switch
    {
        ConnectionState.Idle => next is not ConnectionState.Unattended,
        ConnectionState.PutOff => next is ConnectionState.Idle or ConnectionState.Receiving or ConnectionState.Closed,
        ConnectionState.Receiving =>
            next is ConnectionState.Idle or ConnectionState.Unattended or ConnectionState.Closed,
        ConnectionState.Unattended =>
            next is ConnectionState.Idle or ConnectionState.Receiving or ConnectionState.Closed,
        ConnectionState.Arrived => next is ConnectionState.Idle or ConnectionState.Closed,
        ConnectionState.Ended => next is ConnectionState.Closed,
        _ => false,
    };
}
