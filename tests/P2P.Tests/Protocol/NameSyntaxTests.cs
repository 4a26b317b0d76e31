using System;
using System.Text;
using P2P.Protocol;
using Xunit;

namespace P2P.Tests.Protocol;

public sealed class NameSyntaxTests
{
    [Theory]
    [InlineData("NAME,alice", "alice")]
    [InlineData("NAME,alice\r", "alice")]
    [InlineData("NAME,\u00e9\"<>\\", "\u00e9\"<>\\")]
    [InlineData("NAME,0123456789012345678901234567890123456789012345678901234567890123",
        "0123456789012345678901234567890123456789012345678901234567890123")]
    public void ALine_IsRead(string text, string name)
    {
        Assert.True(NameSyntax.TryRead(Encoding.UTF8.GetBytes(text), out ReadOnlySpan<byte> found));
        Assert.Equal(name, Encoding.UTF8.GetString(found));
    }

    [Theory]
    [InlineData("")]
    [InlineData("NAME")]
    [InlineData("NAME,")]
    [InlineData("NAME, ")]
    [InlineData("NAMES,alice")]
    [InlineData("name,alice")]
    [InlineData("NAME,a,b")]
    [InlineData("NAME,a b")]
    [InlineData("NAME,a\u0001b")]
    [InlineData("NAME,a\u007fb")]
    [InlineData("NAME,01234567890123456789012345678901234567890123456789012345678901234")]
    public void NoLine_IsRead(string text) =>
        Assert.False(NameSyntax.TryRead(Encoding.UTF8.GetBytes(text), out _));

    // The cut is between two characters, of one to four bytes each.
    [Theory]
    [InlineData("alice")]
    [InlineData("\u00e9")]
    [InlineData("\u4e16")]
    [InlineData("\U0001F600")]
    [InlineData("x\u00e9")]
    [InlineData("x\u4e16")]
    [InlineData("x\U0001F600")]
    public void WhatIsWritten_IsRead_UpToTheLimit(string part)
    {
        byte[] buffer = new byte[NameSyntax.BytesMax];
        string name = part;
        for (int count = 0; count < 80; count++, name += part)
        {
            int length = NameSyntax.Write(buffer, name);
            Assert.Equal((byte)'\n', buffer[length - 1]);
            Assert.True(NameSyntax.TryRead(buffer.AsSpan(0, length - 1), out ReadOnlySpan<byte> found));
            string text = Encoding.UTF8.GetString(found);
            Assert.StartsWith(text, name);
            Assert.True(text == name || found.Length > NameSyntax.NameBytesMax - 4);
        }
    }
}
