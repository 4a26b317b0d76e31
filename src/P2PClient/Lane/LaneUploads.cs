using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Serves one peer of ours over a lane (PROTOCOL 9): reads its requests, and answers each when its turn has come. Each
/// answer says itself what it is, so the end of the connection means nothing about a chunk. While one method reads,
/// another one sends.
/// </summary>
/// <param name="framer">With the state in which it has found the peer's hello.</param>
internal sealed class LaneUploads(UploadServer uploads, Connection connection, MessageFramer framer)
{
    private readonly UploadLane _lane = new();
    private readonly List<UploadRequest> _requests = [];        // not answered
    private readonly Queue<int> _cancelled = new();             // to be answered
    private readonly LoopSignal _wake = new(uploads.Loop);      // a turn, a cancellation or the end
    private readonly bool _isLocal = connection.Socket.IsPeerOnThisMachine();
    private readonly LaneRate _rate = new(uploads.Uplink, uploads.Slots);
    private MessageFramer _framer = framer;
    private byte[] _buffer = [];
    private int _used;
    private bool _isCancelled;      // the request whose turn it is was taken back
    private bool _isBroken;         // a piece was begun and not finished
    private bool _isOver;

    /// <summary>Nothing is asked for and nothing to be sent.</summary>
    public bool IsIdle => _requests.Count + _cancelled.Count == 0;

    /// <summary>Ends the lane.</summary>
    public void Close() => connection.Close();

    /// <summary>Serves the peer until one of the two ends the lane. The caller then closes the connection.</summary>
    /// <returns>The reason of the end, for the diagnosis.</returns>
    public async Task<string> RunAsync()
    {
        connection.Socket.ResetOnClose(false);
        connection.Socket.SendFullPackets(false);
        connection.Socket.NoDelay();
        if (!_isLocal) connection.Socket.LimitUnsent(ClientLimits.LaneUnsentBytes);
        MeasureLine();
        uploads.Lanes.Add(this);
        _ = SendAsync();
        try
        {
            while (true)
            {
                if (!TryHandleAll()) return "what it has sent is no request";
                SocketResult received = await connection.ReceiveAsync(
                    IsIdle ? ClientLimits.RequestTimeout : Timeout.InfiniteTimeSpan);
                if (received.IsTimedOut && !IsIdle) continue;
                if (received.IsTimedOut) return "it has asked for nothing for long";
                if (received.HasFailed || received.IsEnd) return "it has ended the lane";
                _framer.OnReceived(connection.Unread.Length, received.Bytes, isTimedOut: false);
                if (connection.HasHadTurn) await uploads.Loop.YieldAsync();
            }
        }
        finally
        {
            uploads.Lanes.Remove(this);
            _isOver = true;
            connection.Close();
            _wake.Set();        // the method that sends ends, too
        }
    }

    // Connecting may have taken longer than the line is, behind what others send.
    private void MeasureLine() =>
        _lane.IsLong = !_isLocal && connection.Socket.ShortestRoundTrip() >= ClientLimits.LongLine;

    private bool TryHandleAll()
    {
        while (_framer.TryNext(connection.Unread, out ReadOnlySpan<byte> text, out int consumed, out bool isLine))
        {
            bool isHandled = isLine && TryHandle(text);
            connection.Consume(consumed);
            if (!isHandled) return false;
        }
        uploads.GiveTurns();
        return !_framer.IsOverlong;
    }

    private bool TryHandle(ReadOnlySpan<byte> text)
    {
        if (LaneSyntax.TryReadCancel(text, out int chunkIndex))
        {
            Cancel(chunkIndex);
            return true;
        }
        if (_isOver || !MessageReader.TryRead(text, out Message message)) return false;
        if (message.Kind != MessageKind.RequestChunk) return false;
        // Our own peers ask for fewer, and wait for the answers.
        if (_requests.Count + _cancelled.Count >= 2 * ClientLimits.LaneRequestsMax) return false;
        var upload = new UploadRequest(message.ChunkIndex, ClientLimits.TurnTimeout, EventLoop.Now, _wake.Set)
        {
            Lane = _lane,
        };
        _requests.Add(upload);
        uploads.Enter(upload);
        return true;
    }

    // Of two requests for one chunk, the one that waits is taken back.
    private void Cancel(int chunkIndex)
    {
        int place = _requests.FindIndex(upload => upload.ChunkIndex == chunkIndex && upload != _lane.Current);
        if (place >= 0)
        {
            uploads.Leave(_requests[place]);
            _requests.RemoveAt(place);
            _cancelled.Enqueue(chunkIndex);
        }
        else _isCancelled |= _lane.Current?.ChunkIndex == chunkIndex;
        _wake.Set();
    }

    private async Task SendAsync()
    {
        var sender = new ChunkSender(uploads, connection, WaitForTurnAsync);
        while (!_isOver)
        {
            if (_lane.Current is null && _cancelled.Count == 0)
            {
                await _wake.WaitAsync(Timeout.InfiniteTimeSpan);
                continue;
            }
            _buffer = uploads.Loop.Buffers.Rent();
            bool isSent = false;
            try
            {
                isSent = await SendTurnAsync(sender) && (_used == 0 || (await Flush()).IsSuccess);
            }
            catch (Exception e)
            {
                NativeProgram.ReportBug("P2PClient", e);
            }
            finally
            {
                uploads.Loop.Buffers.Return(_buffer);
                _buffer = [];
            }
            if (isSent) continue;
            connection.Close();     // the method that reads ends, too
            break;
        }
        foreach (UploadRequest upload in _requests) uploads.Leave(upload);
        _requests.Clear();
        _isOver = true;
    }

    // Answers the request whose turn it is, and others of the lane as long as all are small. False if the lane is over.
    private async Task<bool> SendTurnAsync(ChunkSender sender)
    {
        while (_cancelled.TryDequeue(out int chunkIndex))
        {
            if (!HasRoomFor(0) && !(await Flush()).IsSuccess) return false;
            AddHead(new LanePiece(LanePieceKind.Cancelled, Waiting, chunkIndex, 0, 0));
        }
        long sentBefore = uploads.Traffic.Sent;
        while (_lane.Current is { } upload)
        {
            if (!await AnswerAsync(sender, upload)) return false;
            _requests.Remove(upload);
            bool mayPass = upload.HasTurn && uploads.Traffic.Sent - sentBefore < Limits.BufferBytes;
            if (mayPass && uploads.TryPassTurn(upload)) continue;
            // The turn lasts until the kernel has the bytes.
            bool isSent = _used == 0 || (await Flush()).IsSuccess;
            uploads.Leave(upload);
            if (!isSent || _isOver || _cancelled.Count > 0) return isSent && !_isOver;
            sentBefore = uploads.Traffic.Sent;
        }
        return true;
    }

    private async Task<bool> AnswerAsync(ChunkSender sender, UploadRequest upload)
    {
        var file = new ChunkReader(uploads.Loop, uploads.Files.Store, upload.ChunkIndex);
        _isCancelled = false;
        try
        {
            bool isThere = uploads.Files.Has(upload.ChunkIndex) && await sender.OpenAsync(upload, file);
            bool isSmall = isThere && 2 * LanePiece.HeadBytes + file.Bytes <= _buffer.Length
                && (file.Bytes == 0 || uploads.Limit is null);
            if (!HasRoomFor(isSmall ? (int)file.Bytes : 0) && !(await Flush()).IsSuccess) return false;
            if (_isOver || (isSmall && TryAddSmall(upload, file))) return !_isOver;
            // Within one machine, packets have no size that would be worth a wait.
            if (!_isLocal) connection.Socket.SendFullPackets(true);
            isThere = isThere && file.Bytes > 0 && await SendLargeAsync(sender, upload, file);
            if (!_isOver) MeasureLine();
            if (!_isLocal && !_isOver) connection.Socket.SendFullPackets(false);
            LanePieceKind kind = _isCancelled ? LanePieceKind.Cancelled : LanePieceKind.Gone;
            if (!isThere && !_isBroken) AddHead(new LanePiece(kind, Waiting, upload.ChunkIndex, 0, 0));
            return !_isOver && !_isBroken;
        }
        finally
        {
            file.Dispose();
        }
    }

    // False if the chunk isn't in memory, or has changed.
    private bool TryAddSmall(UploadRequest upload, ChunkReader file)
    {
        Span<byte> chunk = _buffer.AsSpan(_used + LanePiece.HeadBytes, (int)file.Bytes);
        if (!file.TryOpen(out _) || (chunk.Length > 0 && file.ReadCached(chunk) < chunk.Length)) return false;
        if (!file.IsUnchanged(out _)) return false;
        if (!uploads.Files.TryGetSum(upload.ChunkIndex, file.Bytes, out uint sum))
            sum = Crc32C.Finish(Crc32C.Add(Crc32C.Start, chunk));
        AddHead(new LanePiece(LanePieceKind.Last, Waiting, upload.ChunkIndex, chunk.Length, sum));
        _used += chunk.Length;
        uploads.OnSent(upload, chunk.Length);
        return true;
    }

    // A piece is as much as is in memory; its head leaves together with the first bytes. Returns true if the chunk is
    // sent, and false if it can't be finished: unless the lane is broken, the peer is to be told so. The buffer has
    // room for a head at the beginning and at the end.
    private async Task<bool> SendLargeAsync(ChunkSender sender, UploadRequest upload, ChunkReader file)
    {
        // Within one machine a kernel moves the bytes from file to file, and reading them for a sum would cost a third
        // of the time (PROTOCOL 9.4). Between machines a piece is small, since only behind it the chunk can be
        // cancelled; so it is under a limit, where the sender waits for each part of it.
        bool hasSum = !_isLocal, isLimited = uploads.Limit is not null;
        int countMax = hasSum || isLimited ? ClientLimits.LanePieceBytes : LanePiece.BytesMax;
        bool isSumKnown = uploads.Files.TryGetSum(upload.ChunkIndex, file.Bytes, out uint known);
        uint state = Crc32C.Start;
        bool isLast = false;
        for (long offset = 0; !isLast;)
        {
            if (_isCancelled || !await sender.LoadAsync(upload, file, offset, countMax) || _isOver) return false;
            int count = sender.Loaded;
            if (_lane.IsLong && _rate.IsStuck(count, connection.Socket.PacingRate(), EventLoop.Now))
                connection.Socket.ForgetRate();
            if (hasSum && !isSumKnown && !file.TryAddToSum(ref state, offset, count)) return false;
            isLast = offset + count == file.Bytes;
            bool isUnchanged = !isLast | file.IsUnchanged(out bool isGone);
            if (isGone) uploads.OnLost(upload.ChunkIndex);
            if (!isUnchanged) return false;
            uint sum = !isLast || !hasSum ? 0
                : isSumKnown ? known
                : Crc32C.Finish(state);
            LanePieceKind kind = isLast ? LanePieceKind.Last : LanePieceKind.Part;
            AddHead(new LanePiece(kind, Waiting, upload.ChunkIndex, count, sum) { HasSum = hasSum });
            int first = isLimited
                ? 0
                : file.Read(_buffer.AsSpan(_used, Math.Min(count, _buffer.Length - _used)), offset);
            _used += first;
            file.Release();
            uploads.OnSent(upload, first);
            _isBroken = true;       // until the piece is sent as a whole
            if (!(await Flush()).IsSuccess) return false;
            if (!await sender.SendAsync(upload, file, offset + first, offset + count)) return false;
            _isBroken = false;
            offset += count;
            if (isLast || !_lane.IsStarting || uploads.TryKeepTurn(upload)) continue;
            file.Dispose();
            uploads.Loop.Buffers.Return(_buffer);
            while (!upload.HasTurn && !_isCancelled && !_isOver) await _wake.WaitAsync(Timeout.InfiniteTimeSpan);
            _buffer = uploads.Loop.Buffers.Rent();
            if (_isOver) return false;
        }
        return true;
    }

    private byte Waiting => (byte)Math.Min(uploads.WaitingCount, byte.MaxValue);

    // For a head and some bytes, and for one more head.
    private bool HasRoomFor(int bytes) => _used + LanePiece.HeadBytes + bytes + LanePiece.HeadBytes <= _buffer.Length;

    private void AddHead(LanePiece piece)
    {
        Debug.Assert(_used + LanePiece.HeadBytes <= _buffer.Length, "the buffer has no room for a head");
        piece.Write(_buffer.AsSpan(_used));
        _used += LanePiece.HeadBytes;
    }

    private Sending Flush()
    {
        Debug.Assert(_used > 0, "there is nothing to send");
        int bytes = _used;
        _used = 0;
        return connection.SendAsync(_buffer, 0, bytes);
    }

    private async Task<bool> WaitForTurnAsync(UploadRequest upload)
    {
        while (!upload.HasTurn && !_isOver) await _wake.WaitAsync(Timeout.InfiniteTimeSpan);
        return !_isOver;
    }
}
