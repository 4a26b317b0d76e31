using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// The file-set as this client has it: the files of its chunks, the state of each chunk, and the sums of the chunks.
/// </summary>
internal sealed class FileSet(ChunkStore store, ChunkPicker picker, ChunkSums? sums)
{
    private uint[]? _summed;        // by index; 0: not known

    /// <summary>The chunks' files.</summary>
    public ChunkStore Store => store;

    /// <summary>The chunks' states.</summary>
    public ChunkPicker Picker => picker;

    /// <summary>The sizes and sums of the chunks; null if the folder has no chunks.crc.</summary>
    public ChunkSums? Sums => sums;

    /// <summary>Tells the sum of a chunk that is here: by chunks.crc, or as it was when the chunk came.</summary>
    /// <param name="bytes">The size of the chunk's file.</param>
    /// <returns>False if the sum isn't known, or the file has another size than it should.</returns>
    public bool TryGetSum(int chunkIndex, long bytes, out uint sum)
    {
        Debug.Assert(chunkIndex >= 1 && chunkIndex <= picker.ChunkCount, "a chunk of the file-set");
        sum = sums?.SumOf(chunkIndex) ?? _summed?[chunkIndex] ?? 0;
        return sums is not null ? sums.SizeOf(chunkIndex) == bytes : sum != 0;
    }

    /// <summary>A chunk was summed up as it came: its next receiver needs the sum, too.</summary>
    public void OnSummed(int chunkIndex, uint sum) =>
        (_summed ??= new uint[picker.ChunkCount + 1])[chunkIndex] = sum;

    /// <summary>The file or folder that the chunks are written to in place; null: none.</summary>
    public TargetSet? Target { get; set; }

    /// <summary>Every chunk is here.</summary>
    public bool IsComplete => picker.IsComplete;

    /// <summary>Tells whether a chunk is here, and may be served.</summary>
    public bool Has(int chunkIndex) => picker.StateOf(chunkIndex) == ChunkState.Have;

    /// <summary>The file of a chunk that was here has gone or changed: the chunk is no longer served.</summary>
    public void OnLost(int chunkIndex)
    {
        Debug.Assert(Has(chunkIndex), "only a chunk that is held can be lost");
        if (_summed is not null) _summed[chunkIndex] = 0;       // it may come again without a sum
        store.OnLost(chunkIndex);
        picker.OnLost(chunkIndex);
    }

    /// <summary>Begins the check of a chunk that is about to arrive.</summary>
    /// <param name="mustSum">The sum is needed whether or not it is known what it must be.</param>
    /// <returns>Null if the folder has no chunks.crc, and the sum isn't needed.</returns>
    public ChunkCheck? TryBeginCheck(int chunkIndex, bool mustSum) =>
        sums is not null ? new ChunkCheck(sums.SizeOf(chunkIndex), sums.SumOf(chunkIndex))
        : mustSum ? new ChunkCheck()
        : null;
}
