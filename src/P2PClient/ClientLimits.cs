using System;

namespace P2P.Client;

/// <summary>The client's limits and timeouts. The protocol's own limits are in
/// <see cref="Limits"/>.</summary>
internal static class ClientLimits
{
    /// <summary>Chunks in a file-set; some 40 bytes each.</summary>
    public const int ChunksMax = 1 << 24;

    /// <summary>Bytes of a set's description that are taken from a peer: enough for as many chunks, and for millions of
    /// files.</summary>
    public const int DescriptionBytesMax = 1 << 30;

    /// <summary>How long a peer has at first, and at most, to send the description: a slow one has twice as long at the
    /// next attempt, and one that never ends is passed over.</summary>
    public static readonly TimeSpan DescriptionTimeoutMin = TimeSpan.FromSeconds(5),
        DescriptionTimeoutMax = TimeSpan.FromHours(1);

    /// <summary>Most that one read takes from a peer, in bytes: fits the second-level cache, so that writing the file
    /// finds it there.</summary>
    public const int ReceiveBytes = 256 * 1024;

    /// <summary>A chunk of more bytes than this is large: the kernel moves the rest from the socket to its
    /// file.</summary>
    public const long MovedFrom = 512 * 1024;

    /// <summary>Bytes moved for one connection before the others have their turn.</summary>
    public const int TurnBytes = 1024 * 1024;

    /// <summary>Bytes of a chunk that are read beside the loop at once, where they are not in memory; and how far apart
    /// the kernel is asked whether they are: no less than it reads at once as a rule.</summary>
    public const int CacheWindowBytes = 256 * 1024, CacheStepBytes = 64 * 1024;

    /// <summary>Chunks sent at the same time, unless the user says otherwise (-upload_slots); the others wait for their
    /// turn.</summary>
    public const int UploadsAtOnce = 2;

    /// <summary>The round trip of a long line, over which twice as many chunks are sent at a time.</summary>
    public static readonly TimeSpan LongLine = TimeSpan.FromMilliseconds(10);

    /// <summary>A long lane is stuck that may send less than this part of what each slot has of the uplink: 0.4 of its
    /// own share.</summary>
    public const int StuckPart = 5;

    /// <summary>How long a lane whose rate was forgotten is not looked at, at first and at most.</summary>
    public static readonly TimeSpan StuckPauseMin = TimeSpan.FromMilliseconds(500),
        StuckPauseMax = TimeSpan.FromMinutes(1);

    /// <summary>Uploads that read from the disk at the same time: a slow disk would be slower for more.</summary>
    public const int DiskUploadsMax = 2;

    /// <summary>Most that the kernel holds of an upload beyond what the network takes, in bytes: enough to keep the
    /// uplink busy until the next one has begun.</summary>
    public const int UnsentBytes = 256 * 1024;

    /// <summary>An upload that has sent nothing for so long no longer counts as one.</summary>
    public static readonly TimeSpan UploadStall = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a peer waits for its turn at most: a peer on this machine may be a stranger's with an unknown
    /// timeout; one elsewhere is ours (<see cref="SilenceTimeout"/>).</summary>
    public static readonly TimeSpan LocalTurnTimeout = TimeSpan.FromSeconds(1), TurnTimeout = TimeSpan.FromSeconds(8);

    /// <summary>The lowest limit of a rate, in bytes a second, and the smallest step: below it, peers would give up
    /// (<see cref="SilenceTimeout"/>).</summary>
    public const int RateMin = 1024;

    /// <summary>How often bytes are moved under a limit, where one step is neither too small nor too large for
    /// it.</summary>
    public const int StepsPerSecond = 100;

    /// <summary>How much of an idle time a limited rate makes up for: timers, and a busy machine, are late.</summary>
    public static readonly TimeSpan RateSlack = TimeSpan.FromMilliseconds(50);

    /// <summary>What the kernel may hold of all limited downloads together: so many parts of what comes in a second.
    /// Fewer bytes of one connection than the least would make the kernel drop packets; from the most on, its own
    /// measure is as good, and fits long lines.</summary>
    public const int UnreadPartOfSecond = 8, UnreadMin = 16 * 1024, UnreadMax = 64 * 1024;

    /// <summary>How long descriptors count as short after the process wanted one and there was none.</summary>
    public static readonly TimeSpan DescriptorsShort = TimeSpan.FromSeconds(1);

    /// <summary>How long, and how often, opening a chunk is tried while even the spare descriptor is gone.</summary>
    public static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(10), OpenPause = TimeSpan.FromMilliseconds(50);

    /// <summary>Chunks fetched at the same time.</summary>
    public const int DownloadsMax = 12;

    /// <summary>Chunks fetched at the same time from one peer that serves them quickly. One chunk at a time
    /// is fetched from any other: a stranger may serve one at a time, and the next would wait without a byte.</summary>
    public const int DownloadsFromFastPeerMax = 4;

    /// <summary>Chunks fetched at the same time from one of our own kind: the next one waits in its queue, so that its
    /// uplink is never idle.</summary>
    public const int DownloadsFromOursMax = 2;

    /// <summary>Chunks asked for at the same time over one lane, and by a peer that is served over one (PROTOCOL
    /// 9).</summary>
    public const int LaneRequestsMax = 128;

    /// <summary>Bytes of one piece to another machine at most: some 10 ms of a fast line.</summary>
    public const int LanePieceBytes = 128 * 1024;

    /// <summary>The same as <see cref="UnsentBytes"/> for a lane to another machine. The kernel takes more only when
    /// half of them are sent: a lane, which begins at the speed that it had, would look stalled on a slow
    /// uplink.</summary>
    public const int LaneUnsentBytes = 64 * 1024;

    /// <summary>Bytes that are waited for at a time over a lane from another machine, at first and at most. The kernel
    /// would bound its window by more, on a connection that has just begun.</summary>
    public const int WaitBytesMin = 4 * 1024, WaitBytesMax = 32 * 1024;

    /// <summary>Bytes that come sooner after each other are waited for in larger numbers, those that come later in
    /// smaller ones; where too few come within the last of these times, those that are there are taken.</summary>
    public static readonly TimeSpan WaitTimeMin = TimeSpan.FromMilliseconds(5),
        WaitTimeMax = TimeSpan.FromMilliseconds(20), WaitTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Chunks fetched at the same time where lanes are used.</summary>
    public const int LaneDownloadsMax = 512;

    /// <summary>While more requests than these wait at a peer, fewer are sent to it over its lane.</summary>
    public const int LaneWaitingMax = 3;

    /// <summary>How long a lane without requests stays open.</summary>
    public static readonly TimeSpan LaneIdle = TimeSpan.FromSeconds(10);

    /// <summary>A peer is quick if a chunk took no longer than this from connecting to its end.</summary>
    public static readonly TimeSpan FastChunkTime = TimeSpan.FromMilliseconds(100);

    /// <summary>A download that brought fewer bytes a second than this, over at least the time given, is slow: when
    /// nothing else is left to fetch, its chunk is fetched from another source as well.</summary>
    public const int SlowBytesPerSecond = 32 * 1024;
    public static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2);

    /// <summary>Over so many chunks the usual time and rate of one over a lane are averaged.</summary>
    public const int UsualChunks = 8;

    /// <summary>Largest chunk, in bytes: a peer that sends more sends nonsense, or never stops (option
    /// -max_chunk_bytes).</summary>
    public const long ChunkBytesMax = 16L << 30;

    /// <summary>How long a connection or the next byte of a chunk is waited for (PROTOCOL 2.8).</summary>
    public static readonly TimeSpan SilenceTimeout = TimeSpan.FromSeconds(15);

    /// <summary>How long a peer that connected is waited for to ask.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    /// <summary>First and longest pause of a source that failed; the pause doubles with every failure.</summary>
    public static readonly TimeSpan PeerPauseMin = TimeSpan.FromMilliseconds(250),
        PeerPauseMax = TimeSpan.FromSeconds(30);

    /// <summary>The failures that a wrong chunk counts as: the source's first pause is 4 s.</summary>
    public const int WrongChunkSeverity = 5;

    /// <summary>Chunks with known sources that are kept ready, to choose the rarest from.</summary>
    public const int AskedAheadMax = 128;

    /// <summary>How long the place in a queue of one of our own kind is kept while others have the chunk,
    /// too.</summary>
    public static readonly TimeSpan QueueTimeout = TimeSpan.FromMilliseconds(400);

    /// <summary>Where no more peers than these have a chunk, a place in a queue is left at once for one that has just
    /// got it: where many have it, the queues of all are as long.</summary>
    public const int FewSources = 4;

    /// <summary>Chunks asked about at a time only to see whether better sources have appeared.</summary>
    public const int RefreshedForSourcesMax = 8;

    /// <summary>How old an answer must be, at first and at most, before the client asks about its chunk again only to
    /// find better sources; the age grows while no answer lists a new one.</summary>
    public static readonly TimeSpan RefreshAgeMin = TimeSpan.FromMilliseconds(200),
        RefreshAgeMax = TimeSpan.FromSeconds(1);

    /// <summary>Questions in flight to a tracker that speaks lines, a stranger's and ours: over a long line that is as
    /// many answers as one round trip brings.</summary>
    public const int QuestionsInFlightMax = 32, QuestionsToOursMax = 128;

    /// <summary>First and longest pause before "unknown" chunks are asked for again (PROTOCOL 7.3).</summary>
    public static readonly TimeSpan UnknownPauseMin = TimeSpan.FromMilliseconds(20),
        UnknownPauseMax = TimeSpan.FromSeconds(1);

    /// <summary>When nothing has changed for the first of these times and more than this many chunks are "unknown", the
    /// client asks about one at a time, with the second time between two questions (PROTOCOL 7.3).</summary>
    public const int UnknownAtOnceMax = 100;
    public static readonly TimeSpan UnknownOneByOneAfter = TimeSpan.FromSeconds(10),
        UnknownOneByOnePause = TimeSpan.FromMilliseconds(10);

    /// <summary>An answer is fresh for this many times as long as the tracker takes to answer, within these bounds.
    /// About a chunk whose answer is older the client asks again before it fetches the chunk, to learn of new
    /// sources.</summary>
    public const int AnswerLifeFactor = 50;
    public static readonly TimeSpan AnswerLifeMin = TimeSpan.FromMilliseconds(50),
        AnswerLifeMax = TimeSpan.FromSeconds(60);

    /// <summary>How long the client waits for the tracker's first answer before it asks again, and how long at least
    /// for a later one; else four times as long as the slowest answer has taken (PROTOCOL 2.6).</summary>
    public static readonly TimeSpan FirstAnswerTimeout = TimeSpan.FromSeconds(5),
        AnswerTimeoutMin = TimeSpan.FromSeconds(2);

    /// <summary>After so many unframed questions without an answer the client tries lines.</summary>
    public const int UnframedAttempts = 2;

    /// <summary>How long lines may get no answer before messages are sent unframed again.</summary>
    public static readonly TimeSpan LinesTimeout = TimeSpan.FromSeconds(10);

    /// <summary>First and longest pause between attempts to reach the tracker.</summary>
    public static readonly TimeSpan TrackerPauseMin = TimeSpan.FromMilliseconds(20),
        TrackerPauseMax = TimeSpan.FromSeconds(1);

    /// <summary>The pause between two look-ups of the tracker's name while it can't be reached.</summary>
    public static readonly TimeSpan LookUpPause = TimeSpan.FromSeconds(5);

    /// <summary>Pacing where the tracker's receive queue can be seen: as often as this the kernel is asked about it one
    /// round after the other, and then after these pauses, the first and the longest.</summary>
    public const int QueueAttemptsAtOnce = 16;
    public static readonly TimeSpan QueuePauseMin = TimeSpan.FromMicroseconds(100),
        QueuePauseMax = TimeSpan.FromMilliseconds(5);

    /// <summary>Pacing where the tracker's receive queue can't be seen: since our last message, and since the tracker's
    /// last byte.</summary>
    public static readonly TimeSpan BlindPauseAfterSend = TimeSpan.FromMilliseconds(1200),
        BlindPauseAfterReceive = TimeSpan.FromMilliseconds(2200);

    /// <summary>How long a client that is to end by itself when complete waits as a source, unless the user says
    /// otherwise.</summary>
    public const int LingerSeconds = 5;

    /// <summary>How long the disk may refuse all chunks before a client with -exit_when_complete gives up.</summary>
    public static readonly TimeSpan DiskTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How often the client asks whether the program of -on_complete has ended.</summary>
    public static readonly TimeSpan CommandPause = TimeSpan.FromMilliseconds(50);

    /// <summary>After so long without progress the reason is reported.</summary>
    public static readonly TimeSpan StallAfter = TimeSpan.FromSeconds(10);

    /// <summary>How often the reason is looked for, which takes a look at every chunk.</summary>
    public static readonly TimeSpan StallLookPause = TimeSpan.FromSeconds(1);

    /// <summary>How often local_chunks.txt is rewritten at most (PROTOCOL 4.4).</summary>
    public static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often paused sources and unknown chunks are looked at again when nothing else happens.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a client that writes to stdout waits where nobody reads.</summary>
    public static readonly TimeSpan StreamPause = TimeSpan.FromMilliseconds(1);

    /// <summary>How often the tracker is asked who has everything (-until_peers).</summary>
    public static readonly TimeSpan UntilPause = TimeSpan.FromSeconds(1);
}
