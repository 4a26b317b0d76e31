using System;
using System.Collections.Generic;

namespace P2P.Client;

/// <summary>One peer's request, from when it was read until its last byte was handed to the kernel.</summary>
internal sealed class Upload(int chunkIndex, TimeSpan patience, TimeSpan now, Action onTurn)
{
    public int ChunkIndex => chunkIndex;

    /// <summary>When it was asked for.</summary>
    public TimeSpan AskedAt => now;

    /// <summary>When it has waited so long that it is served whatever else is going on.</summary>
    public TimeSpan Deadline => now + patience;

    /// <summary>It may send.</summary>
    public bool HasTurn { get; private set; }

    /// <summary>When it last sent something.</summary>
    public TimeSpan MovedAt { get; set; }

    public void GiveTurn(TimeSpan time)
    {
        HasTurn = true;
        MovedAt = time;
        onTurn();
    }
}

/// <summary>
/// Decides who is served next. Few are served at a time, so that whole chunks exist elsewhere early and can be passed
/// on from there; first the chunks that were sent least, so that nothing leaves twice before everything has left once.
/// Nobody starves: who has waited for long is served in any case, and who doesn't take what is sent holds up nobody.
/// In memory only: no socket, no clock but the times it is given.
/// </summary>
internal sealed class UploadQueue
{
    private readonly List<Upload> _waiting = [];        // in the order in which they asked
    private readonly List<Upload> _serving = [];
    private readonly Dictionary<int, int> _sent = [];   // how often, by chunk

    /// <summary>Someone waits.</summary>
    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>A request has come. It has its turn now or later (<see cref="GiveTurns"/>).</summary>
    public void Add(Upload upload, TimeSpan now)
    {
        _waiting.Add(upload);
        GiveTurns(now);
    }

    /// <summary>A request is over, or its peer has gone.</summary>
    public void Remove(Upload upload, TimeSpan now)
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

    private Upload? PickNext(TimeSpan now)
    {
        if (_waiting.Count == 0) return null;
        if (CountMoving(now) >= ClientLimits.UploadsAtOnce)
            return _waiting.Find(upload => upload.Deadline <= now);

        Upload best = _waiting[0];
        foreach (Upload upload in _waiting)
        {
            if (SentOf(upload) < SentOf(best)) best = upload;
        }
        return best;
    }

    private int CountMoving(TimeSpan now)
    {
        int count = 0;
        foreach (Upload upload in _serving)
        {
            if (now - upload.MovedAt < ClientLimits.UploadStall) count++;
        }
        return count;
    }

    private int SentOf(Upload upload) => _sent.GetValueOrDefault(upload.ChunkIndex);
}
