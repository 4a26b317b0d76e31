using System;
using System.Text;
using P2P.Protocol;
using Xunit;

namespace P2P.Tests.Protocol;

public sealed class SetSyntaxTests
{
    [Theory]
    [InlineData("SET", 0, "")]
    [InlineData("SET\r", 0, "")]
    [InlineData("SET,00000000000000ff", 255, "")]
    [InlineData("SET,00000000000000ff,localhost,5001", 255, "localhost,5001")]
    public void ALine_IsRead(string text, int id, string peers)
    {
        Assert.True(SetSyntax.TryRead(Encoding.ASCII.GetBytes(text), out ulong found, out ReadOnlySpan<byte> rest));
        Assert.Equal((ulong)id, found);
        Assert.Equal(peers, Encoding.ASCII.GetString(rest));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SETS")]
    [InlineData("SE")]
    [InlineData("SET,")]
    [InlineData("SET,ff")]
    [InlineData("SET,000000000000000")]
    [InlineData("SET,00000000000000fg")]
    [InlineData("SET,0000000000000000")]
    [InlineData("SET,00000000000000ff0")]
    [InlineData("SET 00000000000000ff")]
    public void NoLine_IsRead(string text) =>
        Assert.False(SetSyntax.TryRead(Encoding.ASCII.GetBytes(text), out _, out _));

    [Fact]
    public void WhatIsWritten_IsRead()
    {
        Span<byte> buffer = stackalloc byte[20];
        foreach (ulong id in new ulong[] { 0, 1, 0x0123456789abcdef, ulong.MaxValue })
        {
            int length = SetSyntax.Write(buffer, id);
            Assert.True(SetSyntax.TryRead(buffer[..length], out ulong found, out ReadOnlySpan<byte> peers));
            Assert.Equal(id, found);
            Assert.True(peers.IsEmpty);
        }
    }
}
