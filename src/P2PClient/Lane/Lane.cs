using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Posix;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Fetches chunks from one peer of ours over one connection (PROTOCOL 9): requests follow each other without waiting
/// for answers, and each answer is matched with its request by the chunk's index. While one method receives, another
/// one asks. An object is one connection's life.
/// </summary>
/// <param name="onEnded">Gets each download that has ended.</param>
internal sealed class Lane(DownloadContext context, Peer peer, Action<DownloadSession, DownloadEnd> onEnded)
{
    private readonly List<LaneDownload> _downloads = [];        // not answered, in the order in which they began
    private readonly Queue<LaneDownload> _toAsk = new();
    private readonly Queue<int> _toCancel = new();
    private readonly LoopSignal _wake = new(context.Loop);      // something to send, or the end
    private readonly LaneReader _reader = new();
    private Connection? _connection;
    private LaneDownload? _current;     // gets the chunk at hand
    private bool _isDropping;           // the download of the chunk at hand has ended, and its pieces go on
    private TimeSpan _heardAt;          // when a byte last came, or the first of the requests in flight was made
    private bool _hasDelivered;         // a piece has come
    private bool _isLocal;              // the peer is on this machine
    private string _reason = "a bug of ours";       // why the lane ends

    /// <summary>Nothing more can be asked for: the connection has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>No answer is to come.</summary>
    public bool IsIdle => _downloads.Count == 0;

    /// <summary>Asks for one more chunk.</summary>
    public void Begin(LaneDownload download)
    {
        Debug.Assert(!IsOver && download.Peer == peer, "the lane leads to the peer");
        if (IsIdle) _heardAt = EventLoop.Now;
        _downloads.Add(download);
        _toAsk.Enqueue(download);
        peer.Window.OnRequest(_downloads.Count);
        _wake.Set();
    }

    /// <summary>Takes a request back: its download ends now, and its answer is dropped.</summary>
    public void Cancel(LaneDownload download)
    {
        Debug.Assert(_downloads.Contains(download) && !download.HasEnded, "a download ends once");
        if (download.IsAsked) _toCancel.Enqueue(download.ChunkIndex);
        else _downloads.Remove(download);
        _wake.Set();
        download.HasEnded = true;
        onEnded(download, DownloadEnd.Unanswered);
    }

    /// <summary>Ends the lane; what is asked for remains unanswered.</summary>
    public void Close() => _connection?.Close();

    /// <summary>Connects, and fetches what is asked for until the lane ends. All downloads have ended then.</summary>
    public async Task RunAsync()
    {
        DownloadEnd end = DownloadEnd.Failed;
        context.Connections++;
        try
        {
            // Another program may have got the port since the tracker's last word.
            if (Array.Exists(peer.Addresses, each => ReceiveQueueProbe.IsStrangersPort(each, peer.Port)))
            {
                (end, _reason) = (DownloadEnd.Unanswered, "the port is another program's now");
                peer.RefuseLane();
                return;
            }
            TimeSpan startedAt = EventLoop.Now;
            _connection = await context.ConnectAsync(peer);
            if (_connection is null)
            {
                _reason = "no connection";
                return;
            }
            peer.Window.RoundTrip = EventLoop.Now - startedAt;
            peer.Window.Reset();
            _heardAt = EventLoop.Now;
            _connection.Socket.NoDelay();
            _isLocal = _connection.Socket.IsPeerOnThisMachine();
            Task asking = AskAsync(_connection);
            end = await ReceiveAsync(_connection);
            if (!_hasDelivered && end is (DownloadEnd.Failed or DownloadEnd.Damaged)) peer.RefuseLane();
            IsOver = true;
            _connection.Close();
            _wake.Set();
            await asking;
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PClient", e);
        }
        finally
        {
            IsOver = true;
            _connection?.Close();
            context.Connections--;
            Diagnosis.Log?.Add($"lane to {peer} closed: {_reason}");
            EndAll(end);
        }
    }

    // One download bears the blame: the one whose bytes came, or else the oldest.
    private void EndAll(DownloadEnd end)
    {
        LaneDownload? blamed =
            _current is { HasEnded: false } ? _current : _downloads.Find(download => !download.HasEnded);
        foreach (LaneDownload download in _downloads.ToArray())
        {
            download.Reason = _reason;
            End(download, download == blamed ? end : DownloadEnd.Unanswered);
        }
    }

    private void End(LaneDownload download, DownloadEnd end)
    {
        bool isRemoved = _downloads.Remove(download);
        Debug.Assert(isRemoved, "a download ends once");
        if (_current == download) _current = null;
        if (!download.HasEnded) onEnded(download, end);
        download.HasEnded = true;
    }

    private DownloadEnd End(DownloadEnd end, string reason)
    {
        _reason = reason;
        return end;
    }

    private async Task AskAsync(Connection connection)
    {
        bool mustSayHello = true;
        while (!IsOver)
        {
            if (_toAsk.Count + _toCancel.Count == 0 && !mustSayHello)
            {
                await _wake.WaitAsync(Timeout.InfiniteTimeSpan);
                continue;
            }
            byte[] buffer = context.Loop.Buffers.Rent();
            int bytes = mustSayHello ? LaneSyntax.WriteHello(buffer) : 0;
            mustSayHello = false;
            bytes = WriteRequests(buffer, bytes);
            await context.Loop.RoundEndAsync();     // the log is written before the requests leave (PROTOCOL 5.3)
            bool isSent = bytes == 0 || (await connection.SendAsync(buffer, 0, bytes)).IsSuccess;
            context.Loop.Buffers.Return(buffer);
            if (!isSent) connection.Close();        // the method that receives ends the lane
            if (!isSent) return;
        }
    }

    private int WriteRequests(byte[] buffer, int bytes)
    {
        while (_toAsk.Count > 0 && bytes + MessageWriter.BytesMax < buffer.Length)
        {
            LaneDownload download = _toAsk.Dequeue();
            if (download.HasEnded) continue;
            download.IsAsked = true;
            context.Log.RequestChunk(download.ChunkIndex, peer.HostText, peer.Port);
            bytes += MessageWriter.RequestChunk(buffer.AsSpan(bytes), download.ChunkIndex);
            buffer[bytes++] = (byte)'\n';
        }
        while (_toCancel.Count > 0 && bytes + MessageWriter.BytesMax < buffer.Length)
            bytes += LaneSyntax.WriteCancel(buffer.AsSpan(bytes), _toCancel.Dequeue());
        return bytes;
    }

    private async Task<DownloadEnd> ReceiveAsync(Connection connection)
    {
        ArrivalPace? pace = _isLocal || context.StepBytes < int.MaxValue ? null : new ArrivalPace(connection.Socket);
        int turnBytes = 0;
        bool isDrained = false;     // the kernel has just moved all bytes that had come
        while (true)
        {
            int taken;
            if (MayMove(connection) && !isDrained)
            {
                if (Move(connection, out taken, out isDrained) is { } end) return end;
            }
            else
            {
                TimeSpan timeout = IsIdle ? ClientLimits.LaneIdle
                    : _heardAt + ClientLimits.SilenceTimeout - EventLoop.Now;
                if (timeout <= TimeSpan.Zero) return End(DownloadEnd.Silent, "not a byte came in time");
                if (pace is not null) timeout = pace.Begin(IsIdle ? 0 : _reader.Left, timeout);
                bool isForBytes = !isDrained;
                isDrained = false;
                SocketResult received = isForBytes
                    ? await connection.ReceiveAsync(timeout)
                    : await connection.ReadableAsync(timeout);
                if (received.IsTimedOut && IsIdle) return End(DownloadEnd.Unanswered, "nothing is asked for");
                if (received.IsTimedOut) continue;
                if (received.HasFailed || (isForBytes && received.IsEnd))
                    return End(DownloadEnd.Failed, Diagnosis.Log is null ? "" : Diagnosis.Describe(received));
                if (!isForBytes) continue;
                taken = received.Bytes;
                if (Take(connection) is { } end) return end;
            }
            if (context.PauseAfter(taken) is { Ticks: > 0 } pause)
                await new LoopSignal(context.Loop).WaitAsync(pause);
            pace?.OnBytes(EventLoop.Now - _heardAt);
            _heardAt = EventLoop.Now;
            turnBytes += taken;
            if (isDrained || turnBytes < ClientLimits.TurnBytes) continue;
            turnBytes = 0;
            await context.Loop.YieldAsync();
        }
    }

    private bool MayMove(Connection connection) =>
        _current is not null && _reader.Left >= ClientLimits.MovedFrom && _current.MayMove
        && connection.Unread.IsEmpty && !connection.Socket.SafeHandle.IsClosed;

    // Returns the lane's end, or null.
    private DownloadEnd? Move(Connection connection, out int moved, out bool isDrained)
    {
        DownloadEnd? end = _current!.Move(
            connection, Math.Min(_reader.Left, context.StepBytes), out moved, out SpliceEnd result);
        isDrained = result == SpliceEnd.WouldBlock;
        if (end == DownloadEnd.Failed || result == SpliceEnd.PeerEnded)
            return End(DownloadEnd.Failed, "the peer has ended it");
        _reader.OnTaken(moved);
        if (end == DownloadEnd.TooLong) return End(DownloadEnd.TooLong, "more bytes than a chunk may have");
        if (end is not null) Drop(end.Value);
        else if (_reader.Left == 0) OnPieceEnd();
        return null;
    }

    // Takes all that has come. Returns the lane's end, or null.
    private DownloadEnd? Take(Connection connection)
    {
        ReadOnlySpan<byte> unread = connection.Unread;
        int count = unread.Length;
        while (_reader.TryNext(ref unread, out ReadOnlySpan<byte> bytes, out bool isFirst))
        {
            _hasDelivered = true;
            LanePiece piece = _reader.Piece;
            if (isFirst && _current is null && !_isDropping)
            {
                if (!TryFind(piece, out _current) || !(piece.HasSum || _isLocal))
                    return End(DownloadEnd.Damaged, $"an answer about chunk {piece.ChunkIndex} that is none");
                _current!.OnFirstPiece(piece);
            }
            if (_current is not null && bytes.Length > 0)
            {
                bool isWhole = piece.Kind == LanePieceKind.Last && isFirst && _reader.Left == 0
                    && _current.Download.Received == 0;
                DownloadEnd? end = _current.Take(bytes, isWhole);
                if (end == DownloadEnd.TooLong) return End(DownloadEnd.TooLong, "more bytes than a chunk may have");
                if (end is not null) Drop(end.Value);
            }
            if (_reader.Left == 0) OnPieceEnd();
        }
        connection.Consume(count);
        return _reader.IsBroken ? End(DownloadEnd.Damaged, "it speaks no lane") : null;
    }

    // Answers about one chunk are the same: bytes are for a download that wants them.
    private bool TryFind(LanePiece piece, out LaneDownload? found)
    {
        found = null;
        foreach (LaneDownload download in _downloads)
        {
            if (download.ChunkIndex != piece.ChunkIndex || !download.IsAsked) continue;
            bool isBetter = download.HasEnded == (piece.Kind == LanePieceKind.Cancelled);
            if (found is null || isBetter) found = download;
            if (isBetter) break;
        }
        return found is not null;
    }

    // The chunk at hand can't be used: its download ends, and the rest of its bytes are dropped.
    private void Drop(DownloadEnd end)
    {
        _isDropping = !(_reader.Piece.IsEnd && _reader.Left == 0);
        End(_current!, end);
    }

    private void OnPieceEnd()
    {
        LanePiece piece = _reader.Piece;
        if (!piece.IsEnd) return;
        if (_current is { } download)
        {
            if (piece.Kind == LanePieceKind.Last) peer.Window.OnChunk(piece.Waiting);
            End(download, download.EndOf(piece));
        }
        _isDropping = false;
    }
}
