using System;
using System.Diagnostics;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Posix;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>How an attempt to fetch a chunk ended.</summary>
internal enum DownloadEnd
{
    /// <summary>Bytes, and then a clean end: the whole chunk.</summary>
    Whole,

    /// <summary>A clean end without a byte, or bytes and then silence: no proof of a chunk (PROTOCOL 3.4).</summary>
    Doubtful,

    /// <summary>Refused, or reset.</summary>
    Failed,

    /// <summary>No byte within the timeout.</summary>
    Silent,

    /// <summary>More bytes than a chunk may have.</summary>
    TooLong,

    /// <summary>The chunk's size or sum differs from chunks.crc.</summary>
    Wrong,

    /// <summary>This client's disk has refused the bytes.</summary>
    DiskFailed,
}

/// <summary>
/// Fetches one chunk from one peer: connects, asks, and writes the bytes to a temporary file until the peer ends the
/// stream. The session connects only to ask, asks at once, and sends nothing else, since strangers' servers are fragile
/// (PROTOCOL 2.8).
/// </summary>
/// <param name="copy">Gets the bytes.</param>
/// <param name="check">Checks the bytes; null without chunks.crc.</param>
internal sealed class DownloadSession(DownloadContext context, Download download, PartialChunk copy, ChunkCheck? check)
{
    private Connection? _connection;

    public Download Download => download;

    public int ChunkIndex => download.ChunkIndex;

    public Peer Peer => download.Peer;

    /// <summary>The bytes so far; the session's owner disposes of the copy after the end.</summary>
    public PartialChunk Copy => copy;

    /// <summary>The reason of a failure, in words; only while there is a diagnosis.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Stops a download that is not wanted any more. One of our own peers gets a reset; a stranger's server
    /// may die of one, so its bytes are received, and dropped.</summary>
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
        byte[] buffer = context.Loop.Buffers.Rent();
        try
        {
            Connection? connection = await Connector.ConnectAsync(
                context.Loop, Peer.Addresses, Peer.Port, ClientLimits.ReceiveBytes, ClientLimits.SilenceTimeout);
            _connection = connection;
            if (connection is null) Reason = "no connection";
            if (connection is null || download.IsGivenUp) return DownloadEnd.Failed;

            context.Log.RequestChunk(ChunkIndex, Peer.HostText, Peer.Port);
            await context.Loop.RoundEndAsync();     // the log is written before the request leaves (PROTOCOL 5.3)
            int bytes = MessageWriter.RequestChunk(buffer, ChunkIndex);
            SocketResult sent = await connection.SendAsync(buffer, 0, bytes);
            if (!sent.IsSuccess) return Fail(sent);

            long turnEnd = ClientLimits.TurnBytes;
            bool isDrained = false;     // the kernel has just moved all bytes that had come
            while (true)
            {
                DownloadEnd? end;
                if (!MayMove(connection))
                {
                    isDrained = false;
                    end = Take(connection, await connection.ReceiveAsync(ClientLimits.SilenceTimeout));
                }
                else if (isDrained)
                {
                    isDrained = false;
                    end = EndOf(await connection.ReadableAsync(ClientLimits.SilenceTimeout), isRead: false);
                    if (end is null) continue;
                }
                else end = Move(connection, out isDrained);

                if (end is not null) return end.Value;
                if (isDrained || download.Received < turnEnd) continue;
                turnEnd = download.Received + ClientLimits.TurnBytes;
                await context.Loop.YieldAsync();
            }
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PClient", e);
            return DownloadEnd.Failed;
        }
        finally
        {
            context.Loop.Buffers.Return(buffer);
            _connection?.Close();
        }
    }

    // The bytes of a large chunk without a check need not come into this process.
    private bool MayMove(Connection connection) =>
        download.Received >= ClientLimits.MovedFrom && check is null && context.Pipe.IsUsable && download.IsWanted
        && connection.Unread.IsEmpty;

    // Lets the kernel move received bytes from the socket to the file. Returns the end, or null if more are to come.
    private DownloadEnd? Move(Connection connection, out bool isDrained)
    {
        isDrained = false;
        if (!copy.TryMove(context.Pipe, (int)connection.Socket.Handle, out int moved, out SpliceEnd end))
            return DownloadEnd.DiskFailed;
        if (end == SpliceEnd.Failed) return Fail(SocketResult.Failed);
        if (end == SpliceEnd.PeerEnded) return DownloadEnd.Whole;
        isDrained = end == SpliceEnd.WouldBlock;
        return Count(moved);
    }

    // Writes the bytes of one read to the file. Returns the end, or null if more are to come.
    private DownloadEnd? Take(Connection connection, SocketResult received)
    {
        if ((EndOf(received, isRead: true) ?? Count(received.Bytes)) is { } end) return end;
        if (check is not null && !check.TryAdd(connection.Unread)) return DownloadEnd.Wrong;
        bool isWhole = download.Received == received.Bytes && connection.LookForEnd();
        if (download.IsWanted
            && !(isWhole ? copy.TryWriteWhole(connection.Unread) : copy.TryWrite(connection.Unread)))
            return DownloadEnd.DiskFailed;
        Debug.Assert(!download.IsWanted || copy.Bytes == download.Received, "every byte is written once");
        connection.Consume(received.Bytes);
        return null;
    }

    private DownloadEnd? Count(int bytes)
    {
        Debug.Assert(bytes >= 0, "bytes only arrive");
        download.Received += bytes;
        context.Traffic.OnReceived(bytes);
        return download.Received > context.ChunkBytesMax ? DownloadEnd.TooLong : null;
    }

    // The rule for the end of the stream (PROTOCOL 3.4). Null if the stream goes on; a wait that reads no bytes does
    // not see a clean end.
    private DownloadEnd? EndOf(SocketResult result, bool isRead)
    {
        if (result.IsTimedOut) return download.Received > 0 ? DownloadEnd.Doubtful : DownloadEnd.Silent;
        if (!result.IsSuccess) return Fail(result);
        if (!isRead || !result.IsEnd) return null;
        return download.Received > 0 ? DownloadEnd.Whole : DownloadEnd.Doubtful;
    }

    private DownloadEnd Fail(SocketResult result)
    {
        if (Diagnosis.Log is not null) Reason = $"{Diagnosis.Describe(result)} after {download.Received} bytes";
        return DownloadEnd.Failed;
    }
}
