using System;

namespace P2P.Tracker;

/// <summary>An answer as it was last written, and as the log has it with its question. The chunk knows whether it is
/// still up to date, and it never is once the chunk has left the list. Used again for another answer.</summary>
internal sealed class CachedAnswer
{
    private byte[] _bytes = [];             // with the marks behind the answer
    private ChunkPeers? _chunk;             // null: there is no answer
    private string? _thisMachine;
    private int _length, _markedLength;

    /// <summary>The lines of the question and the answer in the log; made when the answer is given for the second
    /// time.</summary>
    public byte[] LogLines = [];

    /// <summary>Their length; 0: they are still to be made.</summary>
    public int LogBytes;

    /// <summary>The chunk that the answer is about.</summary>
    public int ChunkIndex { get; private set; } = -1;

    /// <summary>The answer as on the wire, without an end of line.</summary>
    public ReadOnlySpan<byte> Text => _bytes.AsSpan(0, _length);

    /// <summary>The answer with its marks (PROTOCOL 9.2).</summary>
    public ReadOnlySpan<byte> MarkedText => _bytes.AsSpan(0, _markedLength);

    /// <summary>Tells whether this is what a question would be answered now.</summary>
    /// <param name="thisMachine">As of <see cref="Swarm.WriteAnswer(int, Span{byte}, out bool, string?)"/>.</param>
    public bool Answers(int chunkIndex, string? thisMachine, Swarm swarm) =>
        ChunkIndex == chunkIndex && _chunk is not null && _chunk.IsUpToDate(swarm) && _thisMachine == thisMachine;

    /// <summary>Keeps an answer.</summary>
    /// <param name="markedText">The answer and its marks.</param>
    /// <param name="length">Of the answer alone, in bytes.</param>
    public void Set(
        int chunkIndex, ChunkPeers chunk, string? thisMachine, ReadOnlySpan<byte> markedText, int length)
    {
        if (_bytes.Length < markedText.Length) _bytes = new byte[markedText.Length];
        markedText.CopyTo(_bytes);
        (_chunk, ChunkIndex, _thisMachine) = (chunk, chunkIndex, thisMachine);
        (_length, _markedLength, LogBytes) = (length, markedText.Length, 0);
    }

    /// <summary>Forgets what was kept for a chunk: its next answers differ from each other.</summary>
    public void Drop(int chunkIndex)
    {
        if (ChunkIndex == chunkIndex) _chunk = null;
    }
}
