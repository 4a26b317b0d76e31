using System;

namespace P2P.Client;

/// <summary>What the client does at most, and how long it waits. The protocol's own limits are in <see cref="Limits"/>.</summary>
internal static class ClientLimits
{
    /// <summary>Chunks in a file-set; some 40 bytes each.</summary>
    public const int ChunksMax = 1 << 24;

    /// <summary>Most that one read takes from a peer, in bytes: fits the second-level cache, so that writing the file
    /// finds it there.</summary>
    public const int ReceiveBytes = 256 * 1024;

    /// <summary>Bytes moved for one connection before the others have their turn.</summary>
    public const int TurnBytes = 1024 * 1024;

    /// <summary>Chunks fetched at the same time.</summary>
    public const int DownloadsMax = 16;

    /// <summary>Chunks fetched at the same time from one peer that serves them quickly. From any other it is one: a
    /// stranger may serve one at a time, and the next would wait without a byte.</summary>
    public const int DownloadsFromFastPeerMax = 4;

    /// <summary>A peer is quick if a chunk took no longer than this from connecting to its end.</summary>
    public static readonly TimeSpan FastChunkTime = TimeSpan.FromMilliseconds(100);

    /// <summary>A download that brought fewer bytes a second than this, over at least the time given, is slow: when
    /// nothing else is left to fetch, its chunk is fetched from another source as well.</summary>
    public const int SlowBytesPerSecond = 32 * 1024;
    public static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2);

    /// <summary>Largest chunk, in bytes: who sends more sends nonsense, or never stops (option -max_chunk_bytes).</summary>
    public const long ChunkBytesMax = 16L << 30;

    /// <summary>How long a connection or the next byte of a chunk is waited for (PROTOCOL 2).</summary>
    public static readonly TimeSpan SilencePatience = TimeSpan.FromSeconds(15);

    /// <summary>How long a peer that connected is waited for to ask.</summary>
    public static readonly TimeSpan RequestPatience = TimeSpan.FromSeconds(60);

    /// <summary>First and longest pause of a source that failed; it doubles with every failure.</summary>
    public static readonly TimeSpan PeerPauseMin = TimeSpan.FromMilliseconds(250), PeerPauseMax = TimeSpan.FromSeconds(30);

    /// <summary>Chunks with known sources that are kept ready, to choose the rarest from.</summary>
    public const int AskedAheadMax = 128;

    /// <summary>Questions in flight to a tracker that speaks lines.</summary>
    public const int QuestionsInFlightMax = 32;

    /// <summary>First and longest pause before "unknown" chunks are asked for again (PROTOCOL 7).</summary>
    public static readonly TimeSpan UnknownPauseMin = TimeSpan.FromMilliseconds(20), UnknownPauseMax = TimeSpan.FromSeconds(1);

    /// <summary>An answer is acted upon for this many times as long as a question takes, within these bounds; then it is
    /// asked for again just before its chunk is fetched, so that new sources are seen.</summary>
    public const int AnswerLifeFactor = 50;
    public static readonly TimeSpan AnswerLifeMin = TimeSpan.FromMilliseconds(20), AnswerLifeMax = TimeSpan.FromSeconds(60);

    /// <summary>How long an answer is waited for before it is asked for again, or for the first one ever, before the
    /// tracker is taken for one that wants lines (PROTOCOL 2).</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10);

    /// <summary>First and longest pause between attempts to reach the tracker.</summary>
    public static readonly TimeSpan TrackerPauseMin = TimeSpan.FromMilliseconds(20), TrackerPauseMax = TimeSpan.FromSeconds(1);

    /// <summary>Pacing where the tracker's receive queue can't be seen: since our last message, and since its last byte.</summary>
    public static readonly TimeSpan BlindPauseAfterSend = TimeSpan.FromMilliseconds(1200), BlindPauseAfterReceive = TimeSpan.FromMilliseconds(2200);

    /// <summary>How often local_chunks.txt is rewritten at most (PROTOCOL 4).</summary>
    public static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often paused sources and unknown chunks are looked at again when nothing else happens.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
}
