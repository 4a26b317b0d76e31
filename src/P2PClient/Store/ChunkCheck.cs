using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// Sums one chunk up while it arrives, and compares it with its entry in chunks.crc. Hot: allocates nothing per read.
/// </summary>
/// <param name="bytes">The right size; null where it isn't known.</param>
/// <param name="sum">The right CRC-32C.</param>
internal sealed class ChunkCheck(long? bytes = null, uint sum = 0)
{
    private uint _state = Crc32C.Start;
    private long _received;

    /// <summary>It is known what the chunk must be.</summary>
    public bool IsKnown => bytes is not null;

    /// <summary>Bytes that are still to come; of a chunk whose size isn't known, as many as there can be.</summary>
    public long Left => bytes is { } all ? Math.Max(all - _received, 0) : long.MaxValue;

    /// <summary>CRC-32C of the bytes so far.</summary>
    public uint Sum => Crc32C.Finish(_state);

    /// <summary>Goes on with received bytes.</summary>
    /// <returns>False as soon as the chunk has too many bytes.</returns>
    public bool TryAdd(ReadOnlySpan<byte> received)
    {
        Debug.Assert(!(_received > bytes), "a chunk that is too long is not received further");
        _received += received.Length;
        if (_received > bytes) return false;
        _state = Crc32C.Add(_state, received);
        return true;
    }

    /// <summary>Classifies the end of a download whose chunk is known: the way the stream ended no longer
    /// decides.</summary>
    public DownloadEnd Classify(DownloadEnd end)
    {
        if (bytes is null || end is not (DownloadEnd.Whole or DownloadEnd.Doubtful)) return end;
        if (_received == bytes && Sum == sum) return DownloadEnd.Whole;
        return end == DownloadEnd.Whole ? DownloadEnd.Wrong : DownloadEnd.Silent;
    }
}
