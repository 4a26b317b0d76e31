using System;
using System.Text.Json;
using P2P.Cli;
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
    [InlineData(1004, "1.00 kB")]
    [InlineData(1005, "1.01 kB")]
    [InlineData(9_994, "9.99 kB")]
    [InlineData(9_995, "10.0 kB")]
    [InlineData(99_949, "99.9 kB")]
    [InlineData(99_950, "100 kB")]
    [InlineData(65_536, "65.5 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.00 MB")]
    [InlineData(4 << 20, "4.19 MB")]
    [InlineData(1L << 30, "1.07 GB")]
    [InlineData(12_345_678_901_234, "12.3 TB")]
    [InlineData(long.MaxValue, "9.22 EB")]
    public void Bytes_HaveThreeDigitsAndADecimalUnit(long bytes, string text) =>
        Assert.Equal(text, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(58_749_999, 100_000_000, "58.7 of 100 MB")]
    [InlineData(958_000, 100_000_000, "958 kB of 100 MB")]
    [InlineData(0, 100_000_000, "0 bytes of 100 MB")]
    [InlineData(0, 0, "0 of 0 bytes")]
    public void APart_HasAUnitOfItsOwn_IfThatIsAnother(long part, long whole, string text) =>
        Assert.Equal(text, Quantity.BytesOf(part, whole));

    [Theory]
    [InlineData(0, "0.000 s")]
    [InlineData(123, "0.123 s")]
    [InlineData(9_999, "9.999 s")]
    [InlineData(10_049, "10.0 s")]
    [InlineData(59_949, "59.9 s")]
    [InlineData(59_950, "1:00 min")]
    [InlineData(205_400, "3:25 min")]
    [InlineData(3_599_499, "59:59 min")]
    [InlineData(3_599_500, "1:00:00 h")]
    [InlineData(360_065_000, "100:01:05 h")]
    public void ATime_IsRounded(int milliseconds, string text) =>
        Assert.Equal(text, Quantity.Time(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(0, "0 peers")]
    [InlineData(1, "1 peer")]
    [InlineData(2, "2 peers")]
    public void OneThing_HasNoPlural(int number, string text) => Assert.Equal(text, Plural.Of(number, "peer"));

    [Theory]
    [InlineData(1_000_000, 250, "4.00 MB/s")]
    [InlineData(1_000, 3_000, "333 bytes/s")]
    [InlineData(1_000_000, 0, "1.00 GB/s")]
    public void ARate_IsBytesASecond(long bytes, int milliseconds, string text) =>
        Assert.Equal(text, Quantity.Rate(bytes, TimeSpan.FromMilliseconds(milliseconds)));

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
