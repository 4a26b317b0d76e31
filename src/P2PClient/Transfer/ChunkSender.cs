using System;
using System.Diagnostics;
using System.Threading.Tasks;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Sends bytes of a chunk's file over one connection: the kernel copies them, and those that are not in memory
/// are read beside the loop first.</summary>
/// <param name="waitForTurn">Waits until a request that has given its turn back has it again; false if the peer goes
/// meanwhile.</param>
internal sealed class ChunkSender(
    UploadServer uploads, Connection connection, Func<UploadRequest, Task<bool>> waitForTurn)
{
    private long _turnBytes;        // sent since other connections had their turn

    /// <summary>The number of bytes that <see cref="LoadAsync"/> has found in memory.</summary>
    public int Loaded { get; private set; }

    /// <summary>Opens the file. Even the spare descriptor may be gone, to other processes, and comes back; a reset
    /// would only bring the peer back sooner.</summary>
    /// <returns>False if the file has gone or changed, or can't be opened for long.</returns>
    public async Task<bool> OpenAsync(UploadRequest upload, ChunkReader file)
    {
        TimeSpan deadline = EventLoop.Now + ClientLimits.OpenTimeout;
        while (true)
        {
            if (file.TryOpen(out bool isGone)) return true;
            if (isGone) uploads.OnLost(upload.ChunkIndex);
            if (isGone || file.HasChanged || EventLoop.Now > deadline) return false;
            await new LoopSignal(uploads.Loop).WaitAsync(ClientLimits.OpenPause);
        }
    }

    /// <summary>Waits until bytes of the file are in memory.</summary>
    /// <param name="countMax">At least 1.</param>
    /// <returns>True if bytes from the offset on can be sent without the disk, <see cref="Loaded"/> of them. False if
    /// the file has gone or changed, or the peer has gone.</returns>
    public async Task<bool> LoadAsync(UploadRequest upload, ChunkReader file, long offset, int countMax)
    {
        Debug.Assert(offset < file.Bytes && countMax > 0, "a part of the file");
        while (await OpenAsync(upload, file))
        {
            int rest = (int)Math.Min(file.Bytes - offset, countMax);
            Loaded = file.CountCached(offset, rest);
            if (Loaded > 0) return true;
            Loaded = Math.Min(rest, ClientLimits.CacheWindowBytes);
            if (uploads.Files.Store.Descriptors.IsShort) return true;
            if (!uploads.TryBeginDiskWait(upload))
            {
                file.Dispose();
                if (!await waitForTurn(upload)) return false;
                continue;
            }
            await file.LoadAsync(offset, Loaded);
            UploadQueue.EndDiskWait(upload, EventLoop.Now);
            return true;
        }
        return false;
    }

    /// <summary>Sends a part of the file.</summary>
    /// <param name="end">The offset behind its last byte.</param>
    /// <returns>False if the peer has gone, or the file has changed or ended.</returns>
    public async Task<bool> SendAsync(UploadRequest upload, ChunkReader file, long start, long end)
    {
        Debug.Assert(start <= end && end <= file.Bytes, "a part of the file");
        for (long offset = start; offset < end;)
        {
            int countMax = (int)Math.Min(end - offset, uploads.Limit?.StepBytes ?? ClientLimits.TurnBytes);
            if (uploads.Limit is { } limit && uploads.Take(upload, limit, countMax) is { Ticks: > 0 } pause)
            {
                file.Release();
                await new LoopSignal(uploads.Loop).WaitAsync(pause);
            }
            if (!await LoadAsync(upload, file, offset, countMax)) return false;
            // Whoever reads from the connection may have closed it while this method waited.
            if (connection.Socket.SafeHandle.IsClosed) return false;
            SendFileEnd result = file.SendTo((int)connection.Socket.Handle, offset, Loaded, out int sent);
            // Only a send that waits shows when the kernel takes more bytes.
            if (result == SendFileEnd.WouldBlock) sent = await SendPieceAsync(file, offset, Loaded);
            if (result == SendFileEnd.Failed || sent == 0) return false;
            uploads.Limit?.GiveBack(countMax - sent);
            offset += sent;
            Debug.Assert(offset <= end, "no more is sent than the part has");
            uploads.OnSent(upload, sent);
            _turnBytes += sent;
            if (_turnBytes < ClientLimits.TurnBytes) continue;
            _turnBytes = 0;
            file.Release();
            await uploads.Loop.YieldAsync();
        }
        return true;
    }

    // Reads no more than the count: bytes beyond may be on the disk alone, and the read would hold up the loop. Returns
    // the bytes sent, 0 if the peer has gone or the file ended.
    private async Task<int> SendPieceAsync(ChunkReader file, long offset, int count)
    {
        byte[] buffer = uploads.Loop.Buffers.Rent();
        try
        {
            int bytes = file.Read(buffer.AsSpan(0, Math.Min(count, buffer.Length)), offset);
            file.Release();
            return bytes > 0 && (await connection.SendAsync(buffer, 0, bytes)).IsSuccess ? bytes : 0;
        }
        finally
        {
            uploads.Loop.Buffers.Return(buffer);
        }
    }
}
