using System;

namespace P2P.Client;

/// <summary>
/// Compares one chunk with what chunks.crc says of it, while it arrives. Hot: allocates nothing per read.
/// </summary>
/// <param name="bytes">The size that it must have.</param>
/// <param name="sum">The CRC-32C that it must have.</param>
internal sealed class ChunkCheck(long bytes, uint sum)
{
    private uint _state = Crc32C.Start;
    private long _received;

    /// <summary>Goes on with what has come.</summary>
    /// <returns>False as soon as there is more than there can be.</returns>
    public bool TryAdd(ReadOnlySpan<byte> received)
    {
        _received += received.Length;
        if (_received > bytes) return false;
        _state = Crc32C.Add(_state, received);
        return true;
    }

    /// <summary>What an end means when the chunk is known: where the stream ends, and how, no longer decides.</summary>
    public DownloadEnd Classify(DownloadEnd end)
    {
        if (end is not (DownloadEnd.Whole or DownloadEnd.Doubtful)) return end;
        if (_received == bytes && Crc32C.Finish(_state) == sum) return DownloadEnd.Whole;
        return end == DownloadEnd.Whole ? DownloadEnd.Wrong : DownloadEnd.Silent;
    }
}
