using System.Text.Json;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Report;

/// <summary>Amounts for people, events for programs.</summary>
public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.00 kB")]
    [InlineData(1005, "1.00 kB")]
    [InlineData(1015, "1.01 kB")]
    [InlineData(65_536, "65.5 kB")]
    [InlineData(999_999, "999 kB")]
    [InlineData(4 << 20, "4.19 MB")]
    [InlineData(1L << 30, "1.07 GB")]
    [InlineData(12_345_678_901_234, "12.3 TB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void Bytes_HaveThreeDigitsAndADecimalUnit(long bytes, string text) =>
        Assert.Equal(text, Quantity.Bytes(bytes));

    [Theory]
    [InlineData("plain")]
    [InlineData("a \"quoted\" \\ name")]
    [InlineData("tab\tline\nbell\a\0\u001f\u007f")]
    [InlineData("é 世 😀")]
    public void AnEvent_IsJson_WhateverTheText(string text)
    {
        string line = new JsonLine("start", text).Add("folder", text).Add("have", long.MinValue).ToString();
        Assert.DoesNotContain('\n', line);
        JsonElement root = JsonDocument.Parse(line).RootElement;
        Assert.Equal("start", root.GetProperty("event").GetString());
        Assert.Equal(text, root.GetProperty("name").GetString());
        Assert.Equal(text, root.GetProperty("folder").GetString());
        Assert.Equal(long.MinValue, root.GetProperty("have").GetInt64());
    }
}
