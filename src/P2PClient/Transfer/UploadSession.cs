using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Posix;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One peer that fetches a chunk from this client: read its REQUEST_CHUNK, wait for its turn, send the file, end. Only
/// the end of the stream shows the peer that it has the whole chunk (PROTOCOL 3.1), so a clean end comes after the last
/// byte and never before: until then every end of the connection, even by the death of this process, is a reset, an
/// option that accepted sockets inherit (PROTOCOL 3.2).
/// </summary>
internal sealed class UploadSession(UploadServer uploads, Socket socket)
{
    private readonly Connection _connection = new(uploads.Loop, socket, Limits.RequestReadBytes);
    private MessageFramer _framer;
    private bool _isLane;           // the peer is one of ours, and has begun a lane
    private bool _hasEnded;         // the peer has sent its last byte, and may still read
    private readonly string? _peer = Diagnosis.Log is null ? null : socket.RemoteEndPoint?.ToString();
    private string _reason = "a bug of ours";

    /// <summary>Serves the peer until its chunk is sent, or the peer has gone.</summary>
    public async Task RunAsync()
    {
        UploadRequest? upload = null;
        ChunkReader? file = null;
        uploads.Traffic.Connected++;
        try
        {
            _reason = "it has not asked for a chunk";
            int? asked = await ReadRequestAsync();
            if (_isLane) _reason = await new LaneUploads(uploads, _connection, _framer).RunAsync();
            if (asked is not { } chunkIndex) return;
            bool asksForSet = chunkIndex == SetSyntax.DescriptionIndex;
            if (asksForSet && uploads.Files.Sums is { } sums) await SendTextAsync(sums.Text);
            _reason = "it has asked for a chunk that is not here";
            if (!uploads.Files.Has(chunkIndex)) return;
            _reason = "it has gone before its chunk was sent";

            bool isLocal = HostName.IsLoopback(((IPEndPoint)socket.RemoteEndPoint!).Address);
            TimeSpan timeout = isLocal ? ClientLimits.LocalTurnTimeout : ClientLimits.TurnTimeout;
            upload = new UploadRequest(chunkIndex, timeout, EventLoop.Now, _connection.EndReceive);
            uploads.Enter(upload);
            uploads.GiveTurns();
            if (!upload.HasTurn && !await WaitForTurnAsync(upload)) return;

            file = new ChunkReader(uploads.Loop, uploads.Files.Store, chunkIndex);
            _reason = "its chunk can't be read";
            var sender = new ChunkSender(uploads, _connection, WaitForTurnAsync);
            if (!await sender.OpenAsync(upload, file)) return;
            _reason = "it has gone, or its chunk has changed, before all was sent";
            bool isSent = await sender.SendAsync(upload, file, SendSmall(upload, file), file.Bytes);
            bool isUnchanged = file.IsUnchanged(out bool isGone);
            if (isGone) uploads.OnLost(chunkIndex);
            // If the file was written to meanwhile, the peer may have got a mixture of two versions.
            if (!isSent || !isUnchanged) return;
            file.Dispose();
            uploads.Leave(upload);
            upload = null;
            _reason = "its chunk is sent";
            socket.ResetOnClose(false);
            await _connection.EndStreamAsync(uploads.Loop, Limits.DrainTimeout);
        }
        catch (Exception e)
        {
            _reason = "a bug of ours";
            NativeProgram.ReportBug("P2PClient", e);
        }
        finally
        {
            uploads.Traffic.Connected--;
            if (upload is not null) uploads.Leave(upload);
            file?.Dispose();
            _connection.Close();
            Diagnosis.Log?.Add($"connection from peer {_peer} closed: {_reason}");
        }
    }

    // The description of the set, which a newcomer needs before any chunk (PROTOCOL 10.3).
    private async Task SendTextAsync(byte[] text)
    {
        _reason = "the description of the set is sent";
        for (int sent = 0, count; sent < text.Length; sent += count)
        {
            count = Math.Min(text.Length - sent, uploads.Limit?.StepBytes ?? text.Length);
            if (uploads.Limit?.Take(count, EventLoop.Now) is { Ticks: > 0 } pause)
                await new LoopSignal(uploads.Loop).WaitAsync(pause);
            if (!(await _connection.SendAsync(text, sent, count)).IsSuccess) return;
        }
        socket.ResetOnClose(false);
        await _connection.EndStreamAsync(uploads.Loop, Limits.DrainTimeout);
    }

    // Returns the index asked for, or null if the peer did not ask, or has begun a lane. A peer that sends a text which
    // is no message gets its reset at once: it seems to wait for bytes.
    private async Task<int?> ReadRequestAsync()
    {
        TimeSpan deadline = EventLoop.Now + ClientLimits.RequestTimeout;
        while (true)
        {
            if (TryReadRequest(out int chunkIndex, out bool isNonsense)) return chunkIndex;
            TimeSpan left = deadline - EventLoop.Now;
            if (_hasEnded || isNonsense || _isLane || left <= TimeSpan.Zero) return null;
            bool mayFrame = _framer.ReadTimeout != Timeout.InfiniteTimeSpan;
            SocketResult received = await _connection.ReceiveAsync(mayFrame ? _framer.ReadTimeout : left);
            if (received.HasFailed) return null;
            _framer.OnReceived(_connection.Unread.Length, received.Bytes, received.IsTimedOut);
            _hasEnded = received.IsEnd;
        }
    }

    // REQUEST_CHUNK,<chunk_index>   (PROTOCOL 1.1)
    private bool TryReadRequest(out int chunkIndex, out bool isNonsense)
    {
        while (_framer.TryNext(_connection.Unread, out ReadOnlySpan<byte> text, out int consumed, out bool isLine))
        {
            bool isRequest = MessageReader.TryRead(text, out Message message)
                && message.Kind == MessageKind.RequestChunk;
            chunkIndex = message.ChunkIndex;
            _isLane = uploads.UsesLanes && isLine && LaneSyntax.TryReadHello(text, out int version)
                && version == LaneSyntax.Version;
            isNonsense = !isRequest && !_isLane && !MessageReader.Trim(text).IsEmpty;
            _connection.Consume(consumed);
            if (isRequest || isNonsense || _isLane) return isRequest;
        }
        chunkIndex = 0;
        isNonsense = _framer.IsOverlong || _framer.IsNonsense;
        return false;
    }

    // False if the peer goes meanwhile. A peer that has closed its own direction may be about to go, and is served at
    // once.
    private async Task<bool> WaitForTurnAsync(UploadRequest upload)
    {
        while (!upload.HasTurn && !_hasEnded)
        {
            _connection.Consume(_connection.Unread.Length);
            SocketResult received = await _connection.ReceiveAsync(Timeout.InfiniteTimeSpan);
            if (received.HasFailed) return false;
            _hasEnded = received.IsEnd;
            if (_connection.HasHadTurn) await uploads.Loop.YieldAsync();
        }
        if (!upload.HasTurn) uploads.ServeNow(upload);
        return true;
    }

    // A chunk that fits a buffer: reading so little costs less than sendfile does. Returns the bytes sent, 0 where a
    // limit may let them wait.
    private int SendSmall(UploadRequest upload, ChunkReader file)
    {
        if (file.Bytes > Limits.BufferBytes || uploads.Limit is not null) return 0;
        byte[] buffer = uploads.Loop.Buffers.Rent();
        Span<byte> chunk = buffer.AsSpan(0, (int)file.Bytes);
        int sent = file.ReadCached(chunk) == chunk.Length ? _connection.Send(chunk).Bytes : 0;
        uploads.Loop.Buffers.Return(buffer);
        uploads.OnSent(upload, sent);
        Debug.Assert(sent <= file.Bytes, "no more is sent than the chunk has");
        return sent;
    }
}
