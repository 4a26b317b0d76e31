using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Win32.SafeHandles;
using P2P.Client;
using P2P.Posix;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>PROTOCOL 4.3, where chunks are stored, and all of PROTOCOL 4.</summary>
public sealed class FolderStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("5,LASTCHUNK", 3, "chunk_3")]
    [InlineData("3,my file\n5,LASTCHUNK", 3, "my file")]                  // the list's name, though the file is gone
    [InlineData("3,chunk_4\n5,LASTCHUNK", 3, "chunk_4")]
    [InlineData("5,chunk_3\n5,LASTCHUNK", 3, "chunk_3_")]                 // its name is another chunk's
    [InlineData("4,chunk_3\n5,chunk_3_\n5,LASTCHUNK", 3, "chunk_3__")]
    [InlineData("4,same\n3,same\n5,LASTCHUNK", 3, "chunk_3")]             // its file would be another chunk's
    public void AChunkThatArrives_HasTheListsName_OrItsOwn_AndNeverAnotherChunks(
        string list, int chunkIndex, string name)
    {
        FolderStore store = Open(list);
        AssertStored(store, chunkIndex, name);
    }

    [Fact]
    public void AChunkThatArrives_TakesNoNameOfAChunkThatIsHeld()
    {
        File.WriteAllText(_folder["chunk_3"], "five");
        FolderStore store = Open("5,chunk_3\n5,LASTCHUNK");
        AssertStored(store, 3, "chunk_3_");
        Assert.Equal("five", ReadChunk(store, 5));

        store.SaveList(chunkIndex => chunkIndex is 3 or 5);
        LocalChunksFile again = FolderLists.Load(_folder.Path, Assert.Fail);
        Assert.Equal(["chunk_3_", "chunk_3"], again.Held.Values);
        Assert.Equal("three", ReadChunk(new FolderStore(_folder.Path, again), 3));
    }

    [Fact]
    public void AChunkThatArrives_ReplacesAFileThatNobodyListed()
    {
        File.WriteAllText(_folder["chunk_3"], "something else, and longer");
        FolderStore store = Open("5,LASTCHUNK");
        AssertStored(store, 3, "chunk_3");
    }

    [Fact]
    public void EveryChunk_HasANameOfItsOwn()
    {
        FolderStore store = Open("1,chunk_2\n2,chunk_3\n3,chunk_1\n6,chunk_5\n7,chunk_4\n4,chunk_4_\n9,LASTCHUNK");
        for (int chunkIndex = 1; chunkIndex <= 9; chunkIndex++) Store(store, chunkIndex, $"content {chunkIndex}");
        for (int chunkIndex = 1; chunkIndex <= 9; chunkIndex++)
            Assert.Equal($"content {chunkIndex}", ReadChunk(store, chunkIndex));

        store.SaveList(_ => true);
        var again = new FolderStore(_folder.Path, FolderLists.Load(_folder.Path, Assert.Fail));
        for (int chunkIndex = 1; chunkIndex <= 9; chunkIndex++)
            Assert.Equal($"content {chunkIndex}", ReadChunk(again, chunkIndex));
    }

    [Fact]
    public void SaveList_ListsWhatIsHeld_InAscendingOrder()
    {
        File.WriteAllText(_folder["b"], "b");
        FolderStore store = Open("4,b\n9,gone\n12,LASTCHUNK");
        store.SaveList(chunkIndex => chunkIndex is 11 or 4 or 9);
        Assert.Equal("4,b\n9,gone\n11,chunk_11\n12,LASTCHUNK\n", File.ReadAllText(_folder[LocalChunksFile.FileName]));
    }

    [Fact]
    public void Clean_RemovesTemporaryFilesOfAnyProcess_AndNothingElse()
    {
        string[] temporary = [".chunk_3.1.part", ".chunk_3.99999.doubt.part", FolderStore.TemporaryName("chunk_7")];
        string[] others = ["chunk_3", "chunk_3.part", ".chunk_3", ".part.chunk", "a.part", ".held.part",
            LocalChunksFile.FileName];
        foreach (string name in temporary.Concat(others)) File.WriteAllText(_folder[name], "x");
        FolderStore store = Open("1,.held.part\n5,LASTCHUNK");

        store.Clean();
        Assert.Equal(others.Order(StringComparer.Ordinal), FilesThere());
        store.Clean();
        Assert.Equal(others.Order(StringComparer.Ordinal), FilesThere());
    }

    [Theory]
    [InlineData(".copy.1.part", true)]
    [InlineData(".copy.1234567.part", true)]
    [InlineData(".copy.part", false)]
    [InlineData(".copy..part", false)]
    [InlineData(".copy.1x.part", false)]
    [InlineData(".copy.1.2.part", false)]
    [InlineData("copy.1.part", false)]
    [InlineData(".copy2.1.part", false)]
    [InlineData(".copy.1.parts", false)]
    [InlineData(".c", false)]
    public void ATemporaryName_IsToldFromOthers(string name, bool isTemporary) =>
        Assert.Equal(isTemporary, FolderStore.IsTemporaryOf(name, "copy"));

    [Fact]
    public void ATemporaryName_IsOne() =>
        Assert.True(FolderStore.IsTemporaryOf(FolderStore.TemporaryName("a.b"), "a.b"));

    [Fact]
    public void Clean_LeavesAFolderAlone_WhateverItIsCalled()
    {
        _folder.MakeFolder(".backup.part");
        Open("5,LASTCHUNK").Clean();
        Assert.True(Directory.Exists(_folder[".backup.part"]));
    }

    [Fact]
    public void Clean_OfAFolderThatHasGone_SaysSo()
    {
        FolderStore store = Open("5,LASTCHUNK");
        Directory.Delete(_folder.Path, recursive: true);
        Assert.ThrowsAny<IOException>(store.Clean);
    }

    [Fact]
    public void TryOpen_OfAChunkWhoseFileHasGone_IsNull()
    {
        File.WriteAllText(_folder["a"], "12345");
        FolderStore store = Open("1,a\n5,LASTCHUNK");
        using (NativeFile? file = store.TryOpen(1, out bool isGone))
        {
            Assert.True(file!.TryGetStatus(out long bytes, out _));
            Assert.Equal(5, bytes);
            Assert.False(isGone);
        }
        File.Delete(_folder["a"]);
        Assert.Null(store.TryOpen(1, out bool hasGone));
        Assert.True(hasGone);
        Assert.Null(store.TryOpen(2, out _));
    }

    // What it holds now may be anything.
    [Theory]
    [InlineData("1234")]
    [InlineData("123456")]
    [InlineData("")]
    public void TryOpen_OfAChunkWhoseSizeHasChanged_IsNull(string content)
    {
        File.WriteAllText(_folder["a"], "12345");
        FolderStore store = Open("1,a\n5,LASTCHUNK");
        File.WriteAllText(_folder["a"], content);
        Assert.Null(store.TryOpen(1, out bool isGone));
        Assert.True(isGone);
        Store(store, 1, "fetched anew");
        Assert.Equal("fetched anew", ReadChunk(store, 1));
    }

    [Fact]
    public void AttemptsAtOneChunkThatRunAtTheSameTime_HaveFilesOfTheirOwn()
    {
        FolderStore store = Open("5,LASTCHUNK");
        using PartialChunk first = store.CreatePartial(3), second = store.CreatePartial(3, isSecond: true);
        Assert.True(first.TryWrite("1"u8) && second.TryWrite("second"u8));
        first.Dispose();

        // The second is slow, too, and one attempt is running.
        using PartialChunk third = store.CreatePartial(3, isSecond: true);
        Assert.True(third.TryWrite("3"u8));
        Assert.True(second.TryCommit());
        store.OnStored(3, second.Bytes);
        Assert.Equal("second", ReadChunk(store, 3));
    }

    // Else a client that is killed would fetch again what has its name.
    [Fact]
    public void AChunkThatTheJournalCannotTake_GetsNoName()
    {
        FolderStore store = Open("5,LASTCHUNK");
        Directory.CreateDirectory(_folder[ArrivalJournal.FileName]);
        using PartialChunk copy = store.CreatePartial(3);
        Assert.True(copy.TryWrite("three"u8));
        Assert.False(store.TryCommit(3, copy));
        Assert.Equal("Is a directory", copy.Error);
        Assert.False(File.Exists(_folder["chunk_3"]));

        Directory.Delete(_folder[ArrivalJournal.FileName]);
        Assert.True(store.TryCommit(3, copy));
        Assert.Equal("three", File.ReadAllText(_folder["chunk_3"]));
    }

    // The list lacks nothing, so that nobody would remove it later.
    [Fact]
    public void AJournalThatAFullDiskDoesNotLetBegin_IsNotLeft()
    {
        FolderStore store = Open("5,LASTCHUNK");
        File.CreateSymbolicLink(_folder[ArrivalJournal.FileName], "/dev/full");
        using PartialChunk copy = store.CreatePartial(3);
        Assert.True(copy.TryWrite("three"u8));
        Assert.False(store.TryCommit(3, copy));
        Assert.Equal("No space left on device", copy.Error);
        Assert.Null(new FileInfo(_folder[ArrivalJournal.FileName]).LinkTarget);
    }

    [Fact]
    public void AFileThatIsBeingServed_MayBeReplaced()
    {
        File.WriteAllText(_folder["chunk_1"], "old");
        FolderStore store = Open("1,chunk_1\n5,LASTCHUNK");
        using NativeFile? file = store.TryOpen(1, out _);
        Store(store, 1, "new");
        Assert.Equal("old", Read(file!));
        Assert.Equal("new", ReadChunk(store, 1));
    }

    private FolderStore Open(string list)
    {
        File.WriteAllText(_folder[LocalChunksFile.FileName], list);
        return new FolderStore(_folder.Path, FolderLists.Load(_folder.Path, _ => { }));
    }

    private void AssertStored(FolderStore store, int chunkIndex, string name)
    {
        Store(store, chunkIndex, "three");
        Assert.Equal("three", File.ReadAllText(_folder[name]));
        Assert.Equal("three", ReadChunk(store, chunkIndex));
    }

    private static void Store(FolderStore store, int chunkIndex, string content)
    {
        using PartialChunk partial = store.CreatePartial(chunkIndex);
        Assert.True(partial.TryWrite(System.Text.Encoding.UTF8.GetBytes(content)));
        Assert.True(partial.TryCommit(), partial.Error);
        store.OnStored(chunkIndex, partial.Bytes);
    }

    private static string ReadChunk(FolderStore store, int chunkIndex)
    {
        using NativeFile? file = store.TryOpen(chunkIndex, out _);
        Assert.NotNull(file);
        return Read(file);
    }

    private static string Read(NativeFile file)
    {
        Assert.True(file.TryGetStatus(out long size, out _));
        byte[] bytes = new byte[size];
        using var handle = new SafeFileHandle(file.Descriptor, ownsHandle: false);
        RandomAccess.Read(handle, bytes, 0);
        return System.Text.Encoding.UTF8.GetString(bytes);
    }

    private IEnumerable<string> FilesThere() =>
        Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
