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
            + "L,a b/link,../zero\n4,FILES\n";
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
    [InlineData("L,a,..\nF,420,0,22,0+22,a/x")]     // a is a link
    [InlineData("L,a,/etc\nF,420,0,22,0+22,x")]
    [InlineData("L,a,b/../../c\nF,420,0,22,0+22,x")]
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

    [Fact]
    public void RandomChangesToAList_AreReadOrRefused()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        byte[] right = Encoding.UTF8.GetBytes(
            $"{Sums}D,493,0,0,,a\nF,420,-5,100,20+15;50+7,a/x\nL,a/link,../a/x\n3,FILES\n");
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
}
