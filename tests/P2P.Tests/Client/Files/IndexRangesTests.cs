using System.Linq;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Files;

/// <summary>How missing chunks are named: as ranges, and never in thousands of lines.</summary>
public sealed class IndexRangesTests
{
    [Theory]
    [InlineData(9, new int[0], "")]
    [InlineData(9, new[] { 1 }, "1")]
    [InlineData(9, new[] { 9 }, "9")]
    [InlineData(9, new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, "1-9")]
    [InlineData(9, new[] { 3, 4, 5, 6, 7, 9 }, "3-7, 9")]
    [InlineData(9, new[] { 1, 2, 4, 8, 9 }, "1-2, 4, 8-9")]
    public void Indexes_AreRanges(int count, int[] chosen, string text) =>
        Assert.Equal(text, IndexRanges.Describe(count, chosen.Contains));

    [Fact]
    public void ManyRanges_AreCutShort() =>
        Assert.Equal("2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24 and 488 more",
            IndexRanges.Describe(1000, index => index % 2 == 0));
}
