using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>One lane as the queue sees it: its requests are served one after the other.</summary>
internal sealed class UploadLane
{
    /// <summary>The request whose turn it is, or whose chunk is sent in part; null: none.</summary>
    public UploadRequest? Current { get; set; }

    /// <summary>The line is so long that one upload alone does not fill it.</summary>
    public bool IsLong { get; set; }

    /// <summary>A part of a chunk has been sent, or a request has been answered.</summary>
    public bool HasSent { get; set; }

    /// <summary>TCP begins slowly on the lane, and learns meanwhile how fast it may be.</summary>
    public bool IsStarting => IsLong && !HasSent;

    /// <summary>The number of turns that the queue had given when it gave the lane its last one.</summary>
    public long LastTurn { get; set; }
}

/// <summary>One peer's request, from its arrival until the kernel has taken the last byte of the chunk.</summary>
internal sealed class UploadRequest(int chunkIndex, TimeSpan timeout, TimeSpan now, Action onTurn)
{
    public int ChunkIndex => chunkIndex;

    /// <summary>The lane that the request came over; null: a connection for this chunk alone.</summary>
    public UploadLane? Lane { get; init; }

    /// <summary>When the peer asked.</summary>
    public TimeSpan AskedAt => now;

    /// <summary>When the upload gets its turn whatever the others do.</summary>
    public TimeSpan Deadline { get; set; } = now + timeout;

    /// <summary>The upload may send.</summary>
    public bool HasTurn { get; private set; }

    /// <summary>When the upload last sent something; or a time to come, when the limit of the rate lets it send.
    /// </summary>
    public TimeSpan MovedAt { get; set; }

    /// <summary>Bytes of the chunk were not in memory when the upload had its turn.</summary>
    public bool NeedsDisk { get; set; }

    /// <summary>The next bytes of the chunk are being read from the disk: meanwhile another upload may send.</summary>
    public bool IsWaitingForDisk { get; set; }

    /// <summary>Lets the upload send.</summary>
    public void GiveTurn(TimeSpan time)
    {
        Debug.Assert(!HasTurn, "an upload has one turn at a time");
        HasTurn = true;
        MovedAt = time;
        onTurn();
    }

    /// <summary>Lets the upload wait again.</summary>
    public void EndTurn()
    {
        Debug.Assert(HasTurn, "only an upload that has its turn gives it back");
        HasTurn = IsWaitingForDisk = false;
    }
}

/// <summary>
/// Decides which upload has its turn next. Few uploads have a turn at a time, so that other peers have whole chunks
/// early and can pass them on, and twice as many over long lines, where one that begins is slow, and each lost packet
/// slows it down for long; the chunks that were sent least come first, so that no chunk leaves twice before every chunk
/// has left once. A long lane sends its first part of a chunk beside the uploads that have a turn, so that its slow
/// start leaves no gap, and goes on when it has a turn, before any that has not begun. No peer starves: an upload that
/// has waited for long has its turn in any case, and a peer that takes no bytes holds up no other upload. Nor does a
/// slow disk: an upload that waits for the disk lets another send, and one that finds the disk busy with others gives
/// its turn back, so chunks in memory go first. Pure: no socket, no clock but the times it is given.
/// </summary>
/// <param name="slots">Uploads that have a turn at a time, at least 1.</param>
internal sealed class UploadQueue(int slots = ClientLimits.UploadsAtOnce)
{
    private readonly List<UploadRequest> _waiting = [];        // in the order in which the peers asked
    private readonly List<UploadRequest> _serving = [];
    private readonly Dictionary<int, int> _sent = [];   // how often, by chunk
    private long _turns;        // of lanes, so far

    /// <summary>The number of uploads that wait for their turn.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>A request has come. The upload has its turn when <see cref="GiveTurns"/> gives it one: to be called
    /// after all requests that have come together, so that the best of them is served.</summary>
    public void Add(UploadRequest upload)
    {
        Debug.Assert(!upload.HasTurn && !_waiting.Contains(upload), "an upload is added once");
        _waiting.Add(upload);
    }

    /// <summary>A request is over, or its peer has gone.</summary>
    public void Remove(UploadRequest upload, TimeSpan now)
    {
        bool wasThere = upload.HasTurn ? _serving.Remove(upload) : _waiting.Remove(upload);
        Debug.Assert(wasThere, "an upload waits or is served until it is removed");
        if (upload.Lane is { } lane && lane.Current == upload)
        {
            lane.Current = null;
            lane.HasSent = true;
        }
        GiveTurns(now);
    }

    /// <summary>A starting lane has sent the first part of a chunk. It goes on if there is a slot for it.</summary>
    /// <returns>False if the upload waits for a turn again.</returns>
    public bool TryKeepTurn(UploadRequest upload, TimeSpan now)
    {
        Debug.Assert(upload is { HasTurn: true, Lane.IsStarting: true }, "a lane starts once");
        upload.Lane.HasSent = true;
        bool mayKeep = Count(now).Moving <= 2 * slots || upload.Deadline <= now;
        if (!mayKeep) TakeTurnBack(upload);
        GiveTurns(now);
        return mayKeep;
    }

    /// <summary>A request of a lane is answered, and little was sent: the next request of the same lane, of those whose
    /// chunks were sent least, takes over its turn, so that several small chunks leave together.</summary>
    /// <returns>False if the lane has no other request; the turn stays where it was.</returns>
    public bool TryPassTurn(UploadRequest answered, TimeSpan now)
    {
        Debug.Assert(answered.HasTurn && answered.Lane?.Current == answered, "the turn is not the request's to pass");
        UploadRequest? next = null;
        foreach (UploadRequest upload in _waiting)
        {
            if (upload.Lane == answered.Lane && (next is null || SentOf(upload) < SentOf(next))) next = upload;
        }
        if (next is null) return false;
        _serving.Remove(answered);
        answered.Lane.Current = null;
        Give(next, now);
        return true;
    }

    /// <summary>The next bytes of an upload that has its turn are not in memory.</summary>
    /// <returns>True if the upload may wait for the disk, until <see cref="EndDiskWait"/>. False if other uploads keep
    /// the disk busy: the upload waits for a turn again.</returns>
    public bool TryBeginDiskWait(UploadRequest upload, TimeSpan now)
    {
        Debug.Assert(upload.HasTurn && !upload.IsWaitingForDisk, "an upload waits for one read, in its turn");
        upload.NeedsDisk = upload.IsWaitingForDisk = true;
        bool mayWait = Count(now).Disk <= ClientLimits.DiskUploadsMax || upload.Deadline <= now;
        if (!mayWait) TakeTurnBack(upload);
        GiveTurns(now);
        Debug.Assert(upload.HasTurn == mayWait, "a turn that was given back is not given again at once");
        return mayWait;
    }

    /// <summary>The bytes are in memory: the upload sends them.</summary>
    public static void EndDiskWait(UploadRequest upload, TimeSpan now)
    {
        Debug.Assert(upload.IsWaitingForDisk, "a wait for the disk ends once");
        upload.IsWaitingForDisk = false;
        upload.MovedAt = now;
    }

    /// <summary>Gives a turn to each upload that may send now. To be called from time to time while an upload waits,
    /// since the peers that are served may have stopped taking bytes.</summary>
    public void GiveTurns(TimeSpan now)
    {
        while (PickNext(now) is { } next) Give(next, now);
    }

    private void Give(UploadRequest next, TimeSpan now)
    {
        _waiting.Remove(next);
        _serving.Add(next);
        _sent[next.ChunkIndex] = SentOf(next) + 1;
        if (next.Lane is { } lane)
        {
            Debug.Assert(lane.Current is null || lane.Current == next, "a lane sends one chunk at a time");
            lane.Current = next;
            lane.LastTurn = ++_turns;
        }
        next.GiveTurn(now);
    }

    private void TakeTurnBack(UploadRequest upload)
    {
        upload.EndTurn();
        _serving.Remove(upload);
        int later = _waiting.FindIndex(other => other.AskedAt > upload.AskedAt);
        _waiting.Insert(later < 0 ? _waiting.Count : later, upload);
        _sent[upload.ChunkIndex]--;
        Debug.Assert(SentOf(upload) >= 0, "a chunk counts as sent once a turn");
    }

    private UploadRequest? PickNext(TimeSpan now)
    {
        if (_waiting.Count == 0) return null;
        (int moving, int disk, int started) = Count(now);
        UploadRequest? best = null;
        foreach (UploadRequest upload in _waiting)
        {
            // Lanes may have started that are twice as many as have turns.
            bool hasSlot = upload.Lane is { IsStarting: true } ? started < 4 * slots : moving < 2 * slots;
            bool isFree = hasSlot && MayBeNext(upload)
                && (!upload.NeedsDisk || disk < ClientLimits.DiskUploadsMax);
            if (isFree && (best is null || IsBefore(upload, best))) best = upload;
        }
        return best ?? _waiting.Find(upload => upload.Deadline <= now && MayBeNext(upload));
    }

    // First what has been sent in part. Of chunks that were sent equally often, those of the lane that has waited
    // longest come first, so that each peer has something to pass on.
    private bool IsBefore(UploadRequest upload, UploadRequest other)
    {
        if (IsBegun(upload) != IsBegun(other)) return IsBegun(upload);
        int sent = SentOf(upload), otherSent = SentOf(other);
        return sent < otherSent || (sent == otherSent && upload.Lane is { } lane && other.Lane is { } otherLane
            && lane.LastTurn < otherLane.LastTurn);
    }

    private static bool IsBegun(UploadRequest upload) => upload.Lane?.Current == upload && !upload.NeedsDisk;

    private static bool MayBeNext(UploadRequest upload) =>
        upload.Lane?.Current is not { } current || current == upload;

    // The served uploads that keep the network busy, in halves, those that keep the disk busy, and those of lanes that
    // send their first part or wait for a turn since. An upload whose peer takes no bytes does nothing.
    private (int Moving, int Disk, int Started) Count(TimeSpan now)
    {
        int moving = 0, disk = 0, started = 0;
        foreach (UploadRequest upload in _serving)
        {
            bool isMoving = !upload.IsWaitingForDisk && now - upload.MovedAt < ClientLimits.UploadStall;
            if (isMoving && upload.Lane is { IsStarting: true }) started++;
            else if (isMoving) moving += upload.Lane is { IsLong: true } ? 1 : 2;
            if (upload.NeedsDisk && (isMoving || upload.IsWaitingForDisk)) disk++;
        }
        foreach (UploadRequest upload in _waiting)
        {
            if (IsBegun(upload)) started++;
        }
        return (moving, disk, started);
    }

    private int SentOf(UploadRequest upload) => _sent.GetValueOrDefault(upload.ChunkIndex);
}
