using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace P2P.Client;

/// <summary>How joining the chunks came out.</summary>
internal enum JoinEnd
{
    /// <summary>It goes on with the next step.</summary>
    None,

    /// <summary>The file is there.</summary>
    Joined,

    /// <summary>The file was there, byte for byte.</summary>
    WasThere,

    /// <summary>Something else has the file's name; it was not touched.</summary>
    Different,

    /// <summary>A chunk's file has gone or has another size, or its sum is wrong.</summary>
    BadChunk,
}

/// <summary>
/// Puts the chunks together to one file: under a temporary name in the target's folder, checked against chunks.crc on
/// the way, and renamed when whole. Goes in steps, so that an event loop can do other things between. A file that has
/// the target's name already is compared instead, and never overwritten.
/// </summary>
internal sealed class Joiner : IDisposable
{
    /// <summary>Bytes of one step: some milliseconds.</summary>
    private const int StepBytes = 4 << 20;

    private const int ReadBytes = 256 * 1024;
    private readonly ChunkStore _store;
    private readonly ChunkSums? _sums;
    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly byte[] _buffer = new byte[ReadBytes];
    private readonly byte[]? _otherBuffer;      // of the file to compare with
    private readonly SafeFileHandle _target;
    private SafeFileHandle? _chunk;
    private long _chunkBytes, _offset;          // in the chunk
    private uint _state;
    private bool _isDone;

    /// <summary>Opens the target.</summary>
    /// <param name="store">Every chunk of it is held.</param>
    /// <param name="sums">Null: nothing is known of the chunks but their sizes.</param>
    /// <exception cref="IOException">The target can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The target can't be written.</exception>
    public Joiner(ChunkStore store, ChunkSums? sums, string path)
    {
        (_store, _sums, _path) = (store, sums, path);
        _temporaryPath = OutputFile.TemporaryPath(path);
        if (File.Exists(path))
        {
            _otherBuffer = new byte[ReadBytes];
            _target = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        else _target = OutputFile.Create(_temporaryPath);
    }

    /// <summary>Bytes of the file so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>The chunk at hand; after <see cref="JoinEnd.BadChunk"/> the bad one.</summary>
    public int ChunkIndex { get; private set; }

    private bool IsComparing => _otherBuffer is not null;

    /// <summary>Does the next part of it.</summary>
    /// <exception cref="IOException">The target can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The target can't be written.</exception>
    public JoinEnd Step()
    {
        for (long left = StepBytes; left > 0;)
        {
            if (_chunk is null)
            {
                if (ChunkIndex == _store.ChunkCount) return Finish();
                if (!TryOpenNext()) return JoinEnd.BadChunk;
            }
            long bytes = Math.Min(left, _chunkBytes - _offset);
            if (!TryCheck(bytes)) return JoinEnd.BadChunk;
            if (IsComparing)
            {
                if (!IsSame(bytes)) return JoinEnd.Different;
            }
            else FileCopy.Copy(_chunk!, _offset, _target, Bytes, bytes);
            _offset += bytes;
            Bytes += bytes;
            left -= Math.Max(bytes, ReadBytes / 16);        // many small chunks cost time as well
            if (_offset == _chunkBytes && !TryEndChunk()) return JoinEnd.BadChunk;
        }
        return JoinEnd.None;
    }

    /// <summary>Leaves nothing behind but a whole file.</summary>
    public void Dispose()
    {
        _chunk?.Dispose();
        _target.Dispose();
        if (_isDone || IsComparing) return;
        _isDone = true;
        try
        {
            File.Delete(_temporaryPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder has gone.
        }
    }

    private bool TryOpenNext()
    {
        ChunkIndex++;
        _chunk = _store.TryOpenRead(ChunkIndex, out _chunkBytes);
        if (_chunk is null && _chunkBytes < 0) throw new IOException($"can't open {_store.NameOf(ChunkIndex)} now");
        if (_chunk is null || (_sums is not null && _sums.SizeOf(ChunkIndex) != _chunkBytes)) return false;
        _offset = 0;
        _state = Crc32C.Start;
        // Also where the chunk ends in a hole, which is not written.
        if (!IsComparing) FileCopy.SetLength(_target, Bytes + _chunkBytes);
        return true;
    }

    private bool TryCheck(long bytes) => _sums is null || Crc32C.TryAdd(ref _state, _chunk!, _offset, bytes, _buffer);

    private bool TryEndChunk()
    {
        _chunk!.Dispose();
        _chunk = null;
        return _sums is null || Crc32C.Finish(_state) == _sums.SumOf(ChunkIndex);
    }

    private bool IsSame(long bytes)
    {
        for (long done = 0; done < bytes;)
        {
            int most = (int)Math.Min(ReadBytes, bytes - done);
            int read = RandomAccess.Read(_chunk!, _buffer.AsSpan(0, most), _offset + done);
            if (read == 0) return false;
            if (RandomAccess.Read(_target, _otherBuffer.AsSpan(0, read), Bytes + done) != read) return false;
            if (!_buffer.AsSpan(0, read).SequenceEqual(_otherBuffer.AsSpan(0, read))) return false;
            done += read;
        }
        return true;
    }

    private JoinEnd Finish()
    {
        if (IsComparing) return RandomAccess.GetLength(_target) == Bytes ? JoinEnd.WasThere : JoinEnd.Different;
        // The file is still locked, so that no other process takes it for a leftover.
        File.Move(_temporaryPath, _path, overwrite: false);
        _isDone = true;
        _target.Dispose();
        return JoinEnd.Joined;
    }
}
