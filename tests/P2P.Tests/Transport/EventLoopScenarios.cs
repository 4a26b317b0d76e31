using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>One loop each, in a process of its own (<see cref="LoopTests"/>).</summary>
internal sealed class EventLoopScenarios
{
    private readonly EventLoop _loop = new(receiveBytesMax: 1024);
    private readonly List<string> _happened = [];

    public void Timers_CallBackInTheOrderOfTheirTimes_AndNotWhenStopped() => CheckTheOrderOfTimers(isLate: false);

    public void TimersThatAreAllDueAtOnce_CallBackInTheOrderOfTheirTimes() => CheckTheOrderOfTimers(isLate: true);

    private void CheckTheOrderOfTimers(bool isLate)
    {
        LoopTimer last = new(_loop, () => { Note("last"); _loop.Stop(); });
        LoopTimer first = new(_loop, () => Note("first"));
        LoopTimer never = new(_loop, () => Note("never"));
        LoopTimer moved = new(_loop, () => Note("moved"));
        _loop.Run(() =>
        {
            first.Start(TimeSpan.FromMilliseconds(2));
            never.Start(TimeSpan.FromMilliseconds(3));
            never.Stop();
            moved.Start(TimeSpan.FromMilliseconds(1));
            moved.Start(TimeSpan.FromMilliseconds(4));
            last.Start(TimeSpan.FromMilliseconds(6));
            TimeSpan start = EventLoop.Now;
            while (isLate && EventLoop.Now - start < TimeSpan.FromMilliseconds(10)) { }
        });
        Assert.Equal(["first", "moved", "last"], _happened);
    }

    public void WhatAnotherThreadPosts_WakesTheLoop()
    {
        int loopThread = 0, actionThread = 0;
        _loop.Run(() =>
        {
            loopThread = Environment.CurrentManagedThreadId;
            new Thread(() => _loop.Post(() =>
            {
                actionThread = Environment.CurrentManagedThreadId;
                _loop.Stop();
            })).Start();
        });
        Assert.Equal(loopThread, actionThread);
    }

    public void ARound_EndsOnceForAll_BeforeThoseWhoWaitedForIt()
    {
        _loop.OnRoundEnd = () => Note("end");
        _loop.Run(() => _ = RunAsync());
        Assert.Equal(["one", "two", "end", "one went on", "two went on", "end", "yielded", "end"], _happened);

        async Task RunAsync()
        {
            _ = WaitAsync("one");
            await WaitAsync("two");
            await _loop.YieldAsync();
            Note("yielded");
            _loop.Stop();
        }

        async Task WaitAsync(string name)
        {
            Note(name);
            await _loop.RoundEndAsync();
            Note(name + " went on");
        }
    }

    public void AnExceptionOnTheLoop_EndsIt()
    {
        Assert.Throws<InvalidOperationException>(() => _loop.Run(() => throw new InvalidOperationException()));
        var other = new EventLoop(receiveBytesMax: 1024);
        Assert.Throws<TimeoutException>(() => other.Run(() => other.Fail(new TimeoutException())));
    }

    private void Note(string what) => _happened.Add(what);
}
