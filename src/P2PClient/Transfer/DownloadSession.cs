using System;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Posix;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>How an attempt to fetch a chunk ended.</summary>
internal enum DownloadEnd
{
    /// <summary>Bytes, and then a clean end: the whole chunk.</summary>
    Whole,

    /// <summary>A clean end without a byte, or bytes and then silence, proves nothing alone (PROTOCOL 3.4).</summary>
    Doubtful,

    /// <summary>Refused, or reset.</summary>
    Failed,

    /// <summary>Not a byte for as long as we wait.</summary>
    Silent,

    /// <summary>More bytes than a chunk may have.</summary>
    TooLong,

    /// <summary>Not what chunks.crc says.</summary>
    Wrong,

    /// <summary>Our own disk can't take it.</summary>
    DiskFailed,
}

/// <summary>
/// One chunk from one peer: connect, ask, write what comes to a temporary file until the peer ends the stream. Connects
/// only to ask, asks at once, and sends nothing else, since strangers' servers are fragile (PROTOCOL 2.8).
/// </summary>
internal sealed class DownloadSession(
    EventLoop loop, ActionLog log, Download download, PartialChunk copy, long chunkBytesMax, ChunkCheck? check,
    SplicePipe pipe, Traffic traffic)
{
    private Connection? _connection;

    public Download Download => download;

    public int ChunkIndex => download.ChunkIndex;

    public Peer Peer => download.Peer;

    /// <summary>Knows what the chunk must be; null if nobody does.</summary>
    public ChunkCheck? Check => check;

    /// <summary>What has arrived; whoever hears of the end disposes of it.</summary>
    public PartialChunk Copy => copy;

    /// <summary>Why it failed, in words; only while there is a diagnosis.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Stops, if what would come is not wanted any more. The peer is told by a reset if it is one of ours; a
    /// stranger's server may die of one, so what it still sends is taken, and thrown away.</summary>
    public void StopIfUnwanted()
    {
        if (download.IsWanted) return;
        copy.Dispose();
        if (!download.IsGivenUp) return;
        string reason = download.IsSuperfluous ? "it has come from elsewhere" : "another source has it as well";
        Diagnosis.Log?.Add($"source {Peer} given up for chunk {ChunkIndex}: {reason}");
        _connection?.Abort();
    }

    /// <summary>Fetches the chunk.</summary>
    public async Task<DownloadEnd> RunAsync()
    {
        byte[] buffer = loop.Buffers.Rent();
        try
        {
            Connection? connection = await Connector.ConnectAsync(
                loop, Peer.Addresses, Peer.Port, ClientLimits.ReceiveBytes, ClientLimits.SilencePatience);
            _connection = connection;
            if (connection is null) Reason = "no connection";
            if (connection is null || download.IsGivenUp) return DownloadEnd.Failed;

            log.RequestChunk(ChunkIndex, Peer.HostText, Peer.Port);
            await loop.RoundEndAsync();     // the log is written before the request leaves (PROTOCOL 5.3)
            int bytes = MessageWriter.RequestChunk(buffer, ChunkIndex);
            SocketResult sent = await connection.SendAsync(buffer, 0, bytes);
            if (!sent.IsSuccess) return Fail(sent);

            long turnEnd = ClientLimits.TurnBytes;
            while (true)
            {
                // A large chunk that nobody has to look at needn't come into this process.
                if (download.Received >= ClientLimits.MovedFrom && check is null && pipe.IsUsable && download.IsWanted
                    && connection.Unread.IsEmpty)
                {
                    if (!copy.TryMove(pipe, (int)connection.Socket.Handle, out int moved, out SpliceEnd end))
                        return DownloadEnd.DiskFailed;
                    if (end == SpliceEnd.Failed) return Fail(SocketResult.Failed);
                    if (end == SpliceEnd.PeerEnded) return DownloadEnd.Whole;
                    download.Received += moved;
                    traffic.OnReceived(moved);
                    if (download.Received > chunkBytesMax) return DownloadEnd.TooLong;
                    if (end == SpliceEnd.WouldBlock)
                    {
                        SocketResult ready = await connection.ReadableAsync(ClientLimits.SilencePatience);
                        if (ready.IsQuiet) return DownloadEnd.Doubtful;
                        if (!ready.IsSuccess) return DownloadEnd.Failed;
                    }
                    else if (download.Received >= turnEnd)
                    {
                        turnEnd = download.Received + ClientLimits.TurnBytes;
                        await loop.YieldAsync();
                    }
                    continue;
                }

                SocketResult received = await connection.ReceiveAsync(ClientLimits.SilencePatience);
                if (received.IsQuiet) return download.Received > 0 ? DownloadEnd.Doubtful : DownloadEnd.Silent;
                if (!received.IsSuccess) return Fail(received);
                if (received.IsEnd) return download.Received > 0 ? DownloadEnd.Whole : DownloadEnd.Doubtful;
                download.Received += received.Bytes;
                traffic.OnReceived(received.Bytes);
                if (download.Received > chunkBytesMax) return DownloadEnd.TooLong;
                if (check is not null && !check.TryAdd(connection.Unread)) return DownloadEnd.Wrong;
                bool isWhole = download.Received == received.Bytes && connection.LookForEnd();
                if (download.IsWanted
                    && !(isWhole ? copy.TryWriteWhole(connection.Unread) : copy.TryWrite(connection.Unread)))
                    return DownloadEnd.DiskFailed;
                connection.Consume(received.Bytes);
                if (download.Received < turnEnd) continue;
                turnEnd = download.Received + ClientLimits.TurnBytes;
                await loop.YieldAsync();
            }
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PClient", e);
            return DownloadEnd.Failed;
        }
        finally
        {
            loop.Buffers.Return(buffer);
            _connection?.Close();
        }
    }

    private DownloadEnd Fail(SocketResult result)
    {
        if (Diagnosis.Log is not null) Reason = $"{Diagnosis.Describe(result)} after {download.Received} bytes";
        return DownloadEnd.Failed;
    }
}
