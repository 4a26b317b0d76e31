using System;
using System.Diagnostics;
using System.Threading.Tasks;
using P2P.Logging;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>The parts that the download sessions of a client share.</summary>
/// <param name="traffic">Counts the bytes that come.</param>
/// <param name="chunkBytesMax">Largest chunk that is taken, in bytes.</param>
/// <param name="limit">Of all bytes that are received; null: none.</param>
internal sealed class DownloadContext(
    EventLoop loop, ActionLog log, Traffic traffic, long chunkBytesMax, RateLimit? limit)
{
    public EventLoop Loop => loop;

    public ActionLog Log => log;

    public Traffic Traffic => traffic;

    public long ChunkBytesMax => chunkBytesMax;

    /// <summary>Connections and lanes to peers.</summary>
    public int Connections
    {
        get;
        set
        {
            Debug.Assert(value >= 0, "more connections have ended than began");
            field = value;
        }
    }

    /// <summary>Bytes that may be moved at once.</summary>
    public int StepBytes => limit?.StepBytes ?? int.MaxValue;

    /// <summary>Chunks fetched at the same time, without those over lanes: under a limit so few that none looks
    /// slow.</summary>
    public int DownloadsMax => limit is null
        ? ClientLimits.DownloadsMax
        : (int)Math.Clamp(limit.BytesPerSecond / (2 * ClientLimits.SlowBytesPerSecond), 1, ClientLimits.DownloadsMax);

    /// <summary>A download that brings fewer bytes a second is slow: under a limit, fewer than its share.</summary>
    public long SlowBytesPerSecond => limit is null
        ? ClientLimits.SlowBytesPerSecond
        : Math.Min(ClientLimits.SlowBytesPerSecond, limit.BytesPerSecond / (2 * DownloadsMax));

    /// <summary>Connects to a peer.</summary>
    /// <returns>The connection, or null if none of the peer's addresses accepts.</returns>
    public Task<Connection?> ConnectAsync(Peer peer)
    {
        int receiveBytes = Math.Min(ClientLimits.ReceiveBytes, StepBytes);
        return Connector.ConnectAsync(
            loop, peer.Addresses, peer.Port, receiveBytes, ClientLimits.SilenceTimeout,
            limit?.UnreadMax(Connections) ?? 0);
    }

    /// <summary>Takes time of the limit for bytes that have come.</summary>
    /// <returns>How long to wait before more are received.</returns>
    public TimeSpan PauseAfter(int bytes) => limit is null ? TimeSpan.Zero : limit.Take(bytes, EventLoop.Now);

    /// <summary>The pipe through which the kernel moves bytes from a socket to a file.</summary>
    public SplicePipe Pipe { get; } = new();
}
