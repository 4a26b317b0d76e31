using System;
using System.Diagnostics;
using System.Threading;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Reads the file of a chunk for the peer that is served. While descriptors are short, the file is open only as long as
/// bytes are taken from it (<see cref="Release"/>), so that one descriptor serves any number of peers; opened again, it
/// must be unchanged. A thread beside the loop reads the parts that are not in memory, since a wait for the disk would
/// hold up all other peers.
/// </summary>
internal sealed class ChunkReader(EventLoop loop, ChunkStore store, int chunkIndex) : IThreadPoolWorkItem, IDisposable
{
    private NativeFile? _file;
    private LoopSignal? _loaded;
    private (long Start, long End) _load;       // the part that is being read into memory
    private long _cachedEnd;                    // the file is in memory up to here
    private bool _isNextMissing;                // and the step behind is not, until it is loaded
    private (long Bytes, DateTime Modified) _first = (-1, default);     // the file's status when it was opened first

    /// <summary>The chunk's size, once the file was opened.</summary>
    public long Bytes { get; private set; } = -1;

    /// <summary>The file was written to since it was opened first.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Opens the file, if it isn't open.</summary>
    /// <param name="isGone">As of <see cref="ChunkStore.TryOpen"/>.</param>
    /// <returns>False if the file has gone or changed, or if there is no descriptor at all.</returns>
    public bool TryOpen(out bool isGone)
    {
        isGone = false;
        if (_file is not null) return true;
        _file = store.TryOpen(chunkIndex, out isGone);
        if (_file is null && !isGone && store.Descriptors.TryLend())
        {
            _file = store.TryOpen(chunkIndex, out isGone);
            if (_file is null) store.Descriptors.TakeBack();
        }
        if (_file is null) return false;
        if (Bytes < 0) (_first, Bytes) = (_file.Seen, store.SizeOf(chunkIndex));
        HasChanged = _file.Seen != _first;
        return !HasChanged;
    }

    /// <summary>Gives the descriptor back while descriptors are short. To be called before every wait.</summary>
    public void Release()
    {
        if (store.Descriptors.IsShort) Dispose();
    }

    /// <summary>Tells whether the file is as it was when it was opened first; to be asked after the last
    /// byte.</summary>
    /// <param name="isGone">The file has another size.</param>
    public bool IsUnchanged(out bool isGone)
    {
        if (!TryOpen(out isGone) || !_file!.TryGetStatus(out long bytes, out _)) return false;
        isGone = bytes != _first.Bytes;
        return _file.Seen == _first;
    }

    /// <inheritdoc cref="NativeFile.SendTo"/>
    public SendFileEnd SendTo(int socket, long offset, int count, out int sent) =>
        _file!.SendTo(socket, offset, count, out sent);

    /// <inheritdoc cref="NativeFile.Read"/>
    public int Read(Span<byte> buffer, long offset) => _file!.Read(buffer, offset);

    /// <summary>Goes on with a sum over bytes of the file.</summary>
    /// <returns>False if the file ends before.</returns>
    public bool TryAddToSum(ref uint state, long offset, int count)
    {
        Span<byte> buffer = stackalloc byte[Limits.BufferBytes];
        return Crc32C.TryAdd(ref state, _file!, offset, count, buffer);
    }

    /// <summary>Reads the file's first bytes as far as they are in memory.</summary>
    /// <returns>Bytes, fewer than the buffer holds if the rest has to be loaded.</returns>
    public int ReadCached(Span<byte> buffer)
    {
        int bytes = _file!.ReadCached(buffer, 0);
        _isNextMissing = bytes < buffer.Length;
        return bytes;
    }

    /// <summary>Tells how many bytes can be sent from an offset on without waiting for the disk. Asks the kernel about
    /// the first and the last byte of each step: the kernel reads a file from its beginning to its end, in larger parts
    /// than a step. The kernel begins to read a byte that it is asked about and does not have. A second question could
    /// find that byte alone, so a step that was missing once is missing until it is loaded.</summary>
    /// <param name="count">At least 1, and no more than the file has.</param>
    public int CountCached(long offset, int count)
    {
        Debug.Assert(count > 0 && offset + count <= Bytes, "a part of the file");
        if (_cachedEnd < offset) (_cachedEnd, _isNextMissing) = (offset, false);
        while (!_isNextMissing && _cachedEnd < offset + count && _file!.KnowsCache)
        {
            long next = Math.Min(_cachedEnd + ClientLimits.CacheStepBytes, Bytes);
            _isNextMissing = !IsCached(_cachedEnd) || !IsCached(next - 1);
            if (!_isNextMissing) _cachedEnd = next;
        }
        return _file!.KnowsCache ? (int)Math.Min(_cachedEnd - offset, count) : count;
    }

    /// <summary>Reads bytes into memory beside the loop, and completes when they are there. The file must stay
    /// open.</summary>
    public LoopSignal LoadAsync(long offset, int count)
    {
        Debug.Assert(_load.Start >= _load.End && _file is not null, "one load at a time, of an open file");
        _load = (offset, offset + count);
        (_cachedEnd, _isNextMissing) = (_load.End, false);
        _loaded ??= new LoopSignal(loop);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return _loaded.WaitAsync(Timeout.InfiniteTimeSpan);
    }

    private bool IsCached(long offset)
    {
        Span<byte> one = stackalloc byte[1];
        return _file!.ReadCached(one, offset) > 0;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Span<byte> buffer = stackalloc byte[Limits.BufferBytes];
        for (int bytes; _load.Start < _load.End; _load.Start += bytes)
        {
            bytes = _file!.Read(buffer[..(int)Math.Min(buffer.Length, _load.End - _load.Start)], _load.Start);
            if (bytes == 0) break;      // the next send finds the reason
        }
        _load = default;
        loop.Post(_loaded!.Set);
    }

    /// <summary>Closes the file, if it is open.</summary>
    public void Dispose()
    {
        if (_file is null) return;
        Debug.Assert(_load.Start >= _load.End, "a file that is being read stays open");
        _file.Dispose();
        _file = null;
        store.Descriptors.TakeBack();
    }
}
