using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Writes the chunks, one behind the other, to stdout: never more than stdout takes at once, so that an event loop can
/// serve peers while the program behind the pipe is slow. Each piece is checked before the last byte of its chunk
/// leaves; a chunk that is wrong cuts the stream off.
/// </summary>
internal sealed class StreamOut(ChunkStore store, ChunkSums? sums) : IJoiner
{
    private const int PieceBytes = 64 * 1024, PipePieceBytes = 4096;        // what a pipe with any room takes
    private const int PipeBytes = 1 << 20;      // as much as any user's pipe may hold, so that waits are few
    private readonly byte[] _piece = new byte[PieceBytes];
    private readonly bool _isPipe = PreparePipe();
    private NativeFile? _chunk;
    private uint _state;
    private long _offset;               // in the chunk, of the bytes behind the piece
    private int _start, _end;           // of the piece's bytes that are not written

    public long Bytes { get; private set; }

    public int ChunkIndex { get; private set; }

    /// <summary>Writes what stdout takes, some megabytes at most.</summary>
    /// <param name="mayWait">Waits until it takes something.</param>
    /// <param name="isFull">It takes nothing now.</param>
    /// <exception cref="IOException">Stdout is closed, or its disk refuses.</exception>
    public JoinEnd Step(bool mayWait, out bool isFull)
    {
        isFull = false;
        for (int i = 0; i < 256; i++)
        {
            if (_start == _end && !TryFill())
                return ChunkIndex > store.ChunkCount ? JoinEnd.Joined : JoinEnd.BadChunk;
            if (_start == _end) continue;       // an empty chunk
            isFull = !HasRoom(mayWait);
            if (isFull) return JoinEnd.None;
            Write(Math.Min(_end - _start, _isPipe ? PipePieceBytes : PieceBytes));
        }
        return JoinEnd.None;
    }

    /// <summary>Writes the next megabyte, and waits until stdout takes it.</summary>
    /// <inheritdoc/>
    public JoinEnd Step() => Step(mayWait: true, out _);

    /// <summary>Closes the chunk at hand.</summary>
    public void Dispose() => _chunk?.Dispose();

    // False at the end of the last chunk, and if the chunk is wrong.
    private bool TryFill()
    {
        if (_chunk is null && !TryOpenNext()) return false;
        long left = store.SizeOf(ChunkIndex) - _offset;
        (_start, _end) = (0, 0);
        if (left > 0) _end = _chunk!.Read(_piece.AsSpan(0, (int)Math.Min(left, _piece.Length)), _offset);
        if (left > 0 && _end == 0) return false;
        _state = Crc32C.Add(_state, _piece.AsSpan(0, _end));
        _offset += _end;
        if (_end < left) return true;
        _chunk!.Dispose();
        _chunk = null;
        return sums is null || Crc32C.Finish(_state) == sums.SumOf(ChunkIndex);
    }

    private bool TryOpenNext()
    {
        if (ChunkIndex++ >= store.ChunkCount) return false;
        (_offset, _state) = (0, Crc32C.Start);
        _chunk = store.TryOpen(ChunkIndex, out bool isGone);
        if (_chunk is null && !isGone) throw new IOException($"can't open {store.NameOf(ChunkIndex)} now");
        return _chunk is not null;
    }

    private static bool PreparePipe()
    {
        bool isPipe = !NativeFile.IsRegular(LibC.StandardOutput);
        if (isPipe) LibC.fcntl(LibC.StandardOutput, LibC.F_SETPIPE_SZ, PipeBytes);
        return isPipe;
    }

    private unsafe bool HasRoom(bool mayWait)
    {
        if (!_isPipe) return true;
        var poll = new LibC.PollFile { Descriptor = LibC.StandardOutput, Events = LibC.POLLOUT };
        return LibC.poll(&poll, 1, mayWait ? -1 : 0) > 0;
    }

    private unsafe void Write(int bytes)
    {
        Debug.Assert(bytes > 0 && bytes <= _end - _start, "there are so many bytes");
        fixed (byte* start = &_piece[_start])
        {
            nint written = LibC.write(LibC.StandardOutput, start, bytes);
            int error = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error is not (0 or LibC.EINTR or LibC.EAGAIN)) throw new IOException(LibC.ErrorText(error));
            _start += Math.Max((int)written, 0);
            Bytes += Math.Max((int)written, 0);
        }
    }
}
