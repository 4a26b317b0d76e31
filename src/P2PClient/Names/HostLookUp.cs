using System;
using System.Diagnostics;
using System.Net;
using System.Threading;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Looks the tracker's name up beside the loop, which can't wait for name servers while chunks move.</summary>
/// <param name="onChange">Called on the loop when the host has got other addresses.</param>
/// <param name="onFailed">Called on the loop when the host has no address still.</param>
internal sealed class HostLookUp(EventLoop loop, TrackerHost host, Action onChange, Action onFailed)
    : IThreadPoolWorkItem
{
    private IPAddress[] _found = [];
    private string _problem = "";
    private bool _isRunning;
    private TimeSpan _due;

    /// <summary>Begins, unless a look-up is under way, was just made, or is not needed. On the loop.</summary>
    public void Begin()
    {
        if (!host.IsInDns || _isRunning || EventLoop.Now < _due) return;
        _isRunning = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        _found = host.Find(out _problem);
        loop.Post(OnDone);
    }

    private void OnDone()
    {
        Debug.Assert(_isRunning, "a look-up ends once");
        _isRunning = false;
        _due = EventLoop.Now + ClientLimits.LookUpPause;
        if (host.Take(_found, _problem)) onChange();
        if (host.Problem is not null) onFailed();
    }
}
