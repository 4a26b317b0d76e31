using System;
using System.Collections.Generic;
using System.Diagnostics;
using P2P.Logging;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>
/// The messages that the tracker is to get next, and the buffer that they are written to: announcements first, in the
/// order in which the chunks arrived, then questions. On the loop's thread; allocates nothing per message.
/// </summary>
/// <param name="log">Gets a line for every message.</param>
/// <param name="transferPort">The port that is announced.</param>
/// <param name="files">With the set that the client has, if that is described.</param>
/// <param name="name">The user's name for the client; null: none.</param>
internal sealed class TrackerMessages(
    ActionLog log, FileSet files, TrackerQuestions questions, TrackerDialect dialect, int transferPort,
    string? name)
{
    private readonly ChunkPicker _picker = files.Picker;
    private readonly Queue<int> _toAnnounce = new();
    private bool _mustEndLine, _mustSayHello, _mustSaySet, _mustSayName;

    /// <summary>The messages that <see cref="Write"/> has written, from the first byte.</summary>
    public byte[] Buffer { get; } = new byte[Limits.BufferBytes];

    /// <summary>There may be a message to write: an announcement, or a question if the picker has one. While an
    /// unframed question is in flight there is none until its answer is overdue.</summary>
    public bool MayHaveMessage =>
        dialect.UsesLines || _toAnnounce.Count > 0 || questions.HasRoom || questions.IsOldestOverdue;

    /// <summary>Announces a chunk that has arrived.</summary>
    public void Announce(int chunkIndex)
    {
        Debug.Assert(chunkIndex >= 1 && chunkIndex <= _picker.ChunkCount, "the file-set has no such chunk");
        _toAnnounce.Enqueue(chunkIndex);
    }

    /// <summary>Announces every chunk that is held: the tracker knows nothing of this client.</summary>
    /// <param name="mustEndLine">The tracker may have taken earlier messages for half a line, so a newline comes
    /// first.</param>
    public void AnnounceAll(bool mustEndLine)
    {
        _mustEndLine = mustEndLine;
        _toAnnounce.Clear();
        for (int chunkIndex = 1; chunkIndex <= _picker.ChunkCount; chunkIndex++)
        {
            if (_picker.StateOf(chunkIndex) == ChunkState.Have) _toAnnounce.Enqueue(chunkIndex);
        }
    }

    /// <summary>The next message is to tell a tracker of ours that this client speaks the lane (PROTOCOL
    /// 9.2), and wants news (PROTOCOL 9.6).</summary>
    public void SayHello() => _mustSayHello = true;

    /// <summary>The next message is to tell a tracker of ours which set the client has, if it can describe it (PROTOCOL
    /// 10.2), and how its user calls it (PROTOCOL 11).</summary>
    /// <param name="isOurs">The tracker is one of ours: any other is told nothing of that.</param>
    public void SaySetAndName(bool isOurs)
    {
        HasSaidSet = _mustSaySet = isOurs && files.Sums is not null;
        _mustSayName = isOurs && name is not null;
    }

    /// <summary>The tracker of this connection has been told the set, or is about to be.</summary>
    public bool HasSaidSet { get; private set; }

    /// <summary>Writes the next messages to the buffer, and their lines to the log: one message if they are unframed,
    /// else as many lines as there are and the buffer holds.</summary>
    /// <returns>The number of bytes to send; 0 if there is no message.</returns>
    public int Write()
    {
        int bytes = 0;
        if (_mustEndLine) Buffer[bytes++] = (byte)'\n';
        if (_mustSayHello) bytes += LaneSyntax.WriteHello(Buffer.AsSpan(bytes));
        if (_mustSaySet)
        {
            bytes += SetSyntax.Write(Buffer.AsSpan(bytes), files.Sums!.Id);
            Buffer[bytes++] = (byte)'\n';
        }
        if (_mustSayName) bytes += NameSyntax.Write(Buffer.AsSpan(bytes), name!);
        if (_mustSayHello) bytes += LaneSyntax.WriteNews(Buffer.AsSpan(bytes));
        _mustEndLine = _mustSayHello = _mustSaySet = _mustSayName = false;
        while (bytes + MessageWriter.BytesMax < Buffer.Length)
        {
            Span<byte> buffer = Buffer.AsSpan(bytes);
            int length;
            if (_toAnnounce.TryDequeue(out int chunkIndex))
            {
                if (_picker.StateOf(chunkIndex) != ChunkState.Have) continue;      // its file was lost meanwhile
                length = MessageWriter.LocalChunks(buffer, chunkIndex, "localhost"u8, transferPort);
            }
            else if (questions.HasRoom && questions.TryBegin(out chunkIndex))
                length = MessageWriter.WhereChunk(buffer, chunkIndex);
            else return bytes;

            Debug.Assert(length is > 0 and <= MessageWriter.BytesMax, "a message is longer than its longest form");
            log.Written(Buffer, bytes, length);
            bytes += length;
            if (!dialect.UsesLines) return bytes;
            Buffer[bytes++] = (byte)'\n';
        }
        return bytes;
    }
}
