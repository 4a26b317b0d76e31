using System;

namespace P2P.Tracker.Http;

/// <summary>What looking at the tracker may cost it, with unit and reason.</summary>
internal static class HttpLimits
{
    /// <summary>Requests that are read or answered at once; the next gets 503.</summary>
    public const int ConnectionsMax = 32;

    /// <summary>Longest request head, in bytes.</summary>
    public const int HeadBytesMax = 4096;

    /// <summary>How long the whole of a request's head may take.</summary>
    public static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long the other side may take to read the whole answer, 800 KB at most, and to end the connection;
    /// then it is reset, so that neither we nor the kernel keep what is unread.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The same for one who is told that there is no place.</summary>
    public static readonly TimeSpan RefusalTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Peers that are shown one by one; of more, the first.</summary>
    public const int RowsMax = 500;

    /// <summary>Chunks that are shown one by one; of more, so many a column.</summary>
    public const int ColumnsMax = 65_536;

    /// <summary>Cells shown one by one, peers times chunks: 512 KiB as bits, 700 KB in the answer.</summary>
    public const int CellsMax = 1 << 22;

    /// <summary>Columns where a column is several chunks, at a byte for each peer.</summary>
    public const int WideColumns = 1024;

    /// <summary>Most chunks that a picture is made of: listing more of them would hold the tracker up for
    /// milliseconds.</summary>
    public const int PicturedChunksMax = 1 << 20;

    /// <summary>The rarest chunks that are named.</summary>
    public const int RarestMax = 10;

    /// <summary>A question that was asked by mistake is forgotten after once or twice as long; clients that wait repeat
    /// theirs.</summary>
    public static readonly TimeSpan AskedLife = TimeSpan.FromMinutes(2);

    /// <summary>How old the picture of a swarm that has changed may be.</summary>
    public static readonly TimeSpan PictureLife = TimeSpan.FromMilliseconds(500);

    /// <summary>After how long without a request the picture and the buffers are let go.</summary>
    public static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(30);

    /// <summary>How long the picture is worked at before the clients have their turn.</summary>
    public static readonly TimeSpan SliceTime = TimeSpan.FromMilliseconds(1);

    // Does not compile unless a head that is not over yet and one more read fit a connection's buffer.
    private const uint HeadFits = HeadBytesMax + Limits.RequestReadBytes <= Limits.BufferBytes ? 0 : -1;
}
