using System;
using System.Diagnostics;
using P2P.Cli;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>How an attempt to fetch a chunk ended.</summary>
internal enum DownloadEnd
{
    /// <summary>Bytes, and then a clean end: the whole chunk.</summary>
    Whole,

    /// <summary>A clean end without a byte, or bytes and then silence: no proof of a chunk (PROTOCOL 3.4).</summary>
    Doubtful,

    /// <summary>Refused, or reset.</summary>
    Failed,

    /// <summary>No byte within the timeout.</summary>
    Silent,

    /// <summary>More bytes than a chunk may have.</summary>
    TooLong,

    /// <summary>The chunk's size or sum differs from chunks.crc.</summary>
    Wrong,

    /// <summary>This client's disk has refused the bytes.</summary>
    DiskFailed,

    /// <summary>Over a lane: the sum that came with the chunk is another.</summary>
    Damaged,

    /// <summary>Over a lane: given up, or the lane ended for a reason that was another chunk's.</summary>
    Unanswered,
}

/// <summary>
/// An attempt to fetch one chunk from one peer, by whatever connection: takes the chunk's bytes, and writes them to a
/// temporary file.
/// </summary>
/// <param name="copy">Gets the bytes.</param>
/// <param name="check">Sums the bytes up; null where no sum is needed.</param>
internal abstract class DownloadSession(
    DownloadContext context, Download download, PartialChunk copy, ChunkCheck? check)
{
    public Download Download => download;

    public int ChunkIndex => download.ChunkIndex;

    public Peer Peer => download.Peer;

    /// <summary>The bytes so far; the session's owner disposes of the copy after the end.</summary>
    public PartialChunk Copy => copy;

    /// <summary>Sums the bytes up; null where no sum is needed.</summary>
    public ChunkCheck? Check { get; protected set; } = check;

    /// <summary>The reason of a failure, in words; only while there is a diagnosis.</summary>
    public string Reason { get; set; } = "";

    /// <summary>Stops a download that is not wanted any more. A peer of ours is told so; a stranger's server may die of
    /// that, so its bytes are received, and dropped.</summary>
    public void StopIfUnwanted()
    {
        if (download.IsWanted) return;
        copy.Dispose();
        if (!download.IsGivenUp) return;
        string reason = download.IsSuperfluous ? "it has come from elsewhere" : "another source has it as well";
        Diagnosis.Log?.Add($"source {Peer} given up for chunk {ChunkIndex}: {reason}");
        GiveUp();
    }

    /// <summary>Tells the peer that the chunk isn't wanted any more.</summary>
    protected abstract void GiveUp();

    /// <summary>Bytes of a large chunk may go from the socket to the file without coming into this process. Those
    /// behind its end may not: in the file, they would overwrite the next chunk.</summary>
    public bool MayMove => download.IsWanted && context.Pipe.IsUsable && Check is not { Left: 0 };

    /// <summary>Writes received bytes to the file.</summary>
    /// <param name="isWhole">They are all bytes of the chunk.</param>
    /// <returns>The end, or null if more bytes may come.</returns>
    public DownloadEnd? Take(ReadOnlySpan<byte> bytes, bool isWhole)
    {
        if (Count(bytes.Length) is { } end) return end;
        if (Check is not null && !Check.TryAdd(bytes)) return DownloadEnd.Wrong;
        if (download.IsWanted && !(isWhole ? copy.TryWriteWhole(bytes) : copy.TryWrite(bytes)))
            return DownloadEnd.DiskFailed;
        Debug.Assert(!download.IsWanted || copy.Bytes == download.Received, "every byte is written once");
        return null;
    }

    /// <summary>Lets the kernel move received bytes from the socket to the file.</summary>
    /// <param name="countMax">Most bytes to move, at least 1.</param>
    /// <returns>The end, or null; a clean end of the stream is <see cref="SpliceEnd.PeerEnded"/> without an
    /// end.</returns>
    public DownloadEnd? Move(Connection connection, int countMax, out int moved, out SpliceEnd result)
    {
        Debug.Assert(MayMove && connection.Unread.IsEmpty, "unread bytes come before those in the socket");
        if (Check is not null) countMax = (int)Math.Min(countMax, Check.Left);
        if (!copy.TryMove(context.Pipe, (int)connection.Socket.Handle, countMax, out moved, out result))
            return DownloadEnd.DiskFailed;
        if (result == SpliceEnd.Failed) return DownloadEnd.Failed;
        if (moved > 0 && Check is not null && !copy.TryCheckLast(Check, moved)) return DownloadEnd.Wrong;
        return Count(moved);
    }

    private DownloadEnd? Count(int bytes)
    {
        Debug.Assert(bytes >= 0, "bytes only arrive");
        download.Received += bytes;
        context.Traffic.OnReceived(bytes);
        return download.Received > context.ChunkBytesMax ? DownloadEnd.TooLong : null;
    }
}
