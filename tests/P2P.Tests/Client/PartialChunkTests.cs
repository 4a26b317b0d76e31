using System;
using System.IO;
using System.Linq;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>PROTOCOL 3.3, fetching: bytes go to a temporary name, and only a commit makes them a chunk.</summary>
public sealed class PartialChunkTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void BeforeItsFirstByte_NothingIsCreated()
    {
        using PartialChunk chunk = Make();
        Assert.Empty(FilesThere());
        chunk.Dispose();
        Assert.Empty(FilesThere());
    }

    [Fact]
    public void ItsBytes_AreInATemporaryFileUntilItIsCommitted()
    {
        using PartialChunk chunk = Make();
        Assert.True(chunk.TryWrite("abc"u8));
        Assert.True(chunk.TryWrite("de"u8));
        Assert.Equal(5, chunk.Bytes);
        Assert.Equal([".temporary.part"], FilesThere());

        Assert.True(chunk.TryCommit());
        Assert.Equal(["final"], FilesThere());
        Assert.Equal("abcde", File.ReadAllText(_folder["final"]));
        chunk.Dispose();
        Assert.Equal(["final"], FilesThere());
        Assert.Null(chunk.Error);
    }

    [Fact]
    public void Committing_ReplacesWhatIsThere()
    {
        File.WriteAllText(_folder["final"], "something that is longer");
        using PartialChunk chunk = Make();
        chunk.TryWrite("abc"u8);
        Assert.True(chunk.TryCommit());
        Assert.Equal("abc", File.ReadAllText(_folder["final"]));
    }

    [Fact]
    public void AChunkOfNoBytes_IsAnEmptyFile()
    {
        using PartialChunk chunk = Make();
        Assert.True(chunk.TryCommit());
        Assert.Equal(0, new FileInfo(_folder["final"]).Length);
    }

    [Fact]
    public void WhatAnEarlierAttemptLeft_IsOverwritten()
    {
        File.WriteAllText(_folder[".temporary.part"], "something that is longer");
        using PartialChunk chunk = Make();
        chunk.TryWrite("abc"u8);
        Assert.True(chunk.TryCommit());
        Assert.Equal("abc", File.ReadAllText(_folder["final"]));
    }

    [Fact]
    public void Disposed_ItLeavesNothing_AndTakesNothingMore()
    {
        PartialChunk chunk = Make();
        chunk.TryWrite("abc"u8);
        chunk.Dispose();
        Assert.Empty(FilesThere());
        Assert.False(chunk.TryWrite("de"u8));
        Assert.False(chunk.TryCommit());
        Assert.Empty(FilesThere());
        chunk.Dispose();
    }

    [Fact]
    public void PutAside_ItMakesRoomForAnotherCopy_AndGoesWhenDisposed()
    {
        using PartialChunk first = Make("same"), second = Make();
        Assert.True(first.TryPutAside());
        Assert.True(second.TryWrite("same"u8));
        Assert.Equal([".temporary.doubt.part", ".temporary.part"], FilesThere());
        Assert.True(second.IsSameAs(first));

        Assert.True(second.TryCommit());
        first.Dispose();
        Assert.Equal(["final"], FilesThere());
    }

    [Fact]
    public void PutAsideWithoutABytes_ItIsAnEmptyCopy()
    {
        using PartialChunk first = Make(), second = Make();
        Assert.True(first.TryPutAside());
        Assert.True(second.TryPutAside());
        Assert.True(first.IsSameAs(second));
    }

    [Theory]
    [InlineData(0, 0, -1, true)]
    [InlineData(1, 1, -1, true)]
    [InlineData(1, 2, -1, false)]
    [InlineData(200_000, 200_000, -1, true)]
    [InlineData(200_000, 200_000, 0, false)]
    [InlineData(200_000, 200_000, 65_535, false)]
    [InlineData(200_000, 200_000, 65_536, false)]
    [InlineData(200_000, 200_000, 199_999, false)]
    [InlineData(200_000, 199_999, -1, false)]
    [InlineData(65_536, 65_536, 65_535, false)]
    public void TwoCopies_AreComparedByteForByte(int firstBytes, int secondBytes, int differsAt, bool areSame)
    {
        byte[] content = new byte[Math.Max(firstBytes, secondBytes)];
        new Random(1).NextBytes(content);
        using PartialChunk first = Make(), second = Make();
        if (firstBytes > 0) first.TryWrite(content.AsSpan(0, firstBytes));
        first.TryPutAside();
        if (differsAt >= 0) content[differsAt] ^= 1;
        if (secondBytes > 0) second.TryWrite(content.AsSpan(0, secondBytes));
        // A copy without a byte has no file before it is put aside.
        if (secondBytes == 0) second.TryPutAside();
        Assert.Equal(areSame, first.IsSameAs(second));
    }

    [Fact]
    public void TwoCopiesWithoutABytes_AreTheSame_ThoughOneHasNoFile()
    {
        using PartialChunk first = Make(), second = Make();
        first.TryPutAside();
        Assert.True(second.IsSameAs(first));
    }

    [Fact]
    public void ADiskThatRefuses_IsAReason_AndNoException()
    {
        using PartialChunk nowhere = new(_folder["no/such/folder/x.part"], _folder["final"]);
        Assert.False(nowhere.TryWrite("abc"u8));
        Assert.NotNull(nowhere.Error);
        Assert.False(nowhere.TryCommit());
        Assert.False(nowhere.TryPutAside());

        _folder.MakeFolder("final");
        using PartialChunk blocked = Make("abc");
        Assert.False(blocked.TryCommit());
        Assert.NotNull(blocked.Error);
        blocked.Dispose();
        Assert.Empty(FilesThere());
    }

    [Fact]
    public void TheWholeChunkAtOnce_HasNoNameUntilItIsCommitted()
    {
        using PartialChunk chunk = Make();
        Assert.True(chunk.TryWriteWhole("abcde"u8));
        Assert.Equal(5, chunk.Bytes);
        Assert.Empty(FilesThere());

        Assert.True(chunk.TryCommit());
        Assert.Equal(["final"], FilesThere());
        Assert.Equal("abcde", File.ReadAllText(_folder["final"]));
        chunk.Dispose();
        Assert.Equal(["final"], FilesThere());
        Assert.Null(chunk.Error);
    }

    [Fact]
    public void TheWholeChunkAtOnce_ReplacesWhatIsThere_UnderBothNames()
    {
        File.WriteAllText(_folder["final"], "something that is longer");
        File.WriteAllText(_folder[".temporary.part"], "something that is longer");
        using PartialChunk chunk = Make();
        chunk.TryWriteWhole("abc"u8);
        Assert.True(chunk.TryCommit());
        Assert.Equal(["final"], FilesThere());
        Assert.Equal("abc", File.ReadAllText(_folder["final"]));
    }

    [Fact]
    public void TheWholeChunkAtOnce_IsGoneIfItIsNotCommitted()
    {
        PartialChunk chunk = Make();
        chunk.TryWriteWhole("abc"u8);
        chunk.Dispose();
        Assert.False(chunk.TryCommit());
        Assert.False(chunk.TryWriteWhole("abc"u8));
        Assert.Empty(FilesThere());
    }

    [Fact]
    public void TheWholeChunkAtOnce_ThatCannotBeNamed_IsAReason()
    {
        _folder.MakeFolder("final");
        using PartialChunk blocked = Make();
        Assert.True(blocked.TryWriteWhole("abc"u8));
        Assert.False(blocked.TryCommit());
        Assert.NotNull(blocked.Error);
        blocked.Dispose();
        Assert.Empty(FilesThere());

        using PartialChunk nowhere = new(_folder["no/such/folder/x.part"], _folder["no/such/folder/x"]);
        Assert.False(nowhere.TryWriteWhole("abc"u8));
        Assert.NotNull(nowhere.Error);
    }

    [Fact]
    public void AFullDisk_IsAReason()
    {
        // Through a link: it is removed in the end, and the device must not be.
        File.CreateSymbolicLink(_folder["full.part"], "/dev/full");
        using PartialChunk chunk = new(_folder["full.part"], _folder["final"]);
        Assert.False(chunk.TryWrite("abc"u8));
        Assert.NotNull(chunk.Error);
    }

    private PartialChunk Make(string content = "")
    {
        var chunk = new PartialChunk(_folder[".temporary.part"], _folder["final"]);
        if (content.Length > 0) Assert.True(chunk.TryWrite(System.Text.Encoding.UTF8.GetBytes(content)));
        return chunk;
    }

    private string[] FilesThere() =>
        [.. Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
