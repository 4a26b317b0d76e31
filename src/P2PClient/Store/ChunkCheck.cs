using System;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// Compares one chunk with its entry in chunks.crc while it arrives. Hot: allocates nothing per read.
/// </summary>
/// <param name="bytes">The right size.</param>
/// <param name="sum">The right CRC-32C.</param>
internal sealed class ChunkCheck(long bytes, uint sum)
{
    private uint _state = Crc32C.Start;
    private long _received;

    /// <summary>Goes on with received bytes.</summary>
    /// <returns>False as soon as the chunk has too many bytes.</returns>
    public bool TryAdd(ReadOnlySpan<byte> received)
    {
        Debug.Assert(_received <= bytes, "a chunk that is too long is not received further");
        _received += received.Length;
        if (_received > bytes) return false;
        _state = Crc32C.Add(_state, received);
        return true;
    }

    /// <summary>Classifies the end of a download whose chunk is known: the way the stream ended no longer
    /// decides.</summary>
    public DownloadEnd Classify(DownloadEnd end)
    {
        if (end is not (DownloadEnd.Whole or DownloadEnd.Doubtful)) return end;
        if (_received == bytes && Crc32C.Finish(_state) == sum) return DownloadEnd.Whole;
        return end == DownloadEnd.Whole ? DownloadEnd.Wrong : DownloadEnd.Silent;
    }
}
