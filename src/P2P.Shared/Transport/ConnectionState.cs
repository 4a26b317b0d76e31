namespace P2P.Transport;

/// <summary>What a connection does about bytes that come in. It is in exactly one state; sending is apart from
/// it.</summary>
internal enum ConnectionState
{
    /// <summary>Nobody waits for bytes, and no receive is in flight.</summary>
    Idle,

    /// <summary>A session waits; its receive starts in the next round.</summary>
    PutOff,

    /// <summary>A session waits, and a receive is in flight.</summary>
    Receiving,

    /// <summary>The session's timeout ended before the receive that is in flight: it brings its bytes for the next one
    /// to wait.</summary>
    Unattended,

    /// <summary>An unattended receive, or a look for the end, has brought something that no session has seen
    /// yet.</summary>
    Arrived,

    /// <summary>The peer's end of the stream has been seen, and stands behind what is unread.</summary>
    Ended,

    /// <summary>The connection was closed on our side.</summary>
    Closed,
}
