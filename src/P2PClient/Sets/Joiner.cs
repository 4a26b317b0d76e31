using System;
using System.Diagnostics;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace P2P.Client;

/// <summary>How joining the chunks came out.</summary>
internal enum JoinEnd
{
    /// <summary>The next step goes on.</summary>
    None,

    /// <summary>The file is there.</summary>
    Joined,

    /// <summary>The file was there, byte for byte.</summary>
    WasThere,

    /// <summary>A different file has the name; it was not touched.</summary>
    Different,

    /// <summary>A chunk's file has gone or has another size, or its sum is wrong.</summary>
    BadChunk,
}

/// <summary>Puts the chunks together, in steps.</summary>
internal interface IJoiner : IDisposable
{
    /// <summary>Bytes of the set so far.</summary>
    long Bytes { get; }

    /// <summary>The chunk at hand; after <see cref="JoinEnd.BadChunk"/> the bad one.</summary>
    int ChunkIndex { get; }

    /// <summary>Goes on for some milliseconds.</summary>
    /// <exception cref="IOException">The target can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The target can't be written.</exception>
    JoinEnd Step();
}

/// <summary>
/// Joins the chunks to one file: under a temporary name in the target's folder, checked against chunks.crc on the way,
/// and renamed when whole. Works in steps, so that an event loop can serve peers between them. A file that has the
/// target's name already is compared instead, and never overwritten.
/// </summary>
internal sealed class Joiner : IJoiner
{
    /// <summary>Bytes of one step: some milliseconds.</summary>
    private const int StepBytes = 4 << 20;

    private const int ReadBytes = 256 * 1024;
    private readonly FolderStore _store;
    private readonly ChunkSums? _sums;
    private readonly AtomicFile? _new;          // null if the target is compared
    private readonly byte[] _buffer = new byte[ReadBytes];
    private readonly byte[]? _otherBuffer;      // of the file to compare with
    private readonly SafeFileHandle _target;
    private SafeFileHandle? _chunk;
    private DataRange _known;                   // of the chunk
    private long _chunkBytes, _offset;          // in the chunk
    private uint _state;

    /// <summary>Opens the target.</summary>
    /// <param name="store">Every chunk of it is held.</param>
    /// <param name="sums">Null: the chunks are not checked.</param>
    /// <exception cref="IOException">The target can't be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The target can't be written.</exception>
    public Joiner(FolderStore store, ChunkSums? sums, string path)
    {
        (_store, _sums) = (store, sums);
        if (File.Exists(path))
        {
            _otherBuffer = new byte[ReadBytes];
            _target = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        else
        {
            _new = new AtomicFile(path, FileShare.None);
            _target = _new.Handle;
        }
    }

    public long Bytes { get; private set; }

    public int ChunkIndex { get; private set; }

    private bool IsComparing => _new is null;

    /// <summary>Begins to put chunks together: to one file, or to the folder that the set was made of.</summary>
    /// <param name="name">The target as the user named it.</param>
    /// <param name="path">Its full path.</param>
    public static IJoiner Open(FolderStore store, ChunkSums? sums, string name, string path) =>
        sums?.Files is null
            ? new Joiner(store, sums, path)
            : new TreeJoiner(store, sums, new TargetSet(name, path, sums));

    /// <summary>Joins or compares the next few megabytes.</summary>
    /// <inheritdoc/>
    public JoinEnd Step()
    {
        for (long left = StepBytes; left > 0;)
        {
            if (_chunk is null)
            {
                if (ChunkIndex == _store.ChunkCount) return Finish();
                if (!TryOpenNext()) return JoinEnd.BadChunk;
            }
            Debug.Assert(_offset <= _chunkBytes, "a step ends within its chunk");
            long bytes = Math.Min(left, _chunkBytes - _offset);
            if (!TryCheck(bytes)) return JoinEnd.BadChunk;
            if (IsComparing)
            {
                bool isSame = FileCopy.AreSame(_chunk!, _offset, _target, Bytes, bytes, (_buffer, _otherBuffer!));
                if (!isSame) return JoinEnd.Different;
            }
            else FileCopy.Copy(_chunk!, _offset, _target, Bytes, bytes, ref _known);
            _offset += bytes;
            Bytes += bytes;
            left -= Math.Max(bytes, ReadBytes / 16);        // many small chunks cost time as well
            if (_offset == _chunkBytes && !TryEndChunk()) return JoinEnd.BadChunk;
        }
        return JoinEnd.None;
    }

    /// <summary>Closes the target, and removes it if it is not whole.</summary>
    public void Dispose()
    {
        _chunk?.Dispose();
        _target.Dispose();
        _new?.Dispose();
    }

    private bool TryOpenNext()
    {
        ChunkIndex++;
        _chunk = _store.TryOpenRead(ChunkIndex, out _chunkBytes);
        if (_chunk is null && _chunkBytes < 0) throw new IOException($"can't open {_store.NameOf(ChunkIndex)} now");
        if (_chunk is null || (_sums is not null && _sums.SizeOf(ChunkIndex) != _chunkBytes)) return false;
        (_offset, _known) = (0, default);
        _state = Crc32C.Start;
        // A hole at the end of the chunk is not written, but counts.
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

    private JoinEnd Finish()
    {
        if (IsComparing) return RandomAccess.GetLength(_target) == Bytes ? JoinEnd.WasThere : JoinEnd.Different;
        // The file is still locked, so that no other process takes it for a leftover.
        _new!.Commit(overwrite: false);
        _target.Dispose();
        return JoinEnd.Joined;
    }
}
