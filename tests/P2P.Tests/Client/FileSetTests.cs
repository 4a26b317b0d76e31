using System;
using System.IO;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>What a client knows of the sums of its chunks.</summary>
public sealed class FileSetTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheSumWithWhichAChunkCame_IsKnown_UntilTheChunkIsLost()
    {
        File.WriteAllText(_folder["chunk_1"], "12345");
        File.WriteAllText(_folder["local_chunks.txt"], "1,chunk_1\n2,LASTCHUNK\n");
        var store = new FolderStore(_folder.Path, FolderLists.Load(_folder.Path, Assert.Fail));
        var files = new FileSet(store, new ChunkPicker(2, [1], new Random(1)), sums: null);
        Assert.False(files.TryGetSum(1, 5, out _));
        files.OnSummed(1, 0x12345678);
        Assert.True(files.TryGetSum(1, 5, out uint sum));
        Assert.Equal(0x12345678u, sum);
        Assert.False(files.TryGetSum(2, 5, out _));
        files.OnLost(1);
        Assert.False(files.TryGetSum(1, 5, out _));
    }
}
