using System;

namespace P2P.Tracker.Http;

/// <summary>What requests for the page, the JSON and the metrics may cost the tracker, with unit and reason.</summary>
internal static class HttpLimits
{
    /// <summary>Requests that are read or answered at once; the next gets 503.</summary>
    public const int ConnectionsMax = 32;

    /// <summary>Longest request head, in bytes.</summary>
    public const int HeadBytesMax = 4096;

    /// <summary>How long the whole of a request's head may take.</summary>
    public static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long the browser may take to read the whole response, 800 KB at most, and to end the connection.
    /// Then the tracker resets the connection, so that neither it nor the kernel keeps the unread bytes.</summary>
    public static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The same for a response that refuses a request because too many are being answered.</summary>
    public static readonly TimeSpan RefusalTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Peers shown, each in a row of its own; of more, the first.</summary>
    public const int RowsMax = 500;

    /// <summary>Chunks shown in a column each; of more chunks, several share a column.</summary>
    public const int ColumnsMax = 65_536;

    /// <summary>Cells, peers times chunks, where each chunk has a column of its own: 512 KiB as bits, 700 KB in the
    /// response.</summary>
    public const int CellsMax = 1 << 22;

    /// <summary>Columns where a column stands for several chunks, at a byte for each peer.</summary>
    public const int WideColumns = 1024;

    /// <summary>Most chunks that a picture is made of: copying more indexes at once would delay the clients' answers
    /// by milliseconds.</summary>
    public const int PicturedChunksMax = 1 << 20;

    /// <summary>The rarest chunks that are named.</summary>
    public const int RarestMax = 10;

    /// <summary>The picture's size includes the chunks asked for, and forgets a question after once or twice this time,
    /// because some clients ask for an index by mistake. Clients that wait for a chunk repeat their question.</summary>
    public static readonly TimeSpan AskedLife = TimeSpan.FromMinutes(2);

    /// <summary>How many peers a chunk may have to be counted apart in the chunks by their number of peers; those with
    /// more count as having so many.</summary>
    public const int HoldersMax = 500;

    /// <summary>The time from one sample of the history to the next.</summary>
    public static readonly TimeSpan SampleTime = TimeSpan.FromSeconds(5);

    /// <summary>How long a sample is kept.</summary>
    public static readonly TimeSpan HistoryLife = TimeSpan.FromMinutes(10);

    /// <summary>Samples kept at most, at 40 bytes each: one in <see cref="SampleTime"/>, and one more.</summary>
    public const int SamplesMax = 121;

    /// <summary>The time over which the speed is taken that an end is estimated by, and the shortest.</summary>
    public static readonly TimeSpan SpeedTime = TimeSpan.FromMinutes(1), SpeedTimeMin = TimeSpan.FromSeconds(1);

    /// <summary>An end that is further away is no estimate.</summary>
    public static readonly TimeSpan TimeLeftMax = TimeSpan.FromDays(100);

    /// <summary>How old the picture of a swarm that has changed may be.</summary>
    public static readonly TimeSpan PictureLife = TimeSpan.FromMilliseconds(500);

    /// <summary>After how long without a request the memory of the picture and the buffer is released.</summary>
    public static readonly TimeSpan IdleLife = TimeSpan.FromSeconds(30);

    /// <summary>How long the tracker works at the picture before the clients have their turn.</summary>
    public static readonly TimeSpan SliceTime = TimeSpan.FromMilliseconds(1);

    // Does not compile unless a head that is not over yet and one more read fit a connection's buffer.
    private const uint HeadFits = HeadBytesMax + Limits.RequestReadBytes <= Limits.BufferBytes ? 0 : -1;
}
