using System;
using System.IO;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Win32.SafeHandles;
using P2P.Cli;
using P2P.Posix;
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
    public UploadSession(EventLoop loop, ChunkPicker picker, ChunkStore store, Socket socket, Action<int> onLost)
    {
        (_loop, _picker, _store, _onLost) = (loop, picker, store, onLost);
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        _connection = new Connection(loop, socket, Limits.RequestReadBytes);
    }

    /// <summary>Serves the peer until its chunk is sent, or it goes.</summary>
    public async Task RunAsync()
    {
        SafeFileHandle? file = null;
        byte[]? buffer = null;
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
                int sent = SendFile(file, ref offset, bytes);
                if (sent < 0)
                {
                    if (HasChanged(file, bytes)) _onLost(chunkIndex);
                    return;
                }
                if (sent > 0)
                {
                    if (offset < turnEnd) continue;
                    turnEnd = offset + ClientLimits.TurnBytes;
                    await _loop.YieldAsync();
                    continue;
                }

                // The peer's buffer is full. A send of the next few bytes completes when there is room again.
                buffer ??= _loop.Pools.Buffers.Get();
                int read = ReadFile(file, buffer, offset, bytes);
                if (read <= 0)
                {
                    _onLost(chunkIndex);
                    return;
                }
                if (!(await _connection.SendAsync(buffer, 0, read)).IsSuccess) return;
                offset += read;
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
            if (buffer is not null) _loop.Pools.Buffers.Return(buffer);
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

    // Returns the bytes that the kernel took, 0 if the peer's buffer is full, -1 if the peer has gone or the file shrank.
    private unsafe int SendFile(SafeFileHandle file, ref long offset, long end)
    {
        long at = offset;
        int wanted = (int)Math.Min(end - offset, ClientLimits.TurnBytes);
        nint sent = LibC.sendfile((int)_connection.Socket.Handle, (int)file.DangerousGetHandle(), &at, wanted);
        offset = at;
        if (sent > 0) return (int)sent;
        return sent < 0 && Marshal.GetLastPInvokeError() is LibC.EAGAIN or LibC.EINTR ? 0 : -1;
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
        _connection.Socket.LingerState = new LingerOption(enable: false, seconds: 0);
        if (!TryShutdown(SocketShutdown.Send)) return;
        TimeSpan deadline = EventLoop.Now + Limits.DrainPatience;
        while (!hasEnded)
        {
            TimeSpan left = deadline - EventLoop.Now;
            SocketResult received = await _connection.ReceiveAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            hasEnded = received.IsEnd || (!received.IsSuccess && !received.IsQuiet);
            _connection.Consume(_connection.Unread.Length);
            if (hasEnded || EventLoop.Now < deadline) continue;

            // The peer takes its time; the kernel goes on sending. The receive must come home before the socket goes.
            if (received.IsQuiet && TryShutdown(SocketShutdown.Receive)) await _connection.ReceiveAsync(Timeout.InfiniteTimeSpan);
            return;
        }
    }

    private bool TryShutdown(SocketShutdown how)
    {
        try
        {
            _connection.Socket.Shutdown(how);
            return true;
        }
        catch (SocketException)
        {
            return false;       // the peer has gone
        }
    }
}
