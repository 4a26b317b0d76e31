using System;
using System.IO;
using System.Linq;
using System.Text;
using P2P.Client;
using P2P.Tests.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Client.Files;

public sealed class SetFilesTests(ITestOutputHelper output) : IDisposable
{
    private const string Sums = "1,10,0\n2,5,0\n3,7,0\n3,CRC32C,FILES\n";
    private readonly TempFolder _folder = new();

    [Fact]
    public void AList_IsReadAndWritten_AndPlacesItsChunks()
    {
        string text = $"{Sums}D,493,0,0,,a b\nF,420,-5,100,20+15;50+7,a b/x%2Cy%0Az%25\nF,420,1,0,,zero\n"
            + "L,-7,a b/link,../zero\n4,FILES\n";
        Assert.True(ChunkSums.TryParse(Encoding.UTF8.GetBytes(text), out ChunkSums? sums, out _));
        Assert.Equal([(1, 20L), (1, 30L), (1, 50L)],
            sums!.Files!.Places.Select(place => (place.File, place.Start)));
        Assert.Equal("a b/x,y\nz%", sums.Files.All[1].Path);
        Assert.Equal(text.Replace(",0\n2", ",00000000\n2").Replace(",0\n3,7,0", ",00000000\n3,7,00000000"),
            Encoding.UTF8.GetString(sums.Text));
        Assert.True(ChunkSums.TryParse(sums.Text, out ChunkSums? again, out _));
        Assert.Equal(sums.Id, again!.Id);
    }

    [Theory]
    [InlineData("F,420,0,22,0+22,/etc/passwd")]
    [InlineData("F,420,0,22,0+22,../x")]
    [InlineData("F,420,0,22,0+22,a/../../x")]
    [InlineData("F,420,0,22,0+22,./x")]
    [InlineData("F,420,0,22,0+22,")]
    [InlineData("F,420,0,22,0+22,a/x")]             // a is not listed
    [InlineData("L,0,a,..\nF,420,0,22,0+22,a/x")]     // a is a link
    [InlineData("L,0,a,/etc\nF,420,0,22,0+22,x")]
    [InlineData("L,0,a,b/../../c\nF,420,0,22,0+22,x")]
    [InlineData("L,0,a,\nF,420,0,22,0+22,x")]
    [InlineData("L,0,a,b\0c\nF,420,0,22,0+22,x")]
    [InlineData("L,0,a\0b,c\nF,420,0,22,0+22,x")]
    [InlineData("F,420\0,0,22,0+22,x")]             // .NET reads that as a number
    [InlineData("F,420,0,22,0\0+22,x")]
    [InlineData("F,420,0,22,0+22,x\nF,420,0,0,,x")]
    [InlineData("F,420,0,21,0+22,x")]               // longer than the file
    [InlineData("F,420,0,22,0+21,x")]               // no chunk ends there
    [InlineData("F,420,0,40,0+15;10+7,x")]          // one part over the other
    [InlineData("F,420,0,99,0+22;50+7,x")]          // more than there are chunks
    [InlineData("F,420,0,15,0+15,x")]               // fewer
    [InlineData("F,4096,0,22,0+22,x")]
    [InlineData("F,420,9999999999999999999,22,0+22,x")]
    [InlineData("D,420,0,22,0+22,x")]
    [InlineData("X,420,0,22,0+22,x")]
    public void WhatLeavesTheFolder_OrDoesNotFit_IsRefused(string lines)
    {
        int count = lines.Split('\n').Length;
        byte[] text = Encoding.UTF8.GetBytes($"{Sums}{lines}\n{count},FILES\n");
        Assert.False(ChunkSums.TryParse(text, out _, out _));
        Assert.False(ChunkSums.TryParse(Encoding.UTF8.GetBytes($"{Sums}F,420,0,22,0+22,x\n2,FILES\n"), out _, out _));
        Assert.True(ChunkSums.TryParse(Encoding.UTF8.GetBytes($"{Sums}F,420,0,22,0+22,x\n1,FILES\n"), out _, out _));
    }

    // Each leads to a place in the folder when its parts are counted, and out of it when they are followed: up is the
    // folder itself, and its ".." the folder around it.
    [Theory]
    [InlineData("L,0,p/q/up,../..", "L,0,x,p/q/up/..")]
    [InlineData("L,0,x,p/q/up/../secret", "L,0,p/q/up,../..")]
    [InlineData("L,0,p/q/up,../..", "L,0,p/q/x,up/.././..")]
    public void ALinkThatGoesBackUp_BehindAnotherLink_IsRefused(string first, string second)
    {
        string[] lines = ["D,493,0,0,,p", "D,493,0,0,,p/q", first, second, "F,420,0,22,0+22,f"];
        Assert.False(TryRead(lines));
        foreach (string alone in new[] { first, second })
            Assert.True(TryRead([.. lines.Where(line => line[0] != 'L'), alone]), alone);
        // Down again behind a link, and up before one, are ways within the folder.
        Assert.True(TryRead([.. lines[..2], "L,0,p/q/up,../..", "L,0,x,p/q/up/f", "L,0,p/y,../x", lines[^1]]));

        Directory.CreateDirectory(_folder["p/q"]);
        foreach (string[] fields in new[] { first, second }.Select(line => line.Split(',')))
            File.CreateSymbolicLink(_folder[fields[2]], fields[3]);
        Assert.Contains("may lead out of the folder", Assert.Throws<P2P.Cli.ProgramException>(
            () => TreeScanner.Scan(_folder.Path, Assert.Fail)).Message);
    }

    [Theory]
    [InlineData("1,10,4BD32A89\r\n1,CRC32C\n")]
    [InlineData("1,10,4bd32a89\n1,CRC32C\n")]
    [InlineData("1,10,BD32A89\n1,CRC32C\n")]
    [InlineData("1,010,4BD32A89\n1,CRC32C\n")]
    [InlineData("1,10,4BD32A89,\n1,CRC32C\n")]
    [InlineData("1,10,4BD32A89\n1,CRC32C")]
    [InlineData("1,10,4BD32A89\n1,CRC32C\n\n")]
    [InlineData("1,10,4BD32A89\n1,CRC32C,FILES\nF,420,-0,10,0+10,x\n1,FILES\n")]
    [InlineData("1,10,4BD32A89\n1,CRC32C,FILES\nF,420,+1,10,0+10,x\n1,FILES\n")]
    [InlineData("1,10,4BD32A89\n1,CRC32C,FILES\nF,0420,1,10,0+10,x\n1,FILES\n")]
    [InlineData("1,10,4BD32A89\n1,CRC32C,FILES\nF,420,1,10,0+10,x%2c\n1,FILES\n")]
    [InlineData("1,10,4BD32A89\n1,CRC32C,FILES\nF,420,1,10,0+10,x\u00ff\n1,FILES\n")]     // no UTF-8
    public void ADescriptionOfAPeer_IsWrittenToTheByteAsOursIs_OrRefused(string text)
    {
        // In the user's own folder it will do: an editor may have been at it.
        Assert.True(ChunkSums.TryParse(Encoding.Latin1.GetBytes(text), out ChunkSums? sums, out _));
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        Assert.Null(ChunkSums.TryReadDescription(bytes, ChunkSums.IdOf(bytes)));
        Assert.NotNull(ChunkSums.TryReadDescription(sums!.Text, sums.Id));
        Assert.Null(ChunkSums.TryReadDescription(sums.Text, sums.Id + 1));
    }

    [Fact]
    public void SizesThatNobodyCanAdd_AreRefused()
    {
        // 9,224 times the largest size of a chunk is more than a file can have.
        var text = new StringBuilder();
        for (int i = 1; i <= 9224; i++) text.Append($"{i},999999999999999,0\n");
        Assert.False(ChunkSums.TryParse(Encoding.ASCII.GetBytes($"{text}9224,CRC32C\n"), out _, out int badLine));
        Assert.Equal(9224, badLine);
        string fewer = text.ToString()[..text.ToString().IndexOf("9224,", StringComparison.Ordinal)];
        Assert.True(ChunkSums.TryParse(Encoding.ASCII.GetBytes($"{fewer}9223,CRC32C\n"), out ChunkSums? sums, out _));
        Assert.Equal(9223 * 999_999_999_999_999, sums!.TotalBytes);
    }

    [Fact]
    public void RandomChangesToAList_AreReadOrRefused()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] right = Encoding.UTF8.GetBytes(
            $"{Sums}D,493,0,0,,a\nF,420,-5,100,20+15;50+7,a/x\nL,0,a/link,../a/x\n3,FILES\n");
        const string letters = "0123456789,;+.%/\nFDLa";
        int accepted = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] text = [.. right];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                text[random.Next(text.Length)] = (byte)letters[random.Next(letters.Length)];
            if (!ChunkSums.TryParse(text, out ChunkSums? sums, out _)) continue;
            accepted++;
            Assert.Equal(sums!.ChunkCount, sums.Files?.Places.Count ?? sums.ChunkCount);
            Assert.All(sums.Files?.All ?? [], file => Assert.DoesNotContain("..", file.Path.Split('/')));
        }
        Assert.InRange(accepted, 1, 19_999);
    }

    [Fact]
    public void ALinkThatLeavesTheFolder_AndWhatIsNoFile_AreNotSent()
    {
        File.WriteAllText(_folder["x"], "x");
        File.CreateSymbolicLink(_folder["out"], "../x");
        Assert.Throws<P2P.Cli.ProgramException>(() => TreeScanner.Scan(_folder.Path, Assert.Fail));
        File.Delete(_folder["out"]);
        Assert.Equal(["x"], TreeScanner.Scan(_folder.Path, Assert.Fail).Select(file => file.Path));
    }

    public void Dispose() => _folder.Dispose();

    private static bool TryRead(string[] lines) => ChunkSums.TryParse(
        Encoding.UTF8.GetBytes($"{Sums}{string.Join('\n', lines)}\n{lines.Length},FILES\n"), out _, out _);
}
