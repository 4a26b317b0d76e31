using System;
using System.Diagnostics;
using System.Threading;

namespace P2P.Protocol;

/// <summary>
/// Finds where messages end in the bytes of one connection, in both dialects (PROTOCOL 2.2). Some programs send one
/// message per send and nothing behind it; others end each message with a newline, and join or cut messages.
///
/// The framer sees no socket and no clock. Its session reports each read, the end of the stream, and that
/// <see cref="ReadTimeout"/> has passed without a byte. A timeout of zero asks only whether more is waiting.
/// Hot: a struct that copies and allocates nothing.
/// </summary>
public struct MessageFramer
{
    private bool _sawNewline;
    private bool _hasTimedOut;
    private bool _hasEnded;
    private int _readStart;     // where the latest read begins in the unread bytes; below 0 once its head is consumed
    private int _readBytes;

    /// <summary>After <see cref="TryNext"/> returned false: how long to wait for a byte before <see cref="OnTimeout"/>;
    /// infinite if only bytes can help.</summary>
    public TimeSpan ReadTimeout { get; private set; }

    /// <summary>After <see cref="TryNext"/> returned false: too many bytes hold no end of a message.</summary>
    public bool IsOverlong { get; private set; }

    /// <summary>After <see cref="TryNext"/> returned false: the unread bytes begin with text that no further byte can
    /// make a message.</summary>
    public bool IsNonsense { get; private set; }

    /// <summary>True once this connection has ended a message with a newline.</summary>
    public readonly bool UsesLines => _sawNewline;

    /// <summary>A wait for bytes is over: by bytes, by the end of the stream, or by its timeout.</summary>
    /// <param name="unread">Length of the unread bytes, those included that the wait has brought.</param>
    /// <param name="bytes">Bytes that the wait has brought; 0 without a timeout is the end of the stream.</param>
    public void OnReceived(int unread, int bytes, bool isTimedOut)
    {
        Debug.Assert(unread >= bytes && !(isTimedOut && bytes > 0), "a wait ends in one way");
        if (isTimedOut) OnTimeout();
        else if (bytes == 0) OnEnd();
        else OnRead(unread - bytes, bytes);
    }

    /// <summary>One read has put <paramref name="bytes"/> behind <paramref name="unreadBefore"/> bytes.</summary>
    public void OnRead(int unreadBefore, int bytes)
    {
        Debug.Assert(unreadBefore >= 0 && bytes > 0, "a read brings bytes");
        Debug.Assert(!_hasEnded, "no read follows the end of the stream");
        _readStart = unreadBefore;
        _readBytes = bytes;
        _hasTimedOut = false;
    }

    /// <summary><see cref="ReadTimeout"/> has passed, and no byte came.</summary>
    public void OnTimeout() => _hasTimedOut = true;

    /// <summary>The stream has ended: the unread bytes are as complete as they get.</summary>
    public void OnEnd() => _hasEnded = true;

    /// <summary>Takes the next line if that is a client's message and nothing else: what <see cref="TryNext"/> and
    /// <see cref="MessageReader"/> would find as well, in a fraction of their time.</summary>
    /// <param name="unread">As for <see cref="TryNext"/>.</param>
    /// <param name="kind">WHERE_CHUNK or LOCAL_CHUNKS.</param>
    /// <param name="port">That of LOCAL_CHUNKS; else 0.</param>
    /// <param name="consumed">As of <see cref="TryNext"/>.</param>
    /// <returns>False where <see cref="TryNext"/> has to look; the other values then mean nothing.</returns>
    public bool TryNextPlain(
        ReadOnlySpan<byte> unread, out MessageKind kind, out int chunkIndex, out int port, out int consumed)
    {
        Debug.Assert(_readStart + _readBytes == unread.Length, "each read is reported, and what is consumed dropped");
        if (!MessageReader.TryReadPlainLine(unread, out kind, out chunkIndex, out port, out consumed)) return false;
        _sawNewline = true;
        _readStart -= consumed;
        return true;
    }

    /// <summary>Takes the next complete text, which is a message if <see cref="MessageReader"/> says so.</summary>
    /// <param name="unread">All bytes that were read and not yet consumed.</param>
    /// <param name="text">The message without its newline; empty for an empty line.</param>
    /// <param name="consumed">Bytes of <paramref name="unread"/> that the owner must drop before the next call.</param>
    /// <param name="isLine">The text ended in a newline, and its answer is to end in one as well.</param>
    /// <returns>False when none is complete: see <see cref="ReadTimeout"/> and <see cref="IsOverlong"/>.</returns>
    public bool TryNext(ReadOnlySpan<byte> unread, out ReadOnlySpan<byte> text, out int consumed, out bool isLine)
    {
        Debug.Assert(_readStart + _readBytes == unread.Length, "each read is reported, and what is consumed dropped");
        bool isFound = TryFind(unread, out text, out consumed, out isLine);
        IsOverlong = (isFound ? text.Length : unread.Length) >= Limits.MessageBytesMax;
        Debug.Assert(consumed <= unread.Length, "a message lies within the unread bytes");
        Debug.Assert(isFound == consumed > 0, "a text that is not consumed would be found for ever");
        _readStart -= consumed;
        return isFound && !IsOverlong;
    }

    private bool TryFind(ReadOnlySpan<byte> unread, out ReadOnlySpan<byte> text, out int consumed, out bool isLine)
    {
        text = unread;
        consumed = 0;
        isLine = IsNonsense = false;
        ReadTimeout = Timeout.InfiniteTimeSpan;
        if (unread.IsEmpty) return false;

        int newline = unread.IndexOf((byte)'\n');
        if (newline >= 0) text = unread[..newline];

        Extent extent = MessageSyntax.Scan(text, out int length);
        if (extent == Extent.Followed)
        {
            text = text[..length];
            consumed = length;
            return true;
        }
        if (extent == Extent.NotAMessage && StartsAnewWithLastRead(unread))
        {
            text = unread[..(consumed = _readStart)];
            return true;
        }
        if (newline >= 0)
        {
            _sawNewline = isLine = true;
            consumed = newline + 1;
            return true;
        }

        IsNonsense = extent == Extent.NotAMessage;
        bool isAlone = _readStart == 0 && _readBytes <= Limits.LoneReadBytesMax;
        if (extent is Extent.Whole or Extent.WholeButOpen)
        {
            ReadTimeout = _sawNewline ? Limits.BareLineTimeout
                : isAlone && extent == Extent.Whole ? TimeSpan.Zero
                : Limits.CutMessageTimeout;
        }
        if (!_hasEnded && !(_hasTimedOut && ReadTimeout != Timeout.InfiniteTimeSpan)) return false;
        consumed = unread.Length;
        return true;
    }

    // The nonsense of an unframed sender has no end of its own; the sender's next send, which begins with a verb, shows
    // that end. Where lines are in use, a read may begin anywhere in one.
    private readonly bool StartsAnewWithLastRead(ReadOnlySpan<byte> unread) =>
        _readStart > 0 && !_sawNewline && Verbs.TryRead(MessageReader.Trim(unread[_readStart..]), out _, out _);
}
