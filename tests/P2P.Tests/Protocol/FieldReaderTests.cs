using System;
using System.Collections.Generic;
using System.Text;
using P2P.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Protocol;

public sealed class FieldReaderTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a", "a")]
    [InlineData("a,b", "a|b")]
    [InlineData(",", "|")]
    [InlineData("a,", "a|")]
    [InlineData(",a", "|a")]
    [InlineData("a,,b", "a||b")]
    [InlineData(" a , b ", " a | b ")]
    public void TryRead_WalksTheFields_AlsoTheEmptyOnes(string text, string fields) =>
        Assert.Equal(fields, string.Join('|', FieldsOf(text)));

    [Fact]
    public void TryRead_OfRandomText_FindsWhatSplitFinds()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 2000; round++)
        {
            string text = RandomText.Garbage(random, random.Next(60));
            Assert.Equal(text.Split(','), FieldsOf(text));
        }
    }

    [Fact]
    public void Rest_IsWhatHasNotBeenRead()
    {
        var fields = new FieldReader("a,b,c"u8);
        Assert.Equal("a,b,c", TextOf(fields.Rest));
        fields.TryRead(out _);
        Assert.Equal("b,c", TextOf(fields.Rest));
        fields.TryRead(out _);
        fields.TryRead(out _);
        Assert.True(fields.AtEnd);
        Assert.Equal("", TextOf(fields.Rest));
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("7,x", 7)]
    [InlineData("007", 7)]
    [InlineData("2147483647", int.MaxValue)]
    public void TryReadInt32_OfDigits_IsTheirValue(string text, int expected)
    {
        var fields = new FieldReader(Encoding.Latin1.GetBytes(text));
        Assert.True(fields.TryReadInt32(1, int.MaxValue, out int value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",5")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1x")]
    [InlineData("x1")]
    [InlineData("0x1")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("2147483648")]
    [InlineData("4294967297")]
    [InlineData("18446744073709551617")]
    [InlineData("\u00b2")]
    public void TryReadInt32_OfAnythingElse_IsFalse(string text)
    {
        var fields = new FieldReader(Encoding.Latin1.GetBytes(text));
        Assert.False(fields.TryReadInt32(0, int.MaxValue, out _));
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    [InlineData(20, true)]
    [InlineData(21, false)]
    public void TryReadInt32_KeepsToItsRange(int value, bool isRead)
    {
        var fields = new FieldReader(Encoding.Latin1.GetBytes($"{value}"));
        Assert.Equal(isRead, fields.TryReadInt32(10, 20, out _));
    }

    [Fact]
    public void TryReadInt32_OfAnyNumberOfDigits_IsTrueWithinTheRangeAlone()
    {
        for (int length = 1; length <= 99; length++)
        {
            var nines = new FieldReader(Encoding.Latin1.GetBytes(new string('9', length)));
            Assert.Equal(length <= 9, nines.TryReadInt32(1, int.MaxValue, out _));
            var padded = new FieldReader(Encoding.Latin1.GetBytes(new string('0', length) + "1"));
            Assert.True(padded.TryReadInt32(1, int.MaxValue, out int one));
            Assert.Equal(1, one);
        }
    }

    [Fact]
    public void TryReadHost_TakesEveryVisibleByte_AndNoOther()
    {
        for (int value = 0; value < 256; value++)
        {
            var fields = new FieldReader([(byte)'a', (byte)value, (byte)'b']);
            bool isVisible = value is > 0x20 and < 0x7f;
            Assert.Equal(isVisible, fields.TryReadHost(out ReadOnlySpan<byte> host));
            if (isVisible && value != ',') Assert.Equal(3, host.Length);
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void TryReadHost_Takes1To255Bytes(int length, bool isRead)
    {
        var fields = new FieldReader(Encoding.Latin1.GetBytes(new string('h', length) + ",1"));
        Assert.Equal(isRead, fields.TryReadHost(out _));
    }

    private static List<string> FieldsOf(string text)
    {
        List<string> found = [];
        var fields = new FieldReader(Encoding.Latin1.GetBytes(text));
        while (fields.TryRead(out ReadOnlySpan<byte> field)) found.Add(TextOf(field));
        Assert.True(fields.AtEnd);
        return found;
    }

    private static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
