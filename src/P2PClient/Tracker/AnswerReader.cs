using System.Diagnostics;
using System;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>
/// Finds answers in what a tracker sends, which may be a stranger's: greetings before or between them, ends of line or
/// none, an answer in pieces, or several times and longer each time (PROTOCOL 2.7).
///
/// An answer without an end of line is only known to be over when the next one begins. Until then it is shown once when
/// it looks whole - at once where the tracker has proved to send answers in one piece, else after a quiet moment - and
/// again if it turns out longer. Pure: no socket and no clock.
/// </summary>
internal sealed class AnswerReader
{
    /// <summary>Longest answer that is understood, in bytes; a longer one is dropped.</summary>
    public const int AnswerBytesMax = 64 * 1024;

    /// <summary>Answers in one piece after which a tracker is trusted to send the next one so.</summary>
    private const int ProofAnswers = 3;

    private byte[] _bytes = new byte[4096];
    private int _start, _end;
    private int _headBytes;         // of the answer at the head: as much as came with the read that began it; 0: none
    private int _shownBytes;        // and as much as was shown
    private int _provenAnswers;
    private bool _sawPieces;
    private bool _endsLines;        // as the last answer that is over did
    private bool _hasTimedOut;

    /// <summary>After <see cref="TryNext"/> returned false: the chunk whose answer is there, but may go on; 0 if none.
    /// It is shown after <see cref="ReadTimeout"/> without a byte.</summary>
    public int WaitingChunkIndex { get; private set; }

    /// <summary>How long a quiet moment is; longer where answers came in pieces before.</summary>
    public TimeSpan ReadTimeout => _sawPieces ? Limits.BareLineTimeout : Limits.CutMessageTimeout;

    /// <summary>Takes over what one read brought.</summary>
    public void OnRead(ReadOnlySpan<byte> bytes)
    {
        Debug.Assert(bytes.Length <= AnswerBytesMax, "one read is longer than the longest answer");
        _hasTimedOut = false;
        if (_end - _start + bytes.Length > AnswerBytesMax) Drop(_end - _start);
        if (_end + bytes.Length > _bytes.Length) MakeRoom(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
        Check();
    }

    /// <summary>Nothing came for <see cref="ReadTimeout"/>.</summary>
    public void OnTimeout() => _hasTimedOut = true;

    /// <summary>Takes the next answer, or a longer version of the last one.</summary>
    /// <param name="answer">GET_CHUNK_FROM or CHUNK_LOCATION_UNKNOWN; good until the next call.</param>
    public bool TryNext(out Message answer)
    {
        answer = default;
        WaitingChunkIndex = 0;
        while (true)
        {
            ReadOnlySpan<byte> unread = _bytes.AsSpan(_start, _end - _start);
            int verb = AnswerSyntax.FindVerb(unread);
            if (verb < 0)
            {
                // The tail may be the head of a verb that was cut.
                Drop(Math.Max(0, unread.Length - AnswerSyntax.CutVerbBytesMax));
                return false;
            }
            if (verb > 0)
            {
                Drop(verb);
                continue;
            }
            int end = AnswerSyntax.FindEnd(unread);
            bool isOver = end >= 0;
            ReadOnlySpan<byte> text = isOver ? unread[..end] : unread;
            text = text[..AnswerSyntax.Measure(text)];
            if (_headBytes == 0) _headBytes = text.Length;
            bool isNew = text.Length > _shownBytes;
            bool isMessage = MessageReader.TryRead(text, out answer);
            if (isOver)
            {
                if (text.Length > _headBytes) _sawPieces = true;
                else _provenAnswers++;
                _endsLines = unread[end] == (byte)'\n';
                Drop(end);
                if (isMessage && isNew) return true;
                continue;
            }

            if (!isMessage || !isNew) return false;
            bool isTrusted = !_sawPieces && !_endsLines && _provenAnswers >= ProofAnswers
                && AnswerSyntax.LooksWhole(unread);
            if (!isTrusted && !_hasTimedOut)
            {
                WaitingChunkIndex = answer.ChunkIndex;
                return false;
            }
            if (text.Length > _headBytes) _sawPieces = true;
            _shownBytes = text.Length;
            return true;
        }
    }

    private void Drop(int bytes)
    {
        Debug.Assert(bytes >= 0 && bytes <= _end - _start, "more is dropped than is there");
        if (bytes == 0) return;
        _start += bytes;
        if (_start == _end) _start = _end = 0;
        _headBytes = _shownBytes = 0;
        Check();
    }

    private void MakeRoom(int bytes)
    {
        int kept = _end - _start;
        Debug.Assert(kept + bytes <= AnswerBytesMax, "an answer that is too long was not dropped");
        byte[] target = kept + bytes <= _bytes.Length ? _bytes : new byte[Math.Min(AnswerBytesMax, 2 * (kept + bytes))];
        _bytes.AsSpan(_start, kept).CopyTo(target);
        (_bytes, _start, _end) = (target, 0, kept);
        Debug.Assert(kept + bytes <= _bytes.Length, "the read has no room");
    }

    [Conditional("DEBUG")]
    private void Check()
    {
        Debug.Assert(_start >= 0 && _start <= _end && _end <= _bytes.Length, "the unread bytes leave the buffer");
        Debug.Assert(_headBytes <= _end - _start && _shownBytes <= _end - _start, "more was shown than is there");
    }
}
