using System;
using System.Diagnostics;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// Handles the WHERE_CHUNK of one connection: logs the questions, writes the answers and logs them. A
/// CHUNK_LOCATION_UNKNOWN that the same client had for the same chunk a moment ago is held back for a while (PROTOCOL
/// 6.3). Hot: allocates nothing per message. The handler is a part of its session and not an object, because
/// connections are many.
/// </summary>
/// <param name="thisMachine">The address under which the client finds the peers of this machine; null: the client is on
/// this machine, too.</param>
internal struct WhereChunkHandler(TrackerServer server, string? thisMachine)
{
    private UnknownAnswers _unknown;
    private (int ChunkIndex, bool IsLine)? _held;

    /// <summary>The client speaks the lane: its answers have marks.</summary>
    public bool ShowsMarks { get; set; }

    /// <summary>True while an answer is held back; then <see cref="WriteHeldAnswer"/> comes next.</summary>
    public readonly bool IsHolding => _held is not null;

    /// <summary>How long the held answer has still to wait; zero or less: no longer.</summary>
    public readonly TimeSpan HoldTime(TimeSpan now) => _unknown.HoldTime(_held!.Value.ChunkIndex, now);

    /// <summary>Logs the question WHERE_CHUNK,&lt;chunk_index&gt;, writes its answer and logs the answer.</summary>
    /// <param name="isLine">The question was a line, and so its answer is one.</param>
    /// <param name="start">Where in the buffer the answer begins, with room for an answer, marks and a newline.</param>
    /// <returns>Bytes written; 0 if the answer is held back.</returns>
    public int WriteAnswer(int chunkIndex, bool isLine, byte[] buffer, int start)
    {
        Debug.Assert(_held is null, "a question is read before the held answer was written");
        if (server.Swarm.FindCached(chunkIndex, thisMachine) is { } cached)
            return WriteCached(cached, isLine, buffer, start);
        server.Log.WhereChunk(chunkIndex);
        return WriteAnswer(chunkIndex, isLine, buffer, start, mayHold: true);
    }

    /// <summary>Writes the held answer, at the buffer's start, and logs it.</summary>
    /// <param name="isLine">As it was for <see cref="WriteAnswer(int, bool, byte[], int)"/>.</param>
    /// <returns>Bytes written.</returns>
    public int WriteHeldAnswer(byte[] buffer, out bool isLine)
    {
        (int chunkIndex, isLine) = _held!.Value;
        _held = null;
        int length = WriteAnswer(chunkIndex, isLine, buffer, start: 0, mayHold: false);
        Debug.Assert(length > 0 && _held is null, "an answer is held back twice");
        return length;
    }

    /// <summary>Writes the line that tells that a chunk has a new source, or the one that tells that news begins or was
    /// missed (PROTOCOL 9.6). Not logged.</summary>
    /// <param name="chunkIndex">0 for that line.</param>
    /// <param name="start">Where in the buffer the line begins, with room for an answer, marks and a newline.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteNews(int chunkIndex, byte[] buffer, int start)
    {
        Span<byte> line = buffer.AsSpan(start);
        int length = chunkIndex == 0
            ? MessageWriter.ChunkLocationUnknown(line, LaneSyntax.NewsIndex)
            : MessageWriter.GetChunkFrom(line, chunkIndex);
        line[length] = (byte)'\n';
        return length + 1;
    }

    /// <inheritdoc cref="Swarm.WriteSet"/>
    /// <param name="start">Where in the buffer the answer begins.</param>
    public readonly int WriteSet(ulong own, byte[] buffer, int start) =>
        server.Swarm.WriteSet(own, buffer.AsSpan(start), thisMachine);

    private int WriteAnswer(int chunkIndex, bool isLine, byte[] buffer, int start, bool mayHold)
    {
        Debug.Assert(buffer.Length - start > Limits.MarkedAnswerBytesMax, "the buffer has no room for an answer");
        int length = server.Swarm.WriteAnswer(
            chunkIndex, buffer.AsSpan(start), out bool isKnown, thisMachine, out int marksBytes);
        if (!isKnown)
        {
            TimeSpan now = EventLoop.Now;
            if (mayHold && _unknown.HoldTime(chunkIndex, now) > TimeSpan.Zero)
            {
                _held = (chunkIndex, isLine);
                return 0;
            }
            _unknown.OnAnswered(chunkIndex, now);
        }
        server.Log.Written(buffer, start, length);
        Debug.Assert(length < Limits.AnswerBytesMax, "an answer is too long for a client's buffer");
        if (isLine && ShowsMarks) length += marksBytes;
        if (isLine) buffer[start + length++] = (byte)'\n';
        return length;
    }

    // The way of nearly all questions: two copies.
    private readonly int WriteCached(CachedAnswer cached, bool isLine, byte[] buffer, int start)
    {
        if (cached.LogBytes == 0)
            cached.LogBytes = server.Log.FormatExchange(cached.ChunkIndex, cached.Text, ref cached.LogLines);
        server.Log.Exchange(cached.LogLines, cached.LogBytes);
        ReadOnlySpan<byte> answer = isLine && ShowsMarks ? cached.MarkedText : cached.Text;
        answer.CopyTo(buffer.AsSpan(start));
        if (isLine) buffer[start + answer.Length] = (byte)'\n';
        return answer.Length + (isLine ? 1 : 0);
    }
}
