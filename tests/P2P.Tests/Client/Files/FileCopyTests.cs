using System;
using System.IO;
using Microsoft.Win32.SafeHandles;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client.Files;

/// <summary>Copying parts of files: every byte, no hole filled, no silence about a file that is too short.</summary>
public sealed class FileCopyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 1_000_000, 0)]
    [InlineData(123, 600_000, 4567)]
    [InlineData(999_999, 1, 0)]
    [InlineData(5, 0, 5)]
    public void APart_ArrivesWhereItBelongs(int offset, int bytes, int targetOffset)
    {
        byte[] content = new byte[1_000_000];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(_folder["a"], content);
        Copy(offset, targetOffset, bytes, targetOffset + bytes);
        byte[] copied = File.ReadAllBytes(_folder["b"]);
        Assert.Equal(content.AsSpan(offset, bytes), copied.AsSpan(targetOffset));
        Assert.Equal(new byte[targetOffset], copied.AsSpan(0, targetOffset));
    }

    [Fact]
    public void Holes_StayHoles()
    {
        using (SafeFileHandle sparse = File.OpenHandle(_folder["a"], FileMode.Create, FileAccess.Write))
        {
            RandomAccess.SetLength(sparse, 300 << 20);
            RandomAccess.Write(sparse, "middle"u8, 100 << 20);
        }
        Copy(50 << 20, 0, 250 << 20, 250 << 20);
        using SafeFileHandle copy = File.OpenHandle(_folder["b"]);
        byte[] text = new byte[6];
        RandomAccess.Read(copy, text, 50 << 20);
        Assert.Equal("middle"u8, text);
        Assert.Equal(250 << 20, RandomAccess.GetLength(copy));
        using var blocks = new NativeProcess("stat", _folder.Path, "-c", "%b", "b");
        Assert.Equal(0, blocks.WaitForExit());
        Assert.InRange(long.Parse(blocks.Output.All[0]) * 512, 1, 1 << 20);
    }

    [Fact]
    public void TheEndOfAFilesData_IsLookedForOnce_AndSmallPartsAreCopiedRightly()
    {
        byte[] content = new byte[4 << 20];
        new Random(3).NextBytes(content.AsSpan(1 << 20, 1 << 20));
        new Random(4).NextBytes(content.AsSpan(3 << 20, 12_345));
        using SafeFileHandle source = File.OpenHandle(_folder["a"], FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.SetLength(source, content.Length);
        RandomAccess.Write(source, content.AsSpan(1 << 20, 1 << 20), 1 << 20);
        RandomAccess.Write(source, content.AsSpan(3 << 20, 12_345), 3 << 20);
        using SafeFileHandle target = File.OpenHandle(_folder["b"], FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.SetLength(target, content.Length);
        var known = new DataRange();
        for (int at = 0; at < content.Length; at += 10_007)
            FileCopy.Copy(source, at, target, at, Math.Min(10_007, content.Length - at), ref known);
        Assert.Equal(content, File.ReadAllBytes(_folder["b"]));

        known = default;
        Assert.True(known.TryFind(source, 5000, out long data, out long hole));
        RandomAccess.SetLength(source, 0);
        Assert.True(known.TryFind(source, (1 << 20) + 5, out long again, out long sameHole));
        Assert.Equal(((1 << 20) + 5, hole), (again, sameHole));
        Assert.InRange(data, 5000, 1 << 20);
        Assert.False(known.TryFind(source, hole, out _, out _));
    }

    [Fact]
    public void AFileThatIsTooShort_IsAnError()
    {
        File.WriteAllBytes(_folder["a"], new byte[1000]);
        Assert.Throws<IOException>(() => Copy(0, 0, 1001, 1001));
    }

    private void Copy(long offset, long targetOffset, long bytes, long length)
    {
        using SafeFileHandle source = File.OpenHandle(_folder["a"]);
        using SafeFileHandle target = File.OpenHandle(_folder["b"], FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.SetLength(target, length);
        var known = new DataRange();
        FileCopy.Copy(source, offset, target, targetOffset, bytes, ref known);
    }
}
