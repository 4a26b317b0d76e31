namespace P2P.Client;

/// <summary>What the client's other parts may know of a chunk. Each chunk is in exactly one of these states.</summary>
internal enum ChunkState : byte
{
    /// <summary>The chunk is not held, and the tracker is to be asked about it, for the first time or again.</summary>
    Missing,

    /// <summary>The tracker has been asked, and has not answered.</summary>
    Asked,

    /// <summary>The tracker listed no peer that can be asked; the tracker is asked again after a pause.</summary>
    Unknown,

    /// <summary>The chunk's sources are known.</summary>
    Ready,

    /// <summary>The chunk is being fetched.</summary>
    InFlight,

    /// <summary>The chunk is held, whole.</summary>
    Have,
}

/// <summary>
/// A chunk's state in more detail, as <see cref="ChunkPicker"/> needs it. Each chunk is in exactly one of these stages.
/// A stage whose chunks wait for something has a list or queue of its own, and each of its chunks stands there once.
/// </summary>
internal enum ChunkStage : byte
{
    /// <summary>Missing: the tracker was never asked about the chunk.</summary>
    NeverAsked,

    /// <summary>Missing: the tracker is to be asked again, because a question got no answer, or the chunk's file was
    /// lost.</summary>
    AskAgain,

    /// <summary>Missing: no peer had the chunk, and the pause before the next question is over.</summary>
    UnknownDue,

    /// <summary>Missing: the chunk was picked to be fetched, but the answer about it is old, and the tracker is to be
    /// asked first.</summary>
    Stale,

    /// <summary>Asked: the chunk was not picked yet.</summary>
    Asked,

    /// <summary>Asked: the chunk was picked, and is fetched when the answer comes.</summary>
    Refreshing,

    /// <summary>Unknown: the pause before the next question is not over.</summary>
    Unknown,

    /// <summary>Ready to be picked.</summary>
    Ready,

    /// <summary>Ready: the chunk was picked, the tracker has just answered again, and the chunk is fetched next.
    /// </summary>
    Refreshed,

    /// <summary>In flight.</summary>
    InFlight,

    /// <summary>In flight, and the tracker is to be asked for more sources.</summary>
    InFlightToAsk,

    /// <summary>Held.</summary>
    Have,
}
