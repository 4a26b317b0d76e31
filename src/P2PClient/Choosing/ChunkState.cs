namespace P2P.Client;

/// <summary>What the client's other parts may know of a chunk. Each chunk is in exactly one of these states.</summary>
internal enum ChunkState : byte
{
    /// <summary>The chunk is not held, and the tracker is to be asked for it, for the first time or again.</summary>
    Missing,

    /// <summary>The tracker has been asked, and has not answered.</summary>
    Asked,

    /// <summary>No peer that could be asked had the chunk; the tracker is asked for it again after a pause.</summary>
    Unknown,

    /// <summary>The chunk's sources are known.</summary>
    Ready,

    /// <summary>The chunk is being fetched.</summary>
    InFlight,

    /// <summary>The chunk is held, whole.</summary>
    Have,
}

/// <summary>
/// A chunk's state as <see cref="ChunkPicker"/> tells it apart: it says which list or queue the chunk stands in. Each
/// chunk is in exactly one of these stages, and on exactly one such list.
/// </summary>
internal enum ChunkStage : byte
{
    /// <summary>Missing: the tracker was never asked for the chunk.</summary>
    NeverAsked,

    /// <summary>Missing: the tracker is to be asked again, since a question stayed without an answer, or the chunk was
    /// lost.</summary>
    AskAgain,

    /// <summary>Missing: no peer had the chunk, and the pause before the next question is over.</summary>
    UnknownDue,

    /// <summary>Missing: the chunk was picked to be fetched, but its answer is old, and the tracker is to be asked
    /// first.</summary>
    Stale,

    /// <summary>Asked, and not picked.</summary>
    Asked,

    /// <summary>Asked: the chunk was picked, and is fetched when the answer comes.</summary>
    Refreshing,

    /// <summary>Unknown: the pause before the next question is not over.</summary>
    Unknown,

    /// <summary>Ready to be picked.</summary>
    Ready,

    /// <summary>Ready: the chunk was picked, its answer came a moment ago, and the chunk is fetched next.</summary>
    Refreshed,

    /// <summary>In flight.</summary>
    InFlight,

    /// <summary>In flight, and the tracker is to be asked for more sources.</summary>
    InFlightToAsk,

    /// <summary>Held.</summary>
    Have,
}
