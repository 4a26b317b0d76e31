using System;
using System.IO;
using System.Linq;
using System.Text;
using P2P.Cli;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client.Files;

/// <summary>chunks.crc: what is read is what was written, and a damaged file is never taken for a whole one.</summary>
public sealed class ChunkSumsTests : IDisposable
{
    private const string Good = "1,4194304,0011AaFf\n2,4194304,FFFFFFFF\n3,0,00000000\n3,CRC32C\n";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsSaved_IsRead()
    {
        var random = new Random(1);
        long[] sizes = Enumerable.Range(0, 50).Select(_ => random.NextInt64(1L << 44)).ToArray();
        uint[] sums = Enumerable.Range(0, 50).Select(_ => (uint)random.NextInt64(1L << 32)).ToArray();
        new ChunkSums(sizes, sums).Save(_folder.Path);

        ChunkSums read = FolderLists.LoadSums(_folder.Path)!;
        Assert.Equal(50, read.ChunkCount);
        Assert.Equal(sizes, Enumerable.Range(1, 50).Select(read.SizeOf));
        Assert.Equal(sums, Enumerable.Range(1, 50).Select(read.SumOf));
        Assert.Equal(sizes.Sum(), read.TotalBytes);
        Assert.Equal(["chunks.crc"], Directory.GetFiles(_folder.Path).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void AFileAsDocumented_IsRead()
    {
        Assert.True(ChunkSums.TryParse(Encoding.ASCII.GetBytes(Good), out ChunkSums? sums, out _));
        Assert.Equal((3, 4194304L, 0x0011AAFFu), (sums!.ChunkCount, sums.SizeOf(1), sums.SumOf(1)));
        Assert.True(ChunkSums.TryParse(Encoding.ASCII.GetBytes(Good.Replace("\n", "\r\n").TrimEnd()), out _, out _));
    }

    [Fact]
    public void AFileCutOffAnywhere_IsNoticed()
    {
        for (int length = 0; length < Good.Length - 1; length++)     // its last newline may go
            Assert.False(ChunkSums.TryParse(Encoding.ASCII.GetBytes(Good[..length]), out _, out _), Good[..length]);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("0,CRC32C\n", 1)]
    [InlineData("1,5,00000000\n2,CRC32C\n", 2)]
    [InlineData("2,5,00000000\n1,CRC32C\n", 1)]
    [InlineData("1,5,00000000\n1,5,00000000\n2,CRC32C\n", 2)]
    [InlineData("1,5,0000000G\n1,CRC32C\n", 1)]
    [InlineData("1,5,100000000\n1,CRC32C\n", 1)]
    [InlineData("1,-5,00000000\n1,CRC32C\n", 1)]
    [InlineData("1,5a,00000000\n1,CRC32C\n", 1)]
    [InlineData("1,5\n1,CRC32C\n", 1)]
    [InlineData("1,5,00000000,1\n1,CRC32C\n", 1)]
    [InlineData("1,9999999999999999,00000000\n1,CRC32C\n", 1)]
    [InlineData("1,5,00000000\n1,MD5\n", 2)]
    public void AnythingElse_IsRefusedWithItsLine(string text, int line)
    {
        Assert.False(ChunkSums.TryParse(Encoding.ASCII.GetBytes(text), out _, out int badLine));
        Assert.Equal(line, badLine);
        File.WriteAllText(_folder["chunks.crc"], text);
        ProgramException refusal = Assert.Throws<ProgramException>(() => FolderLists.LoadSums(_folder.Path));
        Assert.Equal(ExitCode.Usage, refusal.ExitCode);
        Assert.Contains($"chunks.crc, line {line}:", refusal.Message);
    }

    [Fact]
    public void SomethingBehindTheLastLine_IsRefused() =>
        Assert.False(ChunkSums.TryParse(Encoding.ASCII.GetBytes(Good + "4,5,00000000\n"), out _, out _));

    [Fact]
    public void AFolderWithoutOne_OrNoFolder_HasNone()
    {
        Assert.Null(FolderLists.LoadSums(_folder.Path));
        Assert.Null(FolderLists.LoadSums(_folder["nowhere"]));
    }

    [Fact]
    public void AHeldChunkOfAnotherSize_IsFetchedAnewUnderItsName()
    {
        File.WriteAllText(_folder["a"], "12345");
        File.WriteAllText(_folder["b"], "1234");
        File.WriteAllText(_folder["local_chunks.txt"], "1,a\n2,b\n3,LASTCHUNK\n");
        LocalChunksFile list = FolderLists.Load(_folder.Path, _ => { });
        string warning = "";
        FolderLists.Compare(new ChunkSums([5, 5, 5], [0, 0, 0]), list, _folder.Path, each => warning += each);
        Assert.Equal([1], list.Held.Keys);
        Assert.Equal("b", list.Wanted[2]);
        Assert.Equal("b has 4 bytes, 5 are right: chunk 2 is not served, and fetched anew", warning);
    }

    [Theory]
    [InlineData("12345", nameof(DownloadEnd.Whole), nameof(DownloadEnd.Whole))]
    [InlineData("12345", nameof(DownloadEnd.Doubtful), nameof(DownloadEnd.Whole))]
    [InlineData("12345", nameof(DownloadEnd.Failed), nameof(DownloadEnd.Failed))]
    [InlineData("12344", nameof(DownloadEnd.Whole), nameof(DownloadEnd.Wrong))]
    [InlineData("1234", nameof(DownloadEnd.Whole), nameof(DownloadEnd.Wrong))]
    [InlineData("1234", nameof(DownloadEnd.Doubtful), nameof(DownloadEnd.Silent))]
    [InlineData("", nameof(DownloadEnd.Doubtful), nameof(DownloadEnd.Silent))]
    public void AnArrivingChunk_IsJudgedByItsSizeAndSum(string bytes, string end, string judgement)
    {
        var check = new ChunkCheck(5, Crc32C.Finish(Crc32C.Add(Crc32C.Start, "12345"u8)));
        foreach (char each in bytes) Assert.True(check.TryAdd([(byte)each]));
        Assert.Equal(judgement, check.Classify(Enum.Parse<DownloadEnd>(end)).ToString());
        if (bytes.Length == 5) Assert.False(check.TryAdd("6"u8));
    }
}
