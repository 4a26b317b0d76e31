using System;
using System.Collections.Generic;

namespace P2P.Client;

/// <summary>
/// The sums of chunks that are held, as far as they are known: from chunks.crc, or because this client has received or
/// sent the chunk over a lane. A sum counts only for the file that it was computed for.
/// </summary>
/// <param name="sums">Null if the folder has no chunks.crc.</param>
internal sealed class SumCache(ChunkSums? sums)
{
    private readonly Dictionary<int, KnownSum> _sums = [];

    /// <summary>Finds the sum of a chunk's file.</summary>
    /// <param name="file">Its size and time.</param>
    public bool TryGet(int chunkIndex, (long Bytes, DateTime Modified) file, out uint sum)
    {
        sum = 0;
        if (sums is not null && sums.SizeOf(chunkIndex) == file.Bytes)
        {
            sum = sums.SumOf(chunkIndex);
            return true;
        }
        if (!_sums.TryGetValue(chunkIndex, out KnownSum? known)) return false;
        if (known.Bytes < 0) (known.Bytes, known.Modified) = file;
        sum = known.Sum;
        return known.Bytes == file.Bytes && known.Modified == file.Modified;
    }

    /// <summary>Notes the sum that was computed of a chunk's file.</summary>
    /// <param name="file">Its size and time.</param>
    public void Set(int chunkIndex, (long Bytes, DateTime Modified) file, uint sum) =>
        _sums[chunkIndex] = new KnownSum(sum) { Bytes = file.Bytes, Modified = file.Modified };

    /// <summary>Notes the sum of a chunk that has just been stored.</summary>
    public void OnStored(int chunkIndex, uint sum) => _sums[chunkIndex] = new KnownSum(sum);

    /// <summary>The file of a chunk has gone or changed.</summary>
    public void Forget(int chunkIndex) => _sums.Remove(chunkIndex);

    private sealed class KnownSum(uint sum)
    {
        public uint Sum => sum;

        /// <summary>The size of its file; -1 as long as the file was not opened.</summary>
        public long Bytes { get; set; } = -1;

        public DateTime Modified { get; set; }
    }
}
