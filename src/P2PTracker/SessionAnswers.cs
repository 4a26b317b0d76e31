using System;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// Answers the questions of one connection, and logs the answers. An "unknown" that the same client has had for the
/// same chunk a moment ago is held back for a while (PROTOCOL 6.3). Hot: allocates nothing per message. A part of its
/// session, not an object: connections are many.
/// </summary>
/// <param name="thisMachine">The address under which the client finds the peers of this machine; null: the client is on
/// it, too.</param>
internal struct SessionAnswers(TrackerServer server, string? thisMachine)
{
    private UnknownAnswers? _unknown;       // most connections never need it
    private (int ChunkIndex, bool IsLine)? _held;

    /// <summary>True while an answer is held back. The next is <see cref="WriteHeld"/>.</summary>
    public readonly bool IsHolding => _held is not null;

    /// <summary>How long the answer that is held back has still to wait; zero or less: no longer.</summary>
    public readonly TimeSpan HoldTime(TimeSpan now) => _unknown!.HoldTime(_held!.Value.ChunkIndex, now);

    /// <summary>Writes the answer to WHERE_CHUNK,&lt;chunk_index&gt;.</summary>
    /// <param name="isLine">The question was a line, so that its answer is one.</param>
    /// <param name="start">Where in the buffer the answer begins: with room behind it for a whole answer.</param>
    /// <returns>Bytes written; 0 if the answer is held back.</returns>
    public int Write(int chunkIndex, bool isLine, byte[] buffer, int start) =>
        Write(chunkIndex, isLine, buffer, start, mayHold: true);

    /// <summary>Writes the answer that was held back, at the buffer's start.</summary>
    /// <param name="isLine">As it was for <see cref="Write(int, bool, byte[], int)"/>.</param>
    /// <returns>Bytes written.</returns>
    public int WriteHeld(byte[] buffer, out bool isLine)
    {
        (int chunkIndex, isLine) = _held!.Value;
        _held = null;
        return Write(chunkIndex, isLine, buffer, start: 0, mayHold: false);
    }

    private int Write(int chunkIndex, bool isLine, byte[] buffer, int start, bool mayHold)
    {
        int length = server.Swarm.WriteAnswer(chunkIndex, buffer.AsSpan(start), out bool isKnown, thisMachine);
        if (!isKnown)
        {
            TimeSpan now = EventLoop.Now;
            _unknown ??= new UnknownAnswers();
            if (mayHold && _unknown.HoldTime(chunkIndex, now) > TimeSpan.Zero)
            {
                _held = (chunkIndex, isLine);
                return 0;
            }
            _unknown.OnAnswered(chunkIndex, now);
        }
        server.Log.Written(buffer, start, length);
        if (isLine) buffer[start + length++] = (byte)'\n';
        return length;
    }
}
