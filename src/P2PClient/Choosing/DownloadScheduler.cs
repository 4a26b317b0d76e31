using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>One attempt to fetch a chunk from a peer: the facts that <see cref="DownloadScheduler"/> decides by.
/// </summary>
internal sealed class Download(int chunkIndex, Peer peer, int sourcesKnown, bool isSecond, TimeSpan startedAt)
{
    public int ChunkIndex => chunkIndex;

    public Peer Peer => peer;

    /// <summary>The number of the chunk's sources that were known when the download began.</summary>
    public int SourcesKnown => sourcesKnown;

    /// <summary>Another download of the same chunk was running when this one began.</summary>
    public bool IsSecond => isSecond;

    /// <summary>When the download began.</summary>
    public TimeSpan StartedAt => startedAt;

    /// <summary>The chunk comes over a lane.</summary>
    public bool IsOnLane { get; } = peer.UsesLane;

    /// <summary>How long the peer's answers take because of its distance.</summary>
    public TimeSpan Delay => IsOnLane ? 2 * peer.Window.RoundTrip : TimeSpan.Zero;

    /// <summary>Bytes that have come so far.</summary>
    public long Received
    {
        get;
        set
        {
            Debug.Assert(value >= field, "bytes that have come are gone");
            field = value;
        }
    }

    /// <summary>The chunk has come from another peer.</summary>
    public bool IsSuperfluous { get; set; }

    /// <summary>The client no longer waits for the download, because another source has the chunk.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Another source has been asked for the same chunk because this one is slow.</summary>
    public bool HasBackup { get; set; }

    /// <summary>The chunk is still wanted from this download.</summary>
    public bool IsWanted => !IsSuperfluous && !IsGivenUp;

    /// <summary>The download brings so few bytes a second that its chunk is worth another source.</summary>
    public bool IsSlow(TimeSpan now, long bytesPerSecond)
    {
        TimeSpan age = now - startedAt;
        return age > ClientLimits.SlowAfter && Received < age.TotalSeconds * bytesPerSecond;
    }

    /// <summary>No byte has come for longer than a peer needs that serves at once: the request waits in the peer's
    /// queue.</summary>
    public bool IsWaiting(TimeSpan now) => Received == 0 && now - startedAt > ClientLimits.FastChunkTime + Delay;
}

/// <summary>
/// Decides when to begin which download, and when to give up a download that waits in a peer's queue and ask another
/// peer instead. In memory only: no socket, no clock but the times it is given.
/// </summary>
/// <param name="mayGiveUp">No peer is a stranger's, so a download may be given up for a better source; else only one
/// over a lane may.</param>
/// <param name="downloadsMax">Downloads at the same time, but for those over lanes.</param>
/// <param name="slowBytesPerSecond">A download that brings fewer is slow.</param>
internal sealed class DownloadScheduler(
    ChunkPicker picker, bool mayGiveUp, int downloadsMax = ClientLimits.DownloadsMax,
    long slowBytesPerSecond = ClientLimits.SlowBytesPerSecond)
{
    private readonly List<Download> _running = [];
    private TimeSpan _usualTime;        // of chunks over lanes, from the request to the last byte; zero: not known
    private double _usualRate;          // of the same, in bytes a second

    /// <summary>Downloads that run, those that are no longer wanted included.</summary>
    public IReadOnlyList<Download> Running => _running;

    /// <summary>Begins a download, if there is one to begin now.</summary>
    /// <param name="instead">The download that is given up for it, or null.</param>
    public bool TryBegin(TimeSpan now, out Download next, out Download? instead)
    {
        instead = null;
        int free = _running.Count < ClientLimits.LaneDownloadsMax ? downloadsMax - CountBusy(now) : 0;
        if (free > 0 && picker.TryPick(now, free, out int chunkIndex, out Peer peer))
        {
            next = Begin(chunkIndex, peer, now);
        }
        else if (free > 0 && TryPickBackup(now, out Download slow, out peer))
        {
            next = Begin(slow.ChunkIndex, peer, now);
        }
        else if (TryGiveUpWaiting(now, out instead, out peer))
        {
            next = Begin(instead!.ChunkIndex, peer, now);
        }
        else
        {
            next = null!;
            return false;
        }
        return true;
    }

    /// <summary>A download is over.</summary>
    public void End(Download download)
    {
        bool isRemoved = _running.Remove(download);
        Debug.Assert(isRemoved, "a download ends twice");
        download.Peer.Downloads--;
    }

    /// <summary>A chunk has come: other downloads of it are superfluous, and given up if no peer is a stranger's.
    /// </summary>
    public void OnFetched(Download fetched, TimeSpan now)
    {
        if (fetched.IsOnLane) Measure(fetched, now - fetched.StartedAt);
        foreach (Download download in _running)
        {
            if (download.ChunkIndex != fetched.ChunkIndex) continue;
            download.IsSuperfluous = true;
            download.IsGivenUp |= MayGiveUp(download);
        }
    }

    /// <summary>A download of a chunk has failed. The chunk stays in flight as long as another download of it runs.
    /// </summary>
    /// <param name="avoid">A source whose copy is doubtful or wrong; null if there is none.</param>
    public void Release(int chunkIndex, Peer? avoid)
    {
        if (CountRunning(chunkIndex) == 0) picker.Release(chunkIndex, avoid);
        foreach (Download other in _running)
        {
            if (other.ChunkIndex == chunkIndex) other.HasBackup = false;
        }
    }

    private Download Begin(int chunkIndex, Peer peer, TimeSpan now)
    {
        Debug.Assert(peer.HasRoom, $"{peer} has no room for another download");
        Debug.Assert(picker.StateOf(chunkIndex) == ChunkState.InFlight, $"chunk {chunkIndex} is not in flight");
        peer.Downloads++;
        peer.Requests++;
        bool isSecond = CountRunning(chunkIndex) > 0;
        var download = new Download(chunkIndex, peer, picker.AvailabilityOf(chunkIndex), isSecond, now);
        _running.Add(download);
        return download;
    }

    // No other chunk can be fetched now, so a chunk that comes slowly is fetched from another source as well.
    private bool TryPickBackup(TimeSpan now, out Download slow, out Peer another)
    {
        foreach (Download download in _running)
        {
            if (!download.IsWanted || download.HasBackup || (MayGiveUp(download) && download.Received == 0)) continue;
            bool isSlow = IsSlow(download, now);
            if (!isSlow && !IsLate(download, now)) continue;
            if (!TryPickAnother(download, now, out another) || (!isSlow && another.Downloads > 0)) continue;
            slow = download;
            return slow.HasBackup = true;
        }
        (slow, another) = (null!, null!);
        return false;
    }

    // While a download waits in one peer's queue, other peers may have got its chunk.
    private bool TryGiveUpWaiting(TimeSpan now, out Download? waiting, out Peer another)
    {
        foreach (Download download in _running)
        {
            if (!MayGiveUp(download) || !download.IsWanted || !download.IsWaiting(now)) continue;
            int sources = picker.AvailabilityOf(download.ChunkIndex);
            bool hasNewSource = sources > download.SourcesKnown && sources <= ClientLimits.FewSources;
            bool isOld = now - download.StartedAt >= ClientLimits.QueueTimeout + download.Delay;
            if (!(hasNewSource || isOld))
            {
                picker.LookForSources(download.ChunkIndex, now);
                continue;
            }
            if (!TryPickAnother(download, now, out another)) continue;
            // A request that is taken back too late costs the peer time: it must pay. A peer that is asked for nothing
            // has time to spare.
            int waitingMax = download.IsOnLane && download.Peer.Window.Waiting is { } wait && !IsLate(download, now)
                ? Math.Max(wait - 2, another.Downloads > 0 ? -1 : 0)
                : int.MaxValue;
            if ((another.Window.Waiting ?? 0) > waitingMax) continue;
            Debug.Assert(download.Received == 0, "a download that has bytes is given up");
            waiting = download;
            return waiting.IsGivenUp = true;
        }
        (waiting, another) = (null, null!);
        return false;
    }

    private bool TryPickAnother(Download download, TimeSpan now, out Peer another) =>
        picker.TryPickAnother(download.ChunkIndex, now, peer => IsFetching(download.ChunkIndex, peer), out another);

    private bool IsFetching(int chunkIndex, Peer peer) =>
        peer.Downloads > 0 && _running.Exists(download => download.ChunkIndex == chunkIndex && download.Peer == peer);

    private int CountRunning(int chunkIndex)
    {
        int count = 0;
        foreach (Download download in _running)
        {
            if (download.IsWanted && download.ChunkIndex == chunkIndex) count++;
        }
        return count;
    }

    private bool IsSlow(Download download, TimeSpan now) => download.IsSlow(now, slowBytesPerSecond);

    private void Measure(Download fetched, TimeSpan took)
    {
        int weight = _usualTime == TimeSpan.Zero ? 1 : ClientLimits.UsualChunks;
        _usualTime += (took - _usualTime) / weight;
        _usualRate += (fetched.Received / Math.Max(took.TotalSeconds, 1e-6) - _usualRate) / weight;
    }

    // Its lane has become slow, for this chunk or for one before it; a chunk may also be larger than others.
    private bool IsLate(Download download, TimeSpan now)
    {
        TimeSpan age = now - download.StartedAt;
        return download.IsOnLane && _usualTime > TimeSpan.Zero
            && age > 2 * _usualTime + ClientLimits.FastChunkTime + download.Delay
            && download.Received < age.TotalSeconds * _usualRate / 4;
    }

    private bool MayGiveUp(Download download) => mayGiveUp || download.IsOnLane;

    // Slow downloads don't count: however many of them run, the client goes on fetching from other peers. Nor do those
    // over lanes, which have a limit of their own (LaneWindow).
    private int CountBusy(TimeSpan now)
    {
        int count = 0;
        foreach (Download download in _running)
        {
            if (download.IsWanted && !download.IsOnLane && !IsSlow(download, now)) count++;
        }
        return count;
    }
}
