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

    /// <summary>A read of so many bytes is bulk: more than a client sends that waits for its answers.</summary>
    public const int BulkReadBytes = 600;

    /// <summary>What a connection may send in bulk without a pause, in bytes, and how much of that comes back each
    /// second: some 10,000 announcements, and 20,000 a second.</summary>
    public const int BulkBytes = 256 * 1024, BulkBytesPerSecond = 512 * 1024;

    /// <summary>How often one of those who have sent more is served while others are, too: a read takes up to 50 us,
    /// a fortieth of the time.</summary>
    public static readonly TimeSpan BulkTurn = TimeSpan.FromMilliseconds(2);

    /// <summary>How long the tracker keeps a connection that has sent too much nonsense, without reading it, before it
    /// closes the connection: a client that is closed at once may connect again at once.</summary>
    public static readonly TimeSpan NonsensePause = TimeSpan.FromMilliseconds(20);

    /// <summary>How old a connection without a message must be to be closed when descriptors run short.</summary>
    public static readonly TimeSpan SilentLife = TimeSpan.FromSeconds(60);

    /// <summary>How long a peer stays listed without a connection that announced it (PROTOCOL 6.5).</summary>
    public static readonly TimeSpan GonePeerLife = TimeSpan.FromMinutes(15);

    /// <summary>How often peers are looked for whose time is over.</summary>
    public static readonly TimeSpan GonePeerSweep = TimeSpan.FromSeconds(30);

    /// <summary>How long the next "unknown" for the same chunk is held back on a connection (PROTOCOL 6.3).</summary>
    public static readonly TimeSpan UnknownPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Unknown chunks remembered per connection for that pause, at 12 bytes each, as far as they are needed:
    /// more than a client that asks one question at a time can ask for in it.</summary>
    public const int UnknownRemembered = 512;
}
