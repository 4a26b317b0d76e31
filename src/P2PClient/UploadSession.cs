using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;
using P2P.Cli;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One peer that fetches a chunk from us: read its REQUEST_CHUNK, send the file, end. The end of the stream is the only
/// thing that tells the peer that it has the whole chunk (spec 2.6), so a clean end comes after the last byte and
/// never else: from accept on, whatever ends the connection, even our own death, is a reset (PROTOCOL 3).
/// </summary>
internal sealed class UploadSession
{
    private readonly EventLoop _loop;
    private readonly ChunkPicker _picker;
    private readonly ChunkStore _store;
    private readonly Action<int> _onLost;
    private readonly Connection _connection;
    private MessageFramer _framer;

    /// <summary>Takes an accepted socket over.</summary>
    /// <param name="onLost">Told of a chunk whose file has gone or changed.</param>
    public UploadSession(EventLoop loop, ChunkPicker picker, ChunkStore store, TcpSocket socket, Action<int> onLost)
    {
        (_loop, _picker, _store, _onLost) = (loop, picker, store, onLost);
        socket.ResetOnClose(true);
        _connection = new Connection(loop, socket, Limits.RequestReadBytes);
    }

    /// <summary>Serves the peer until its chunk is sent, or it goes.</summary>
    public async Task RunAsync()
    {
        SafeFileHandle? file = null;
        try
        {
            int chunkIndex = 0;
            int badMessages = 0;
            bool hasEnded = false;
            TimeSpan deadline = EventLoop.Now + ClientLimits.RequestPatience;
            while (!TryReadRequest(ref badMessages, out chunkIndex))
            {
                if (hasEnded || _framer.IsOverlong || badMessages >= Limits.BadMessagesMax) return;
                bool mayFrame = _framer.Patience != Timeout.InfiniteTimeSpan;
                TimeSpan left = deadline - EventLoop.Now;
                if (left <= TimeSpan.Zero) return;
                SocketResult received = await _connection.ReceiveAsync(mayFrame ? _framer.Patience : left);
                if (received.IsQuiet && mayFrame) _framer.OnQuiet();
                else if (!received.IsSuccess) return;
                else if (received.IsEnd)
                {
                    hasEnded = true;
                    _framer.OnEnd();
                }
                else _framer.OnRead(_connection.Unread.Length - received.Bytes, received.Bytes);
            }

            if (_picker.StateOf(chunkIndex) != ChunkState.Have) return;
            file = _store.TryOpenRead(chunkIndex, out long bytes);
            if (file is null)
            {
                if (bytes >= 0) _onLost(chunkIndex);
                return;
            }

            long offset = 0, turnEnd = ClientLimits.TurnBytes;
            while (offset < bytes)
            {
                int wanted = (int)Math.Min(bytes - offset, ClientLimits.TurnBytes);
                SocketResult sent = _connection.Socket.SendFile((int)file.DangerousGetHandle(), offset, wanted);
                if (sent.WouldBlock) await _connection.WritableAsync();
                else if (sent.IsSuccess && sent.Bytes > 0)
                {
                    offset += sent.Bytes;
                    if (offset < turnEnd) continue;
                    turnEnd = offset + ClientLimits.TurnBytes;
                    await _loop.YieldAsync();
                }
                else
                {
                    // The peer has gone, or the file is shorter than it was.
                    if (HasChanged(file, bytes)) _onLost(chunkIndex);
                    return;
                }
            }
            if (HasChanged(file, bytes))
            {
                _onLost(chunkIndex);
                return;
            }
            await EndCleanlyAsync(hasEnded);
        }
        catch (Exception e)
        {
            NativeProgram.ReportBug("P2PClient", e);
        }
        finally
        {
            file?.Dispose();
            _connection.Close();
        }
    }

    // REQUEST_CHUNK,<chunk_index>   (spec 2.6)
    private bool TryReadRequest(ref int badMessages, out int chunkIndex)
    {
        while (_framer.TryNext(_connection.Unread, out ReadOnlySpan<byte> text, out int consumed, out _))
        {
            bool isRequest = MessageReader.TryRead(text, out Message message) && message.Kind == MessageKind.RequestChunk;
            bool isEmpty = MessageReader.Trim(text).IsEmpty;
            chunkIndex = message.ChunkIndex;
            _connection.Consume(consumed);
            if (isRequest) return true;
            if (!isEmpty) badMessages++;
        }
        chunkIndex = 0;
        return false;
    }

    private static int ReadFile(SafeFileHandle file, byte[] buffer, long offset, long end)
    {
        try
        {
            return RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset)), offset);
        }
        catch (IOException)
        {
            return -1;
        }
    }

    // By then it may be another chunk's content that was sent, or a mixture of two.
    private static bool HasChanged(SafeFileHandle file, long bytes) =>
        ReadFile(file, new byte[1], bytes, bytes + 1) != 0 || (bytes > 0 && ReadFile(file, new byte[1], bytes - 1, bytes) != 1);

    // Closing while something of the peer's is unread, or while a receive is pending, would reset the connection and
    // destroy what is still on its way. So: say that this was all, and read until the peer has seen it.
    private async Task EndCleanlyAsync(bool hasEnded)
    {
        _connection.Socket.ResetOnClose(false);
        if (!_connection.Socket.TryShutdownSend()) return;
        TimeSpan deadline = EventLoop.Now + Limits.DrainPatience;
        while (!hasEnded)
        {
            TimeSpan left = deadline - EventLoop.Now;
            SocketResult received = await _connection.ReceiveAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            hasEnded = received.IsEnd || (!received.IsSuccess && !received.IsQuiet);
            _connection.Consume(_connection.Unread.Length);
            if (EventLoop.Now >= deadline) return;      // the peer takes its time; the kernel goes on sending
        }
    }
}
