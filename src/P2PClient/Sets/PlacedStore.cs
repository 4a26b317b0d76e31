using System;
using System.Diagnostics;
using System.IO;
using P2P.Posix;

namespace P2P.Client;

/// <summary>
/// Chunks that lie where they belong: in one file, or in the files of a folder (<see cref="SetFiles"/>). A seed serves
/// them out of the user's own files and writes nothing; a receiver writes them to their places under a temporary name,
/// and the file or folder gets its name when all are there.
/// </summary>
internal sealed class PlacedStore : ChunkStore
{
    private readonly ChunkSums _sums;
    private readonly long[]? _starts;       // in a single file: where each chunk begins, [0] is chunk 1
    private readonly long[]? _modified;     // ticks, of each file of a seed: when it was first opened
    private string _root;
    private int _secondAttempts;

    /// <summary>Takes files that are there with their full size.</summary>
    /// <param name="root">Full path of the file or folder.</param>
    /// <param name="isReadOnly">The user's own files.</param>
    public PlacedStore(string root, ChunkSums sums, bool isReadOnly)
        : base(sums.ChunkCount)
    {
        (_root, _sums) = (root, sums);
        if (isReadOnly) _modified = new long[sums.Files?.All.Count ?? 1];
        if (sums.Files is not null) return;
        _starts = new long[sums.ChunkCount];
        for (int i = 1; i < _starts.Length; i++) _starts[i] = _starts[i - 1] + sums.SizeOf(i);
    }

    public override bool IsReadOnly => _modified is not null;

    /// <summary>The files have another name from now on.</summary>
    /// <param name="root">Full path.</param>
    public void OnRenamed(string root) => _root = root;

    public override long SizeOf(int chunkIndex) => _sums.SizeOf(chunkIndex);

    public override string NameOf(int chunkIndex) => PathOf(chunkIndex);

    public override NativeFile? TryOpen(int chunkIndex, out bool isGone)
    {
        var file = NativeFile.TryOpenPart(PathOf(chunkIndex), StartOf(chunkIndex), !IsReadOnly, out int error);
        isGone = MeansGone(error);
        if (file is null) return null;
        bool isRight = file.TryGetStatus(out long bytes, out _) && bytes == FileBytesOf(chunkIndex);
        if (isRight && (_modified is null || IsAsBefore(chunkIndex, file.Seen.Modified.Ticks))) return file;
        file.Dispose();
        isGone = true;
        return null;
    }

    public override PartialChunk CreatePartial(int chunkIndex, bool isSecond = false)
    {
        Debug.Assert(!IsReadOnly, "nothing is written to the user's own files");
        string path = PathOf(chunkIndex);
        if (!isSecond) return new PartialChunk(path, path, StartOf(chunkIndex));
        bool isUnnamed = _root.StartsWith("/proc/", StringComparison.Ordinal);
        string folder = isUnnamed ? Environment.CurrentDirectory : Path.GetDirectoryName(_root)!;
        string name = $"{Path.GetFileName(_root)}.{chunkIndex}.{++_secondAttempts}";
        return new PartialChunk(Path.Combine(folder, FolderStore.TemporaryName(name)), path) { IsForPlace = true };
    }

    public override bool TryCommit(int chunkIndex, PartialChunk copy) =>
        copy.IsInPlace ? copy.TryCommit() : copy.TryCopyTo(PathOf(chunkIndex), StartOf(chunkIndex));

    // A seed's file is served as long as it is what it was when it was first opened, before its sums were read.
    private bool IsAsBefore(int chunkIndex, long modified)
    {
        ref long before = ref _modified![_sums.Files?.Places[chunkIndex - 1].File ?? 0];
        if (before == 0) before = modified;
        return before == modified;
    }

    private long StartOf(int chunkIndex) =>
        _starts is not null ? _starts[chunkIndex - 1] : _sums.Files!.Places[chunkIndex - 1].Start;

    private long FileBytesOf(int chunkIndex) => _sums.Files is { } files
        ? files.All[files.Places[chunkIndex - 1].File].Bytes
        : _sums.TotalBytes;

    private string PathOf(int chunkIndex)
    {
        if (_sums.Files is not { } files) return _root;
        return Path.Combine(_root, files.All[files.Places[chunkIndex - 1].File].Path);
    }
}
