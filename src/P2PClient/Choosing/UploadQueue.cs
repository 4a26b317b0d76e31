using System;
using System.Collections.Generic;

namespace P2P.Client;

/// <summary>One peer's request, from when it was read until the kernel has taken the last byte of the chunk.</summary>
internal sealed class UploadRequest(int chunkIndex, TimeSpan timeout, TimeSpan now, Action onTurn)
{
    public int ChunkIndex => chunkIndex;

    /// <summary>When the peer asked.</summary>
    public TimeSpan AskedAt => now;

    /// <summary>When the upload has waited so long that it gets its turn whatever else is going on.</summary>
    public TimeSpan Deadline => now + timeout;

    /// <summary>The upload may send.</summary>
    public bool HasTurn { get; private set; }

    /// <summary>When the upload last sent something.</summary>
    public TimeSpan MovedAt { get; set; }

    public void GiveTurn(TimeSpan time)
    {
        HasTurn = true;
        MovedAt = time;
        onTurn();
    }
}

/// <summary>
/// Decides which upload has its turn next. Few have one at a time, so that other peers have whole chunks early and can
/// pass them on; the chunks that were sent least come first, so that no chunk leaves twice before every chunk has left
/// once. No peer starves: an upload that has waited for long has its turn in any case, and a peer that doesn't take
/// what is sent holds up no other. In memory only: no socket, no clock but the times it is given.
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
        _waiting.Add(upload);
        GiveTurns(now);
    }

    /// <summary>A request is over, or its peer has gone.</summary>
    public void Remove(UploadRequest upload, TimeSpan now)
    {
        if (!_serving.Remove(upload)) _waiting.Remove(upload);
        GiveTurns(now);
    }

    /// <summary>Gives a turn to each upload that may send now. To be called from time to time while an upload waits:
    /// the peers that are served may have stopped taking anything.</summary>
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
        if (CountMoving(now) >= ClientLimits.UploadsAtOnce)
            return _waiting.Find(upload => upload.Deadline <= now);

        UploadRequest best = _waiting[0];
        foreach (UploadRequest upload in _waiting)
        {
            if (SentOf(upload) < SentOf(best)) best = upload;
        }
        return best;
    }

    private int CountMoving(TimeSpan now)
    {
        int count = 0;
        foreach (UploadRequest upload in _serving)
        {
            if (now - upload.MovedAt < ClientLimits.UploadStall) count++;
        }
        return count;
    }

    private int SentOf(UploadRequest upload) => _sent.GetValueOrDefault(upload.ChunkIndex);
}
