using System;
using System.Threading;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// The file of the chunk that a peer is sent. While descriptors are short it is open only for as long as bytes are
/// taken from it (<see cref="Rest"/>), so that one descriptor serves any number of peers; it is opened again then, and
/// must be what it was. What is not in memory is read by a thread beside the loop, which would hold all others up.
/// </summary>
internal sealed class ChunkReader(EventLoop loop, ChunkStore store, int chunkIndex) : IThreadPoolWorkItem, IDisposable
{
    private NativeFile? _file;
    private LoopSignal? _loaded;
    private (long Start, long End) _load;       // what is being read into memory
    private long _cachedEnd;                    // up to here nobody need wait for the disk
    private (long Bytes, DateTime Modified) _first = (-1, default);     // when it was opened first

    /// <summary>Its size, once it was opened.</summary>
    public long Bytes => _first.Bytes;

    /// <summary>It was written to since it was opened first.</summary>
    public bool HasChanged { get; private set; }

    /// <summary>Opens it, if it isn't open.</summary>
    /// <param name="isGone">It has gone, as <see cref="ChunkStore.TryOpen"/> says it.</param>
    /// <returns>False if it has gone, or has changed, or there is no descriptor at all.</returns>
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
        if (Bytes < 0) _first = _file.Seen;
        HasChanged = _file.Seen != _first;
        return !HasChanged;
    }

    /// <summary>To be called before every wait: gives the descriptor back while there are few.</summary>
    public void Rest()
    {
        if (store.Descriptors.IsShort) Dispose();
    }

    /// <summary>Tells whether it still is what it was when it was opened first; to be asked once all is sent.</summary>
    /// <param name="isGone">It has another size.</param>
    public bool IsUnchanged(out bool isGone)
    {
        if (!TryOpen(out isGone) || !_file!.TryGetStatus(out long bytes, out _)) return false;
        isGone = bytes != Bytes;
        return _file.Seen == _first;
    }

    /// <inheritdoc cref="NativeFile.SendTo"/>
    public SendFileEnd SendTo(int socket, long offset, int count, out int sent) =>
        _file!.SendTo(socket, offset, count, out sent);

    /// <inheritdoc cref="NativeFile.Read"/>
    public int Read(Span<byte> buffer, long offset) => _file!.Read(buffer, offset);

    /// <inheritdoc cref="NativeFile.ReadCached"/>
    public int ReadCached(Span<byte> buffer, long offset) => _file!.ReadCached(buffer, offset);

    /// <summary>Tells how many bytes can be sent from an offset on without waiting for the disk. Asks the kernel about
    /// one page in each step, and once about each step.</summary>
    /// <param name="count">At least 1, and no more than the file has.</param>
    public int CountCached(long offset, int count)
    {
        Span<byte> one = stackalloc byte[1];
        if (_cachedEnd < offset) _cachedEnd = offset;
        while (_cachedEnd < offset + count && _file!.KnowsCache && _file.ReadCached(one, _cachedEnd) > 0)
            _cachedEnd += ClientLimits.CacheStepBytes;
        return _file!.KnowsCache ? (int)Math.Min(_cachedEnd - offset, count) : count;
    }

    /// <summary>Reads bytes into memory beside the loop; what is awaited is the end of it. The file must stay
    /// open.</summary>
    public LoopSignal LoadAsync(long offset, int count)
    {
        _load = (offset, offset + count);
        _cachedEnd = _load.End;
        _loaded ??= new LoopSignal(loop);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return _loaded.WaitAsync(Timeout.InfiniteTimeSpan);
    }

    void IThreadPoolWorkItem.Execute()
    {
        Span<byte> buffer = stackalloc byte[Limits.BufferBytes];
        for (int bytes; _load.Start < _load.End; _load.Start += bytes)
        {
            bytes = _file!.Read(buffer, _load.Start);
            if (bytes == 0) break;      // sending finds out why
        }
        loop.Post(_loaded!.Set);
    }

    /// <summary>Closes it, if it is open.</summary>
    public void Dispose()
    {
        if (_file is null) return;
        _file.Dispose();
        _file = null;
        store.Descriptors.TakeBack();
    }
}
