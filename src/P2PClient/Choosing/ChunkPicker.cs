using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// Decides which chunk to ask the tracker for, and which to fetch from which peer: the rarest first, ties at random,
/// and the sources evenly. The tracker is asked again for an answer that has grown old just before its chunk is
/// fetched, since better sources appear all the time. The picker knows of a chunk its <see cref="ChunkStage"/> and its
/// <see cref="KnownSources"/>. In memory only: no socket, no clock but the times it is given. Used on the loop's
/// thread.
/// </summary>
internal sealed class ChunkPicker
{
    private readonly ChunkStages _stages;
    private readonly KnownSources _sources;
    private readonly ReadyChunks _ready;
    private readonly ChunkQuestions _questions;
    private readonly BackOff _refreshAge =      // of an answer, before new sources are looked for
        new(ClientLimits.RefreshAgeMin, ClientLimits.RefreshAgeMax, factor: 9.0 / 8);
    private bool _isTrackerGone;

    /// <summary>Makes a picker that has nothing yet.</summary>
    /// <param name="held">Indexes of the chunks that are held, from 1 to <paramref name="chunkCount"/>.</param>
    public ChunkPicker(int chunkCount, IEnumerable<int> held, Random random)
    {
        _stages = new ChunkStages(chunkCount, held);
        _sources = new KnownSources(chunkCount, random);
        _ready = new ReadyChunks(_stages, random);
        _questions = new ChunkQuestions(_stages, _ready, random);
    }

    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount => _stages.ChunkCount;

    /// <summary>Chunks held.</summary>
    public int HaveCount => _stages.CountOf(ChunkStage.Have);

    public bool IsComplete => HaveCount == ChunkCount;

    /// <summary>How old an answer may be to be acted upon.</summary>
    public TimeSpan AnswerLife { get; set; } = ClientLimits.AnswerLifeMin;

    /// <summary>The state of one chunk; of an index outside the file-set, <see cref="ChunkState.Missing"/>.</summary>
    public ChunkState StateOf(int chunkIndex) => _stages.StateOf(chunkIndex);

    /// <summary>Takes the next chunk to ask the tracker for; it is then <see cref="ChunkState.Asked"/>, or stays
    /// <see cref="ChunkState.InFlight"/>.</summary>
    public bool TryPickQuestion(TimeSpan now, out int chunkIndex)
    {
        bool isPicked = _questions.TryTake(now, out chunkIndex);
        Check();
        return isPicked;
    }

    /// <summary>The tracker has answered, or has added to an answer.</summary>
    /// <param name="chunkIndex">Any index; only a chunk that is looked for matters.</param>
    /// <param name="sources">The peers that have the chunk, each once; none if no peer is known to.</param>
    public void OnAnswer(int chunkIndex, Peer[] sources, TimeSpan now)
    {
        ChunkState state = StateOf(chunkIndex);
        if (state is ChunkState.Missing or ChunkState.Have) return;
        if (sources.Length == 0 && state != ChunkState.Asked) return;      // a late answer; a newer one knew more
        if (sources.Length > AvailabilityOf(chunkIndex)) _refreshAge.Reset();     // other chunks may have new ones, too
        else _refreshAge.Grow();
        bool isNews = sources.Length > 0 && (state == ChunkState.Unknown || _sources.IsNone(chunkIndex));
        _sources.Set(chunkIndex, sources, now);
        if (state is ChunkState.Ready or ChunkState.InFlight) return;

        if (sources.Length == 0)
        {
            _questions.AskLater(chunkIndex, now);
            return;
        }
        if (state == ChunkState.Unknown) _questions.RemoveUnknown(chunkIndex);
        if (isNews) OnChange(now);
        if (_stages[chunkIndex] == ChunkStage.Refreshing) _ready.AddRefreshed(chunkIndex);
        else _ready.Add(chunkIndex);
        Check();
    }

    /// <summary>A question is to be asked again: it stayed without an answer, or its connection broke.</summary>
    public void OnNoAnswer(int chunkIndex)
    {
        if (StateOf(chunkIndex) == ChunkState.Asked) _questions.AskAgain(chunkIndex);
    }

    /// <summary>The tracker can't be asked for now: what it said last counts, however old it is.</summary>
    public void OnTrackerGone()
    {
        _isTrackerGone = true;
        _questions.GiveUpRefreshing();
    }

    /// <summary>The tracker can be asked again.</summary>
    public void OnTrackerBack() => _isTrackerGone = false;

    /// <summary>Something has changed: chunks that no peer had are worth a question soon.</summary>
    public void OnChange(TimeSpan now) => _questions.OnChange(now);

    /// <summary>Picks a chunk to fetch, and from which peer; it is then <see cref="ChunkState.InFlight"/> until
    /// <see cref="OnFetched"/> or <see cref="Release"/>.</summary>
    /// <param name="freeDownloads">How many downloads could be started now: the tracker is asked again about as many
    /// chunks at most.</param>
    /// <returns>False if no chunk can be fetched now, perhaps because its answer is awaited.</returns>
    public bool TryPick(TimeSpan now, int freeDownloads, out int chunkIndex, out Peer source)
    {
        bool isPicked = TryPickRefreshed(now, out chunkIndex, out source)
            || TryPickReady(now, freeDownloads, out chunkIndex, out source);
        if (isPicked)
        {
            Debug.Assert(source.HasRoom && source.PausedUntil <= now, "the source can't be asked now");
            _stages.Move(chunkIndex, ChunkStage.InFlight);
        }
        else if (BeingRefreshed < Math.Min(freeDownloads, ClientLimits.RefreshedForSourcesMax)) RefreshOldest(now);
        Check();
        return isPicked;
    }

    /// <summary>Picks another source for a chunk in flight, which it stays.</summary>
    /// <param name="isTaken">Tells of a peer whether the chunk is being fetched from it.</param>
    public bool TryPickAnother(int chunkIndex, TimeSpan now, Func<Peer, bool> isTaken, out Peer source)
    {
        Debug.Assert(StateOf(chunkIndex) == ChunkState.InFlight, "the chunk is not in flight");
        bool isPicked = _sources.TryChooseAnother(chunkIndex, now, isTaken, out source);
        // Better ones may have appeared meanwhile.
        if (now - _sources.TimeOf(chunkIndex) > _refreshAge.Pause) _questions.AskForMore(chunkIndex);
        return isPicked;
    }

    /// <summary>A chunk in flight has arrived whole.</summary>
    public void OnFetched(int chunkIndex, TimeSpan now)
    {
        _questions.DropAskForMore(chunkIndex);
        _stages.Move(chunkIndex, ChunkStage.Have);
        _sources.Forget(chunkIndex);
        _refreshAge.Reset();
        OnChange(now);
    }

    /// <summary>A chunk in flight has not arrived.</summary>
    /// <param name="avoid">A source whose copy is doubtful: where another is listed, it is asked next.</param>
    public void Release(int chunkIndex, Peer? avoid)
    {
        Debug.Assert(StateOf(chunkIndex) == ChunkState.InFlight, "the chunk is not in flight");
        if (avoid is not null) _sources.Avoid(chunkIndex, avoid);
        _questions.DropAskForMore(chunkIndex);
        _ready.Add(chunkIndex);
    }

    /// <summary>A chunk that was held is no longer there, and is looked for again.</summary>
    public void OnLost(int chunkIndex)
    {
        if (StateOf(chunkIndex) == ChunkState.Have) _questions.AskAgain(chunkIndex);
    }

    /// <summary>The number of sources that the last answer listed for a chunk.</summary>
    public int AvailabilityOf(int chunkIndex) => _sources.CountOf(chunkIndex);

    /// <summary>Tells whether no peer is known to have a chunk that is looked for.</summary>
    public bool IsUnheld(int chunkIndex) => StateOf(chunkIndex) != ChunkState.Have && _sources.IsNone(chunkIndex);

    /// <summary>The number of chunks that are looked for, but whose sources all pause, or have failed.</summary>
    public int CountRefused(TimeSpan now)
    {
        int count = 0;
        for (int chunkIndex = 1; chunkIndex <= ChunkCount; chunkIndex++)
        {
            if (_sources.AllRefuse(chunkIndex, now)) count++;
        }
        return count;
    }

    // The number of chunks that were picked and wait for an answer.
    private int BeingRefreshed => _stages.CountOf(ChunkStage.Stale) + _stages.CountOf(ChunkStage.Refreshing);

    // A chunk that was picked before, and whose answer has come.
    private bool TryPickRefreshed(TimeSpan now, out int chunkIndex, out Peer source)
    {
        while (_ready.TryTakeRefreshed(out chunkIndex))
        {
            if (_sources.TryChoose(chunkIndex, now, out source, out bool isHopeless)) return true;
            if (isHopeless) _questions.AskLater(chunkIndex, now);
            else _ready.Add(chunkIndex);
        }
        source = null!;
        return false;
    }

    // The rarest chunk, if its answer is fresh; for one that isn't the tracker is asked first.
    private bool TryPickReady(TimeSpan now, int freeDownloads, out int chunkIndex, out Peer source)
    {
        while (BeingRefreshed < freeDownloads && TryFindRarest(now, out int place, out source))
        {
            chunkIndex = _ready[place];
            _ready.RemoveAt(place);
            if (IsFresh(chunkIndex, now)) return true;
            _questions.Refresh(chunkIndex);
        }
        chunkIndex = 0;
        source = null!;
        return false;
    }

    // The rarest chunk with a source that has room; of several, one whose answer is fresh, and of these any: the first
    // found, since they stand in no order.
    private bool TryFindRarest(TimeSpan now, out int place, out Peer source)
    {
        place = -1;
        source = null!;
        int rarest = int.MaxValue;
        bool isFresh = false;
        for (int i = _ready.Count - 1; i >= 0; i--)
        {
            int chunkIndex = _ready[i], availability = _sources.CountOf(chunkIndex);
            Debug.Assert(availability > 0, "a chunk without a source is ready");
            bool fresh = IsFresh(chunkIndex, now);
            if (availability > rarest || (availability == rarest && (isFresh || !fresh))) continue;
            if (!_sources.HasFree(chunkIndex, now, out bool isHopeless))
            {
                if (!isHopeless) continue;
                _ready.RemoveAt(i);
                if (place == _ready.Count) place = i;       // the last one has moved here
                _questions.AskLater(chunkIndex, now);
                continue;
            }
            (place, rarest, isFresh) = (i, availability, fresh);
        }
        return place >= 0 && _sources.TryChoose(_ready[place], now, out source, out _);
    }

    // All known sources are busy, and more downloads could run: the tracker is asked whether new ones have appeared,
    // for one chunk at a time, the one with the oldest answer first.
    private void RefreshOldest(TimeSpan now)
    {
        int oldest = -1;
        for (int i = 0; i < _ready.Count; i++)
        {
            if (oldest < 0 || _sources.TimeOf(_ready[i]) < _sources.TimeOf(_ready[oldest])) oldest = i;
        }
        if (oldest < 0 || _isTrackerGone) return;
        int chunkIndex = _ready[oldest];
        if (now - _sources.TimeOf(chunkIndex) <= _refreshAge.Pause) return;
        _ready.RemoveAt(oldest);
        _questions.Refresh(chunkIndex);
    }

    [Conditional("DEBUG")]
    private void Check()
    {
        _stages.Check();
        _ready.Check();
        _questions.Check();
    }

    private bool IsFresh(int chunkIndex, TimeSpan now) =>
        _isTrackerGone || now - _sources.TimeOf(chunkIndex) <= AnswerLife;
}
