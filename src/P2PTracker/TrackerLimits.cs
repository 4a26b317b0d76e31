using System;

namespace P2P.Tracker;

/// <summary>What the tracker holds at most, and for how long.</summary>
internal static class TrackerLimits
{
    /// <summary>Distinct chunk indexes in the whole list; some 100 bytes each.</summary>
    public const int ChunksMax = 1 << 22;

    /// <summary>Peers in the whole list; some 150 bytes each.</summary>
    public const int PeersMax = 1 << 18;

    /// <summary>Announcements in the whole list, that is pairs of a chunk and a peer; 4 to 8 bytes each.</summary>
    public const int AnnouncementsMax = 1 << 25;

    /// <summary>Announcements in the list that came from one connection.</summary>
    public const int ListedPerConnectionMax = 1 << 20;

    /// <summary>Peers that one connection may announce. A client announces one, itself.</summary>
    public const int PeersPerConnectionMax = 1 << 14;

    /// <summary>A read of so many bytes counts as bulk: a client that waits for its answers sends less at a
    /// time.</summary>
    public const int BulkReadBytes = 600;

    /// <summary>What a connection may send in bulk without a pause, in bytes, and how much of that comes back each
    /// second: some 10,000 announcements, and 20,000 a second.</summary>
    public const int BulkBytes = 256 * 1024, BulkBytesPerSecond = 512 * 1024;

    /// <summary>The time from one turn to the next of the connections that have sent more in bulk than they may, while
    /// others are served. A read takes up to 50 us, so that these connections get a fortieth of the time.</summary>
    public static readonly TimeSpan BulkTurn = TimeSpan.FromMilliseconds(2);

    /// <summary>How long the tracker keeps a connection that has sent too much nonsense, without reading it, before it
    /// closes the connection: a client that is closed at once may connect again at once.</summary>
    public static readonly TimeSpan NonsensePause = TimeSpan.FromMilliseconds(20);

    /// <summary>How old a connection without a message must be to be closed when descriptors run short.</summary>
    public static readonly TimeSpan SilentLife = TimeSpan.FromSeconds(60);

    /// <summary>How long a peer stays listed without a connection that announced it (PROTOCOL 6.5).</summary>
    public static readonly TimeSpan GonePeerLife = TimeSpan.FromMinutes(15);

    /// <summary>How often the tracker looks for peers that have been gone for so long.</summary>
    public static readonly TimeSpan GonePeerSweep = TimeSpan.FromSeconds(30);

    /// <summary>How long the next CHUNK_LOCATION_UNKNOWN for the same chunk is held back on a connection (PROTOCOL
    /// 6.3).</summary>
    public static readonly TimeSpan UnknownPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Unknown chunks remembered per connection for that pause, at 12 bytes each: more than a client that asks
    /// one question at a time can ask for in a pause. The memory grows only as far as it is needed.</summary>
    public const int UnknownRemembered = 512;

    /// <summary>Most peers that are named to a client which asks for the description of the swarm's set.</summary>
    public const int DescribersNamed = 16;

    /// <summary>Pieces of news that are kept for the clients (PROTOCOL 9.6). Where more come in one pause, chunks come
    /// so quickly that news of them would only cost time.</summary>
    public const int NewsKept = 64;

    /// <summary>The pause before news is told, at least and for each client that is told: at most 2,000 clients are
    /// told in a second, which takes some 20 ms.</summary>
    public static readonly TimeSpan NewsPauseMin = TimeSpan.FromMilliseconds(5),
        NewsPausePerClient = TimeSpan.FromMilliseconds(0.5);
}
