using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>One peer's request, from its arrival until the kernel has taken the last byte of the chunk.</summary>
internal sealed class UploadRequest(int chunkIndex, TimeSpan timeout, TimeSpan now, Action onTurn)
{
    public int ChunkIndex => chunkIndex;

    /// <summary>When the peer asked.</summary>
    public TimeSpan AskedAt => now;

    /// <summary>When the upload gets its turn whatever the others do.</summary>
    public TimeSpan Deadline => now + timeout;

    /// <summary>The upload may send.</summary>
    public bool HasTurn { get; private set; }

    /// <summary>When the upload last sent something.</summary>
    public TimeSpan MovedAt { get; set; }

    /// <summary>The next bytes of the chunk are being read from the disk: meanwhile another upload may send.</summary>
    public bool IsWaitingForDisk { get; set; }

    /// <summary>Lets the upload send.</summary>
    public void GiveTurn(TimeSpan time)
    {
        Debug.Assert(!HasTurn, "an upload has one turn");
        HasTurn = true;
        MovedAt = time;
        onTurn();
    }
}

/// <summary>
/// Decides which upload has its turn next. Few uploads have a turn at a time, so that other peers have whole chunks
/// early and can pass them on; the chunks that were sent least come first, so that no chunk leaves twice before every
/// chunk has left once. No peer starves: an upload that has waited for long has its turn in any case, and neither a
/// peer that takes no bytes nor a slow disk holds up the other uploads. Pure: no socket, no clock but the times it is
/// given.
/// </summary>
internal sealed class UploadQueue
{
    private readonly List<UploadRequest> _waiting = [];        // in the order in which the peers asked
    private readonly List<UploadRequest> _serving = [];
    private readonly Dictionary<int, int> _sent = [];   // how often, by chunk

    /// <summary>An upload waits for its turn.</summary>
    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>A request has come. The upload has its turn now or later (<see cref="GiveTurns"/>).</summary>
    public void Add(UploadRequest upload, TimeSpan now)
    {
        Debug.Assert(!upload.HasTurn && !_waiting.Contains(upload), "an upload is added once");
        _waiting.Add(upload);
        GiveTurns(now);
    }

    /// <summary>A request is over, or its peer has gone.</summary>
    public void Remove(UploadRequest upload, TimeSpan now)
    {
        bool wasThere = upload.HasTurn ? _serving.Remove(upload) : _waiting.Remove(upload);
        Debug.Assert(wasThere, "an upload waits or is served until it is removed");
        GiveTurns(now);
    }

    /// <summary>Gives a turn to each upload that may send now. To be called from time to time while an upload waits,
    /// since the peers that are served may have stopped taking bytes, and when an upload begins to wait for the
    /// disk.</summary>
    public void GiveTurns(TimeSpan now)
    {
        while (PickNext(now) is { } next)
        {
            _waiting.Remove(next);
            _serving.Add(next);
            _sent[next.ChunkIndex] = SentOf(next) + 1;
            next.GiveTurn(now);
        }
    }

    private UploadRequest? PickNext(TimeSpan now)
    {
        if (_waiting.Count == 0) return null;
        int moving = 0, waitingForDisk = 0;
        foreach (UploadRequest upload in _serving)
        {
            if (upload.IsWaitingForDisk) waitingForDisk++;
            else if (now - upload.MovedAt < ClientLimits.UploadStall) moving++;
        }
        if (moving >= ClientLimits.UploadsAtOnce || waitingForDisk >= ClientLimits.DiskWaitsMax)
            return _waiting.Find(upload => upload.Deadline <= now);

        UploadRequest best = _waiting[0];
        foreach (UploadRequest upload in _waiting)
        {
            if (SentOf(upload) < SentOf(best)) best = upload;
        }
        return best;
    }

    private int SentOf(UploadRequest upload) => _sent.GetValueOrDefault(upload.ChunkIndex);
}
