using System;
using System.Diagnostics;

namespace P2P.Transport;

/// <summary>
/// The bytes that a connection has received and its session has not consumed. They lie in the loop's receive buffer,
/// which the connection borrows until its session gives the thread back, or in a pooled buffer of the connection's own:
/// an idle connection has none. A field of the connection. Hot: allocates nothing.
/// </summary>
/// <param name="loopBuffer">The loop's receive buffer.</param>
internal struct UnreadBytes(byte[] loopBuffer)
{
    private byte[] _bytes = loopBuffer;     // the loop's buffer, or a pooled one
    private int _start, _end;

    /// <summary>All of the bytes. Good until the next wait.</summary>
    public readonly ReadOnlySpan<byte> Span => _bytes.AsSpan(_start, _end - _start);

    /// <summary>Adds the bytes at the beginning of the loop's receive buffer.</summary>
    public void Add(int bytes, EventLoop loop, Connection owner)
    {
        Debug.Assert(bytes > 0 && bytes <= loop.ReceiveBuffer.Length, "a read fits the loop's buffer");
        if (_start == _end)
        {
            Debug.Assert(loop.Borrower is null, "the loop's buffer is borrowed by one connection at a time");
            (_bytes, _start, _end) = (loop.ReceiveBuffer, 0, bytes);
            loop.Borrower = owner;
            return;
        }
        if (_end + bytes > _bytes.Length)
        {
            Span.CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        Debug.Assert(_bytes != loop.ReceiveBuffer, "kept bytes lie in a buffer of the connection's own");
        Debug.Assert(_end + bytes <= _bytes.Length, "a session leaves room for one more read");
        loop.ReceiveBuffer.AsSpan(0, bytes).CopyTo(_bytes.AsSpan(_end));
        _end += bytes;
    }

    /// <summary>Drops the first bytes.</summary>
    public void Consume(int bytes, EventLoop loop, Connection owner)
    {
        Debug.Assert(bytes >= 0 && bytes <= _end - _start, "a session consumes what it has read");
        _start += bytes;
        if (_start == _end) Release(loop, owner);
    }

    /// <summary>Moves the bytes to a pooled buffer, before another connection uses the loop's.</summary>
    public void Keep(EventLoop loop, Connection owner)
    {
        Debug.Assert(loop.Borrower == owner && _bytes == loop.ReceiveBuffer, "they lie in the loop's buffer");
        loop.Borrower = null;
        byte[] kept = loop.Buffers.Rent();
        Debug.Assert(_end - _start <= kept.Length, "a session that reads more consumes all of it");
        Span.CopyTo(kept);
        (_bytes, _start, _end) = (kept, 0, _end - _start);
    }

    /// <summary>Drops all bytes, and gives their buffer back.</summary>
    public void Release(EventLoop loop, Connection owner)
    {
        if (loop.Borrower == owner) loop.Borrower = null;
        else if (_bytes != loop.ReceiveBuffer) loop.Buffers.Return(_bytes);
        (_bytes, _start, _end) = (loop.ReceiveBuffer, 0, 0);
    }
}
