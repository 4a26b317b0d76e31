using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using P2P.Cli;
using P2P.Transport;

namespace P2P.Client;

/// <summary>Waits until so many peers have everything (-until_peers): asks the tracker, beside the loop. A peer that
/// had everything once counts, also if it has gone since.</summary>
/// <param name="onReached">Called on the loop when they have.</param>
internal sealed class UntilPeers(EventLoop loop, ClientOptions options, Action onReached) : IThreadPoolWorkItem
{
    private readonly HashSet<string> _complete = [];
    private SwarmStatus? _status;
    private string _problem = "", _told = "";
    private string _own = "";
    private bool _isAsking;

    /// <summary>As many peers as wanted have, or had, everything.</summary>
    public bool IsReached => options.UntilPeers is not { } wanted || _complete.Count >= wanted;

    /// <summary>Asks the tracker, unless a question is under way. On the loop.</summary>
    /// <param name="ownPort">The port by which the tracker knows this client.</param>
    public void Ask(int ownPort)
    {
        if (_isAsking) return;
        _isAsking = true;
        _own = $":{ownPort}";
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        _status = SwarmStatus.TryGet(options.Tracker, out _problem);
        loop.Post(OnDone);
    }

    private void OnDone()
    {
        Debug.Assert(_isAsking, "a question ends once");
        _isAsking = false;
        if (_status is null && _problem != _told)
        {
            _told = _problem;
            Terminal.PrintError($"{options.Name}: waiting: the tracker at {options.TrackerName} does not tell who has "
                + $"everything, for -until_peers: {_problem}");
        }
        foreach (SwarmRow row in _status?.Rows ?? [])
        {
            // The tracker may know this client under any address of its machine.
            if (_status!.HasAll(row) && !row.Address.EndsWith(_own, StringComparison.Ordinal))
                _complete.Add(row.Address);
        }
        if (IsReached) onReached();
    }
}
