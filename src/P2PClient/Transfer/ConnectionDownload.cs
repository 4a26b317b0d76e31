using System;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Posix;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Fetches one chunk from one peer over a connection of its own, as the assignment has it: connects, asks, and takes
/// the bytes until the peer ends the stream. The session connects only to ask, asks at once, and sends nothing else,
/// since strangers' servers are fragile (PROTOCOL 2.8).
/// </summary>
internal sealed class ConnectionDownload(
    DownloadContext context, Download download, PartialChunk copy, ChunkCheck? check)
    : DownloadSession(context, download, copy, check)
{
    private readonly DownloadContext _context = context;
    private Connection? _connection;

    protected override void GiveUp() => _connection?.Abort();

    /// <summary>Fetches the chunk.</summary>
    public async Task<DownloadEnd> RunAsync()
    {
        byte[] buffer = _context.Loop.Buffers.Rent();
        _context.Connections++;
        try
        {
            Connection? connection = await _context.ConnectAsync(Peer);
            _connection = connection;
            if (connection is null) Reason = "no connection";
            if (connection is null || Download.IsGivenUp) return DownloadEnd.Failed;

            _context.Log.RequestChunk(ChunkIndex, Peer.HostText, Peer.Port);
            await _context.Loop.RoundEndAsync();     // the log is written before the request leaves (PROTOCOL 5.3)
            int bytes = MessageWriter.RequestChunk(buffer, ChunkIndex);
            SocketResult sent = await connection.SendAsync(buffer, 0, bytes);
            if (!sent.IsSuccess) return Fail(sent);

            long turnEnd = ClientLimits.TurnBytes;
            bool isDrained = false;     // the kernel has just moved all bytes that had come
            while (true)
            {
                DownloadEnd? end;
                long before = Download.Received;
                if (!MayMove || Download.Received < ClientLimits.MovedFrom || !connection.Unread.IsEmpty)
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
                if (_context.PauseAfter((int)(Download.Received - before)) is { Ticks: > 0 } pause)
                    await new LoopSignal(_context.Loop).WaitAsync(pause);
                if (isDrained || Download.Received < turnEnd) continue;
                turnEnd = Download.Received + ClientLimits.TurnBytes;
                await _context.Loop.YieldAsync();
            }
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PClient", e);
            return DownloadEnd.Failed;
        }
        finally
        {
            _context.Loop.Buffers.Return(buffer);
            _connection?.Close();
            _context.Connections--;
        }
    }

    // Returns the end, or null if more bytes are to come.
    private DownloadEnd? Move(Connection connection, out bool isDrained)
    {
        DownloadEnd? end = Move(connection, _context.StepBytes, out _, out SpliceEnd result);
        isDrained = result == SpliceEnd.WouldBlock;
        if (end == DownloadEnd.Failed) return Fail(SocketResult.Failed);
        return end is null && result == SpliceEnd.PeerEnded ? DownloadEnd.Whole : end;
    }

    // Takes the bytes of one read. Returns the end, or null if more are to come.
    private DownloadEnd? Take(Connection connection, SocketResult received)
    {
        if (EndOf(received, isRead: true) is { } ended) return ended;
        bool isFirst = Download.Received == 0;
        DownloadEnd? end = Take(connection.Unread, isWhole: isFirst && connection.LookForEnd());
        connection.Consume(received.Bytes);
        return end;
    }

    // The rule for the end of the stream (PROTOCOL 3.4). Null if the stream goes on; a wait that reads no bytes does
    // not see a clean end.
    private DownloadEnd? EndOf(SocketResult result, bool isRead)
    {
        if (result.IsTimedOut) return Download.Received > 0 ? DownloadEnd.Doubtful : DownloadEnd.Silent;
        if (!result.IsSuccess) return Fail(result);
        if (!isRead || !result.IsEnd) return null;
        return Download.Received > 0 ? DownloadEnd.Whole : DownloadEnd.Doubtful;
    }

    private DownloadEnd Fail(SocketResult result)
    {
        if (Diagnosis.Log is not null) Reason = $"{Diagnosis.Describe(result)} after {Download.Received} bytes";
        return DownloadEnd.Failed;
    }
}
