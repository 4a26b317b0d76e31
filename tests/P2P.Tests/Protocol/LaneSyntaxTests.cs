using System;
using System.Text;
using P2P.Protocol;
using Xunit;

namespace P2P.Tests.Protocol;

/// <summary>The texts by which our own programs find each other (PROTOCOL 9.2 and 9.3).</summary>
public sealed class LaneSyntaxTests
{
    [Theory]
    [InlineData("LANE,1", 1)]
    [InlineData(" LANE,9\r", 9)]
    [InlineData("LANE,0", 0)]
    [InlineData("LANE,10", 0)]
    [InlineData("LANE,", 0)]
    [InlineData("LANE,1,5", 0)]
    [InlineData("lane,1", 0)]
    public void AHello_NamesItsVersion(string text, int version)
    {
        Assert.Equal(version > 0, LaneSyntax.TryReadHello(Encoding.ASCII.GetBytes(text), out int read));
        if (version > 0) Assert.Equal(version, read);
    }

    [Theory]
    [InlineData("NEWS", true)]
    [InlineData(" NEWS\r", true)]
    [InlineData("NEWS,1", false)]
    [InlineData("NEW", false)]
    [InlineData("", false)]
    public void AWishForNews_IsTheWordAlone(string text, bool isNews) =>
        Assert.Equal(isNews, LaneSyntax.IsNews(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData("CANCEL_CHUNK,5", 5)]
    [InlineData("CANCEL_CHUNK,2147483647\r", int.MaxValue)]
    [InlineData("CANCEL_CHUNK,2147483648", -1)]
    [InlineData("CANCEL_CHUNK,-1", -1)]
    [InlineData("CANCEL_CHUNK,", -1)]
    [InlineData("CANCEL_CHUNK,5,6", -1)]
    public void ACancellation_NamesItsChunk(string text, int chunk)
    {
        Assert.Equal(chunk >= 0, LaneSyntax.TryReadCancel(Encoding.ASCII.GetBytes(text), out int read));
        if (chunk >= 0) Assert.Equal(chunk, read);
    }

    [Fact]
    public void WhatIsWritten_IsRead()
    {
        byte[] buffer = new byte[MessageWriter.BytesMax];
        int length = LaneSyntax.WriteHello(buffer);
        Assert.True(LaneSyntax.TryReadHello(buffer.AsSpan(0, length - 1), out int version));
        Assert.Equal(LaneSyntax.Version, version);
        length = LaneSyntax.WriteNews(buffer);
        Assert.True(LaneSyntax.IsNews(buffer.AsSpan(0, length - 1)));
        Assert.Equal((byte)'\n', buffer[length - 1]);
        length = LaneSyntax.WriteCancel(buffer, 77);
        Assert.True(LaneSyntax.TryReadCancel(buffer.AsSpan(0, length - 1), out int chunk));
        Assert.Equal(77, chunk);
    }

    [Theory]
    [InlineData("a,1,b,2,lane,01", "a,1,b,2", "01")]
    [InlineData("a,1,b,2", "a,1,b,2", "")]
    [InlineData("a,1,lane,5001,lane,10", "a,1,lane,5001", "10")]
    [InlineData("a,1,lane,x", "a,1,lane,x", "")]
    public void Marks_AreTakenOffTheEnd(string text, string peers, string marks)
    {
        ReadOnlySpan<byte> rest = Encoding.ASCII.GetBytes(text);
        Assert.Equal(marks, Encoding.ASCII.GetString(LaneSyntax.TakeMarks(ref rest)));
        Assert.Equal(peers, Encoding.ASCII.GetString(rest));
    }

    [Fact]
    public void WithoutAnyoneWhoSpeaksTheLane_ThereAreNoMarks()
    {
        byte[] buffer = new byte[LaneSyntax.MarksBytesMax];
        Assert.Equal(0, LaneSyntax.WriteMarks(buffer, new byte[3]));
        Assert.Equal(8, LaneSyntax.WriteMarks(buffer, [0, 1]));
        Assert.Equal(",lane,01", Encoding.ASCII.GetString(buffer, 0, 8));
    }
}
