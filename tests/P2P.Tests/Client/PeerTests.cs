using System;
using System.Collections.Generic;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

public sealed class PeerTests
{
    private static readonly TimeSpan Now = TimeSpan.FromHours(1);
    private readonly Peer _peer = new("localhost", 5001, HostTable.Localhost);

    [Fact]
    public void APeerThatFails_PausesTwiceAsLongEachTime_AndAtMost30Seconds()
    {
        List<double> pauses = [];
        for (int failures = 0; failures < 20; failures++)
        {
            _peer.OnFailure(Now, severity: 1);
            pauses.Add((_peer.PausedUntil - Now).TotalMilliseconds);
        }
        Assert.Equal([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000], pauses[..8]);
        Assert.All(pauses[8..], pause => Assert.Equal(30_000, pause));
        Assert.True(_peer.IsDoubtful);
    }

    [Fact]
    public void AFailureThatCostMuchTime_CountsForSeveral()
    {
        _peer.OnFailure(Now, severity: 4);
        Assert.Equal(Now + TimeSpan.FromSeconds(2), _peer.PausedUntil);
    }

    [Fact]
    public void AChunkDelivered_MakesItTrustedAgain()
    {
        _peer.OnFailure(Now, severity: 3);
        _peer.OnSuccess(TimeSpan.FromSeconds(1));
        Assert.False(_peer.IsDoubtful);
        _peer.OnFailure(Now, severity: 1);
        Assert.Equal(Now + TimeSpan.FromMilliseconds(250), _peer.PausedUntil);
    }

    [Theory]
    [InlineData(100, 4)]
    [InlineData(101, 1)]
    public void HowManyChunksItIsAskedForAtOnce_DependsOnHowLongTheLastTook(int milliseconds, int downloads)
    {
        Assert.True(_peer.HasRoom);
        _peer.OnSuccess(TimeSpan.FromMilliseconds(milliseconds));
        for (; _peer.Downloads < downloads; _peer.Downloads++) Assert.True(_peer.HasRoom);
        Assert.False(_peer.HasRoom);
        _peer.OnFailure(Now, severity: 1);
        _peer.Downloads = 1;
        Assert.False(_peer.HasRoom);
    }
}
