using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// Copies of chunks whose download ended in doubt: each is kept until a second copy of its chunk agrees with it byte
/// for byte (PROTOCOL 3.4).
/// </summary>
internal sealed class DoubtfulCopies(ChunkPicker picker)
{
    private readonly Dictionary<int, (PartialChunk Copy, Peer Source)> _copies = [];

    /// <summary>Compares a copy with the earlier one of its chunk. The two prove the chunk if they agree, and come from
    /// different peers where the tracker lists another one.</summary>
    /// <returns>Whole if the copies prove the chunk. Doubtful if not: the new copy is kept, and the earlier one is
    /// dropped. DiskFailed if the new copy can't be put aside.</returns>
    public DownloadEnd Compare(int chunkIndex, PartialChunk copy, Peer source)
    {
        if (_copies.TryGetValue(chunkIndex, out (PartialChunk Copy, Peer Source) earlier))
        {
            bool mayCount = earlier.Source != source || picker.AvailabilityOf(chunkIndex) < 2;
            if (mayCount && copy.IsSameAs(earlier.Copy)) return DownloadEnd.Whole;
            Drop(chunkIndex);
        }
        Debug.Assert(!_copies.ContainsKey(chunkIndex), "one copy of a chunk is kept");
        if (!copy.TryPutAside()) return DownloadEnd.DiskFailed;
        _copies.Add(chunkIndex, (copy, source));
        return DownloadEnd.Doubtful;
    }

    /// <summary>Drops the copy of a chunk, if there is one.</summary>
    public void Drop(int chunkIndex)
    {
        if (_copies.Remove(chunkIndex, out (PartialChunk Copy, Peer Source) earlier)) earlier.Copy.Dispose();
    }

    /// <summary>Removes the files of all copies; the client ends.</summary>
    public void Stop()
    {
        foreach ((PartialChunk copy, _) in _copies.Values) copy.Dispose();
    }
}
