using System;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One descriptor that is kept free for the file of a peer that asks when the process has no other left, and the memory
/// that descriptors are short. No session may wait while a file is open on it (<see cref="ChunkReader.Release"/>), so
/// one descriptor serves all peers. While descriptors are short, connections from peers come before this client's
/// downloads.
/// </summary>
internal sealed class DescriptorReserve
{
    private const string AnyFolder = "/";

    private NativeFile? _spare = NativeFile.TryOpen(AnyFolder, out _);
    private TimeSpan _shortUntil;

    /// <summary>Not long ago the process was out of descriptors.</summary>
    public bool IsShort => EventLoop.Now < _shortUntil;

    /// <summary>The process is out of descriptors.</summary>
    public void OnShortage() => _shortUntil = EventLoop.Now + ClientLimits.DescriptorsShort;

    /// <summary>Gives the spare descriptor up, for the file that could not be opened.</summary>
    /// <returns>False if there is no spare descriptor either.</returns>
    public bool TryLend()
    {
        OnShortage();
        if (_spare is null) return false;
        _spare.Dispose();
        _spare = null;
        return true;
    }

    /// <summary>A file was closed: its descriptor becomes the spare one, if that is lent.</summary>
    public void TakeBack() => _spare ??= NativeFile.TryOpen(AnyFolder, out _);
}
