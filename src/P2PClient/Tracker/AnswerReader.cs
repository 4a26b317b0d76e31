using System;
using System.Diagnostics;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>
/// Finds the answers in what a tracker sends. A stranger's tracker may send greetings before and between answers, end
/// answers with a newline or with nothing, and send one answer in pieces, or several times and longer each time
/// (PROTOCOL 2.7).
///
/// An answer without a newline is certainly over only when the next answer begins. Until then the reader returns the
/// answer once: at once if the answer looks whole and the tracker is known to send answers in one piece, else when
/// <see cref="ReadTimeout"/> has passed without a byte. If the answer goes on after that, the reader returns the longer
/// one as well. Pure: no socket and no clock.
/// </summary>
internal sealed class AnswerReader
{
    /// <summary>Longest answer that is read, in bytes; a longer one is dropped.</summary>
    public const int AnswerBytesMax = 64 * 1024;

    /// <summary>After so many answers in one piece the tracker is trusted to send the next one in one piece, too.
    /// </summary>
    private const int WholeAnswersTrusted = 3;

    private byte[] _bytes = new byte[4096];
    private int _start, _end;
    private int _firstReadBytes;    // of the first unread answer: the bytes that its first read brought; 0: no answer
    private int _returnedBytes;     // of the first unread answer: the bytes that were returned already
    private int _wholeAnswers;      // answers that came in one piece
    private bool _sawPieces;        // an answer came in pieces
    private bool _endsLines;        // the last answer that is over ended with a newline
    private bool _hasTimedOut;

    /// <summary>After <see cref="TryNext"/> returned false: the chunk of an answer that has come but may go on. The
    /// answer is returned after <see cref="ReadTimeout"/> without a byte. 0 if there is no such answer.</summary>
    public int WaitingChunkIndex { get; private set; }

    /// <summary>How long to wait for more of an answer; longer where answers have come in pieces.</summary>
    public TimeSpan ReadTimeout => _sawPieces ? Limits.BareLineTimeout : Limits.CutMessageTimeout;

    /// <summary>One read has brought these bytes, which are copied.</summary>
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

    /// <summary><see cref="ReadTimeout"/> has passed without a byte.</summary>
    public void OnTimeout() => _hasTimedOut = true;

    /// <summary>Returns the next answer, or a longer version of the last one.</summary>
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
                // The last bytes may be the head of a verb that the end of the read has cut.
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
            if (_firstReadBytes == 0) _firstReadBytes = text.Length;
            bool isNew = text.Length > _returnedBytes;
            bool isMessage = MessageReader.TryRead(text, out answer);
            if (isOver)
            {
                if (text.Length > _firstReadBytes) _sawPieces = true;
                else _wholeAnswers++;
                _endsLines = unread[end] == (byte)'\n';
                Drop(end);
                if (isMessage && isNew) return true;
                continue;
            }

            if (!isMessage || !isNew) return false;
            bool isTrusted = !_sawPieces && !_endsLines && _wholeAnswers >= WholeAnswersTrusted
                && AnswerSyntax.LooksWhole(unread);
            if (!isTrusted && !_hasTimedOut)
            {
                WaitingChunkIndex = answer.ChunkIndex;
                return false;
            }
            if (text.Length > _firstReadBytes) _sawPieces = true;
            _returnedBytes = text.Length;
            return true;
        }
    }

    private void Drop(int bytes)
    {
        Debug.Assert(bytes >= 0 && bytes <= _end - _start, "more is dropped than is there");
        if (bytes == 0) return;
        _start += bytes;
        if (_start == _end) _start = _end = 0;
        _firstReadBytes = _returnedBytes = 0;
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
        Debug.Assert(_firstReadBytes <= _end - _start, "the first read of an answer is no longer there");
        Debug.Assert(_returnedBytes <= _end - _start, "more of an answer was returned than is there");
    }
}
