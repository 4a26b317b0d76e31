using System.Linq;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Files;

/// <summary>How split deals chunks to folders.</summary>
public sealed class DealerTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 3)]
    [InlineData(10, 4)]
    public void EachChunk_GoesToThatManyDifferentFolders(int folders, int copies)
    {
        var dealer = new Dealer(folders, copies, seed: 7);
        int[] counts = new int[folders];
        for (int i = 0; i < 6000; i++)
        {
            int[] dealt = dealer.Next().ToArray();
            Assert.Equal(copies, dealt.Distinct().Count());
            foreach (int folder in dealt) counts[folder]++;
        }
        double fair = 6000.0 * copies / folders;
        Assert.All(counts, count => Assert.InRange(count, 0.85 * fair, 1.15 * fair));
    }

    [Fact]
    public void TheSameSeed_DealsTheSameWay_AlwaysAndEverywhere()
    {
        int[] first = Deal(1), again = Deal(1), other = Deal(2);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.Equal([2, 1, 1, 0, 0, 1, 1, 1], first[..8]);     // as on any machine
    }

    private static int[] Deal(ulong seed)
    {
        var dealer = new Dealer(3, 1, seed);
        return [.. Enumerable.Range(0, 100).Select(_ => dealer.Next()[0])];
    }
}
