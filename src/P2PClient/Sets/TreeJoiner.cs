using System;
using System.Diagnostics;
using System.IO;
using P2P.Posix;

namespace P2P.Client;

/// <summary>Lays the chunks of a folder's set out to the files that the set was made of, a chunk at a step.</summary>
internal sealed class TreeJoiner(FolderStore store, ChunkSums sums, TargetSet target) : IJoiner
{
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly bool _wasThere = target.IsFinished;

    public long Bytes { get; private set; }

    public int ChunkIndex { get; private set; }

    public JoinEnd Step()
    {
        if (ChunkIndex == store.ChunkCount)
        {
            return _wasThere
                ? target.IsExact() ? JoinEnd.WasThere : JoinEnd.Different
                : target.TryFinish() ? JoinEnd.Joined : JoinEnd.Different;
        }
        ChunkIndex++;
        Debug.Assert(ChunkIndex <= sums.ChunkCount, "the sums are those of the folder's chunks");
        Bytes += sums.SizeOf(ChunkIndex);
        if (target.IsHeld(ChunkIndex, _buffer)) return JoinEnd.None;
        if (_wasThere) return JoinEnd.Different;
        using NativeFile? chunk = store.TryOpen(ChunkIndex, out bool isGone);
        if (chunk is null && !isGone) throw new IOException($"can't open {store.NameOf(ChunkIndex)} now");
        if (chunk is null || store.SizeOf(ChunkIndex) != sums.SizeOf(ChunkIndex)) return JoinEnd.BadChunk;
        using PartialChunk copy = target.Store.CreatePartial(ChunkIndex);
        uint state = Crc32C.Start;
        for (long at = 0; at < sums.SizeOf(ChunkIndex);)
        {
            int read = chunk.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, sums.SizeOf(ChunkIndex) - at)), at);
            if (read == 0) return JoinEnd.BadChunk;
            if (!copy.TryWrite(_buffer.AsSpan(0, read))) throw new IOException(copy.Error);
            state = Crc32C.Add(state, _buffer.AsSpan(0, read));
            at += read;
        }
        if (Crc32C.Finish(state) != sums.SumOf(ChunkIndex)) return JoinEnd.BadChunk;
        return copy.TryCommit() ? JoinEnd.None : throw new IOException(copy.Error);
    }

    public void Dispose() => target.Dispose();
}
