using System.Collections.Generic;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>How many requests are in flight over a lane.</summary>
public sealed class LaneWindowTests
{
    private readonly LaneWindow _window = new();

    [Fact]
    public void WhileThePeerRunsDry_TheWindowDoublesWithEachRoundTrip_UpToItsLimit()
    {
        List<int> sizes = [_window.Requests];
        for (int round = 0; round < 8; round++)
        {
            Answer(_window.Requests, waiting: 0);
            sizes.Add(_window.Requests);
        }
        Assert.Equal([2, 4, 8, 16, 32, 64, 128, 128, 128], sizes);
    }

    [Fact]
    public void WhileRequestsWait_TheWindowStays()
    {
        for (int waiting = 1; waiting <= ClientLimits.LaneWaitingMax; waiting++) Answer(50, waiting);
        Assert.Equal(2, _window.Requests);
    }

    [Fact]
    public void AWindowThatIsNotUsed_DoesNotGrow()
    {
        for (int answer = 0; answer < 10; answer++) _window.OnChunk(waiting: 0);
        Assert.Equal(2, _window.Requests);
    }

    [Fact]
    public void WhereMoreWaitThanAreNeeded_TheWindowShrinks_OncePerRoundTrip()
    {
        for (int round = 0; round < 5; round++) Answer(_window.Requests, waiting: 0);
        Assert.Equal(64, _window.Requests);
        Answer(64, waiting: 23);
        Assert.Equal(44, _window.Requests);
        // Those that were in flight then know nothing of it yet.
        Answer(64, waiting: 23);
        Assert.Equal(44, _window.Requests);
        Answer(44, waiting: 3);
        Assert.Equal(44, _window.Requests);
    }

    [Fact]
    public void ANewLane_BeginsAnew()
    {
        Answer(2, waiting: 0);
        _window.Reset();
        Assert.Equal(2, _window.Requests);
    }

    private void Answer(int count, int waiting)
    {
        _window.OnRequest(_window.Requests);
        for (int answer = 0; answer < count; answer++) _window.OnChunk(waiting);
    }
}
