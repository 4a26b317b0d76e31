using System;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// One descriptor that is kept free for the file of a peer that asks when the process has none left, and the memory
/// that they are short. Nobody may wait while a file is open on it (<see cref="ChunkReader.Rest"/>), so one serves all.
/// While descriptors are short, connections from peers come before downloads of ours.
/// </summary>
internal sealed class DescriptorReserve
{
    private const string Anything = "/";

    private NativeFile? _spare = NativeFile.TryOpen(Anything, out _);
    private TimeSpan _shortUntil;

    /// <summary>Not long ago a descriptor was wanted, and there was none.</summary>
    public bool IsShort => EventLoop.Now < _shortUntil;

    /// <summary>A descriptor was wanted, and there was none.</summary>
    public void OnShortage() => _shortUntil = EventLoop.Now + ClientLimits.DescriptorsShort;

    /// <summary>Makes room for the file that could not be opened.</summary>
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
    public void TakeBack() => _spare ??= NativeFile.TryOpen(Anything, out _);
}
