using System;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// The file of the chunk that a peer is sent. While descriptors are short it is open only for as long as bytes are
/// taken from it (<see cref="Rest"/>), so that one descriptor serves any number of peers; it is opened again then, and
/// must be what it was.
/// </summary>
internal sealed class UploadFile(ChunkStore store, int chunkIndex) : IDisposable
{
    private NativeFile? _file;
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
        if (!TryOpen(out isGone) || !_file!.TryLook(out long bytes, out _)) return false;
        isGone = bytes != Bytes;
        return _file.Seen == _first;
    }

    /// <inheritdoc cref="NativeFile.SendTo"/>
    public SendFileEnd SendTo(int socket, long offset, int count, out int sent) => _file!.SendTo(socket, offset, count, out sent);

    /// <inheritdoc cref="NativeFile.Read"/>
    public int Read(Span<byte> buffer, long offset) => _file!.Read(buffer, offset);

    /// <summary>Closes it, if it is open.</summary>
    public void Dispose()
    {
        if (_file is null) return;
        _file.Dispose();
        _file = null;
        store.Descriptors.TakeBack();
    }
}
