using System;
using System.IO;
using System.Text;
using P2P.Cli;
using P2P.Client;
using P2P.Posix;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client.Files;

public sealed class TargetSetTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ChunkSums _sums = new([3, 2], [SumOf("abc"u8), SumOf("de"u8)]);

    [Fact]
    public void SecondAttempts_DoNotTouchThePlace_UntilTheyAreRight()
    {
        using var target = new TargetSet("copy", _folder["copy"], _sums);
        PartialChunk first = target.Store.CreatePartial(1), second = target.Store.CreatePartial(1, isSecond: true);
        Assert.True(first.TryWrite("xyz"u8));
        Assert.True(second.TryWrite("abc"u8));
        Assert.Equal("xyz\0\0", ReadPart());
        Assert.True(target.Store.TryCommit(1, second), second.Error);
        first.Dispose();
        Assert.Equal("abc\0\0", ReadPart());
        PartialChunk last = target.Store.CreatePartial(2);
        Assert.True(last.TryWrite("de"u8));
        Assert.True(target.Store.TryCommit(2, last), last.Error);
        Assert.True(target.TryFinish());
        Assert.Equal("abcde", File.ReadAllText(_folder["copy"]));
        Assert.Equal([_folder["copy"]], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void WhatAnotherWrites_IsNotTouched()
    {
        using var target = new TargetSet("copy", _folder["copy"], _sums);
        var other = new ChunkSums([1], [0]);
        Assert.Throws<ProgramException>(() => new TargetSet("copy", _folder["copy"], other));
        Assert.Equal(5, new FileInfo(_folder[".copy.part"]).Length);
    }

    // The file is locked, and .NET's own reading would ask for the lock.
    private string ReadPart()
    {
        using NativeFile file = NativeFile.TryOpen(_folder[".copy.part"], out _)!;
        byte[] bytes = new byte[100];
        return Encoding.ASCII.GetString(bytes, 0, file.Read(bytes, 0));
    }

    public void Dispose() => _folder.Dispose();

    private static uint SumOf(ReadOnlySpan<byte> bytes) => Crc32C.Finish(Crc32C.Add(Crc32C.Start, bytes));
}
