using System;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Logging;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>How an attempt to fetch a chunk ended.</summary>
internal enum DownloadEnd
{
    /// <summary>Bytes, and then a clean end: the whole chunk.</summary>
    Whole,

    /// <summary>A clean end without a byte, or bytes and then silence: proves nothing by itself (PROTOCOL 3).</summary>
    Doubtful,

    /// <summary>Refused, or reset.</summary>
    Failed,

    /// <summary>Not a byte for as long as we wait.</summary>
    Silent,

    /// <summary>More bytes than a chunk may have.</summary>
    TooLong,

    /// <summary>Our own disk can't take it.</summary>
    DiskFailed,
}

/// <summary>
/// One chunk from one peer: connect, ask, write what comes to a temporary file until the peer ends the stream. Connects
/// only to ask, asks at once, and sends nothing else, since strangers' servers are fragile (PROTOCOL 2, asking a peer).
/// </summary>
internal sealed class DownloadSession(
    EventLoop loop, ActionLog log, int chunkIndex, Peer peer, PartialChunk copy, long chunkBytesMax)
{
    private long _received;

    public int ChunkIndex => chunkIndex;

    public Peer Peer => peer;

    /// <summary>What has arrived; whoever hears of the end disposes of it.</summary>
    public PartialChunk Copy => copy;

    /// <summary>When it began.</summary>
    public TimeSpan StartedAt { get; } = EventLoop.Now;

    /// <summary>The chunk has come from elsewhere.</summary>
    public bool IsSuperfluous { get; private set; }

    /// <summary>Another source has been asked for the same chunk because of this.</summary>
    public bool IsBacked { get; set; }

    /// <summary>The chunk has come from elsewhere. A stranger's server may die of a reset, so what is still sent is
    /// taken, and thrown away.</summary>
    public void MakeSuperfluous()
    {
        IsSuperfluous = true;
        copy.Dispose();
    }

    /// <summary>It is not worth waiting for if the chunk can be had elsewhere.</summary>
    public bool IsSlow(TimeSpan now)
    {
        TimeSpan age = now - StartedAt;
        return age > ClientLimits.SlowAfter && _received < age.TotalSeconds * ClientLimits.SlowBytesPerSecond;
    }

    /// <summary>Fetches the chunk.</summary>
    public async Task<DownloadEnd> RunAsync()
    {
        Connection? connection = null;
        byte[] buffer = loop.Buffers.Get();
        try
        {
            connection = await Connector.ConnectAsync(loop, peer.Addresses, peer.Port, ClientLimits.ReceiveBytes, ClientLimits.SilencePatience);
            if (connection is null) return DownloadEnd.Failed;

            LogRequest(buffer);
            int bytes = MessageWriter.RequestChunk(buffer, chunkIndex);
            if (!(await connection.SendAsync(buffer, 0, bytes)).IsSuccess) return DownloadEnd.Failed;

            long turnEnd = ClientLimits.TurnBytes;
            while (true)
            {
                SocketResult received = await connection.ReceiveAsync(ClientLimits.SilencePatience);
                if (received.IsQuiet) return _received > 0 ? DownloadEnd.Doubtful : DownloadEnd.Silent;
                if (!received.IsSuccess) return DownloadEnd.Failed;
                if (received.IsEnd) return _received > 0 ? DownloadEnd.Whole : DownloadEnd.Doubtful;
                _received += received.Bytes;
                if (_received > chunkBytesMax) return DownloadEnd.TooLong;
                if (!IsSuperfluous && !copy.TryWrite(connection.Unread)) return DownloadEnd.DiskFailed;
                connection.Consume(received.Bytes);
                if (_received < turnEnd) continue;
                turnEnd = _received + ClientLimits.TurnBytes;
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
            connection?.Close();
        }
    }

    // <client_name>,REQUEST_CHUNK,<chunk_index>,<IP_address>,<Port_number>   in the log only (spec 5)
    private void LogRequest(Span<byte> buffer)
    {
        int length = MessageWriter.RequestChunk(buffer, chunkIndex);
        length += MessageWriter.Peer(buffer[length..], System.Text.Encoding.ASCII.GetBytes(peer.Host), peer.Port);
        log.Add(buffer[..length]);
        log.Flush();
    }
}
