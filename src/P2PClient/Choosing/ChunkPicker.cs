using System;
using System.Collections.Generic;
using System.Diagnostics;

namespace P2P.Client;

/// <summary>
/// Decides which chunk the client asks the tracker about next, and which chunk it fetches next from which peer: the
/// rarest chunk first, of equally rare ones any, and from the peer that has least to do for the client. When the
/// answer about a picked chunk is old, the tracker is asked again before the chunk is fetched, because better sources
/// appear all the time. Each chunk has one <see cref="ChunkStage"/>, and the peers of its last answer
/// (<see cref="KnownSources"/>). In memory only: no socket, no clock but the times it is given. Used on the loop's
/// thread.
/// </summary>
internal sealed class ChunkPicker
{
    private readonly ChunkStages _stages;
    private readonly KnownSources _sources;
    private readonly ReadyChunks _ready;
    private readonly ChunkQuestions _questions;
    private readonly BackOff _refreshAge;       // an older answer may have missed new sources
    private bool _isTrackerGone;                // the tracker can't be asked for now
    private TimeSpan _lookedForOldestAt;
    private TimeSpan _newsSince = TimeSpan.MaxValue;    // the tracker tells of new sources of chunks asked about since

    /// <summary>Makes a picker that has nothing yet.</summary>
    /// <param name="held">Indexes of the chunks that are held, from 1 to <paramref name="chunkCount"/>.</param>
    public ChunkPicker(int chunkCount, IEnumerable<int> held, Random random)
    {
        _stages = new ChunkStages(chunkCount, held);
        _sources = new KnownSources(chunkCount, random);
        _ready = new ReadyChunks(_stages, random);
        _questions = new ChunkQuestions(_stages, _ready, random);
        _refreshAge = new BackOff(ClientLimits.RefreshAgeMin, ClientLimits.RefreshAgeMax, factor: 9.0 / 8);
    }

    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount => _stages.ChunkCount;

    /// <summary>Chunks held.</summary>
    public int HaveCount => _stages.CountOf(ChunkStage.Have);

    public bool IsComplete => HaveCount == ChunkCount;

    /// <summary>How old an answer may be when its chunk is fetched; else the tracker is asked again first.</summary>
    public TimeSpan AnswerLife { get; set; } = ClientLimits.AnswerLifeMin;

    /// <summary>The state of one chunk; of an index outside the file-set, <see cref="ChunkState.Missing"/>.</summary>
    public ChunkState StateOf(int chunkIndex) => _stages.StateOf(chunkIndex);

    /// <summary>Takes the next chunk to ask the tracker about; the chunk is then <see cref="ChunkState.Asked"/>, or
    /// stays <see cref="ChunkState.InFlight"/>.</summary>
    public bool TryPickQuestion(TimeSpan now, out int chunkIndex)
    {
        bool isPicked = _questions.TryTake(now, out chunkIndex);
        Check();
        return isPicked;
    }

    /// <summary>The tracker has answered a question, or has added to an answer.</summary>
    /// <param name="chunkIndex">Any index; only the answer about a chunk that is not held matters.</param>
    /// <param name="sources">The peers that have the chunk and can be asked, each once; may be empty.</param>
    public void OnAnswer(int chunkIndex, Peer[] sources, TimeSpan now)
    {
        ChunkState state = StateOf(chunkIndex);
        if (state is ChunkState.Missing or ChunkState.Have) return;
        if (sources.Length == 0 && state != ChunkState.Asked) return;      // a late answer: a newer one listed sources
        if (sources.Length > AvailabilityOf(chunkIndex)) _refreshAge.Reset();      // others may have new sources, too
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

    /// <summary>A question got no answer in time, or its connection broke: the tracker is to be asked again.</summary>
    public void OnNoAnswer(int chunkIndex)
    {
        if (StateOf(chunkIndex) == ChunkState.Asked) _questions.AskAgain(chunkIndex);
    }

    /// <summary>The tracker tells of new sources from now on, without being asked (PROTOCOL 9.6); it may not have told
    /// of some so far.</summary>
    public void OnNewsBegin(TimeSpan now) => _newsSince = now;

    /// <summary>A chunk has a new source, which the tracker has not named: the last answer about the chunk is
    /// old.</summary>
    public void OnNews(int chunkIndex)
    {
        if (StateOf(chunkIndex) is ChunkState.Ready or ChunkState.InFlight) _sources.Outdate(chunkIndex);
    }

    /// <summary>The tracker can't be asked for now: its last answers count, however old they are.</summary>
    public void OnTrackerGone()
    {
        _isTrackerGone = true;
        _newsSince = TimeSpan.MaxValue;
        _questions.GiveUpRefreshing();
    }

    /// <summary>The tracker can be asked again.</summary>
    public void OnTrackerBack() => _isTrackerGone = false;

    /// <summary>A chunk has come, or a peer or a connection has changed: the tracker is asked soon about chunks that no
    /// peer had.</summary>
    public void OnChange(TimeSpan now) => _questions.OnChange(now);

    /// <summary>Picks a chunk to fetch, and the peer to fetch it from; the chunk is then
    /// <see cref="ChunkState.InFlight"/> until <see cref="OnFetched"/> or <see cref="Release"/>.</summary>
    /// <param name="freeDownloads">How many downloads could begin now: about as many picked chunks at most the tracker
    /// is asked again before they are fetched.</param>
    /// <returns>False if no chunk can be fetched now, perhaps because the tracker has yet to answer.</returns>
    public bool TryPick(TimeSpan now, int freeDownloads, out int chunkIndex, out Peer source)
    {
        bool isPicked = TryPickRefreshed(now, out chunkIndex, out source)
            || TryPickReady(now, freeDownloads, out chunkIndex, out source);
        if (isPicked)
        {
            Debug.Assert(source.HasRoom && source.PausedUntil <= now, "the source can't be asked now");
            _stages.Move(chunkIndex, ChunkStage.InFlight);
        }
        else if (RefreshingCount < Math.Min(freeDownloads, ClientLimits.RefreshedForSourcesMax)) RefreshOldest(now);
        Check();
        return isPicked;
    }

    /// <summary>Picks one more source for a chunk in flight.</summary>
    /// <param name="isTaken">Tells whether the chunk is being fetched from a peer.</param>
    public bool TryPickAnother(int chunkIndex, TimeSpan now, Func<Peer, bool> isTaken, out Peer source)
    {
        Debug.Assert(StateOf(chunkIndex) == ChunkState.InFlight, "the chunk is not in flight");
        bool isPicked = _sources.TryChooseAnother(chunkIndex, now, isTaken, out source);
        LookForSources(chunkIndex, now);
        return isPicked;
    }

    /// <summary>Lets the tracker be asked about a chunk in flight, if better sources may have appeared since its last
    /// answer.</summary>
    public void LookForSources(int chunkIndex, TimeSpan now)
    {
        Debug.Assert(StateOf(chunkIndex) == ChunkState.InFlight, "the chunk is not in flight");
        if (now - _sources.TimeOf(chunkIndex) > _refreshAge.Pause && !IsToldOf(chunkIndex))
            _questions.AskForMoreSources(chunkIndex);
    }

    /// <summary>A chunk in flight has arrived whole.</summary>
    public void OnFetched(int chunkIndex, TimeSpan now)
    {
        _questions.CancelMoreSources(chunkIndex);
        _stages.Move(chunkIndex, ChunkStage.Have);
        _sources.Forget(chunkIndex);
        _refreshAge.Reset();
        OnChange(now);
    }

    /// <summary>A chunk in flight has not arrived.</summary>
    /// <param name="avoid">A source whose copy is doubtful or wrong: if the tracker lists others, one of them is asked
    /// next.</param>
    public void Release(int chunkIndex, Peer? avoid)
    {
        Debug.Assert(StateOf(chunkIndex) == ChunkState.InFlight, "the chunk is not in flight");
        if (avoid is not null) _sources.Avoid(chunkIndex, avoid);
        _questions.CancelMoreSources(chunkIndex);
        _ready.Add(chunkIndex);
    }

    /// <summary>The file of a chunk that was held is gone, or is another one: the chunk is missing again.</summary>
    public void OnLost(int chunkIndex)
    {
        if (StateOf(chunkIndex) == ChunkState.Have) _questions.AskAgain(chunkIndex);
    }

    /// <summary>The number of sources in the last answer about a chunk.</summary>
    public int AvailabilityOf(int chunkIndex) => _sources.CountOf(chunkIndex);

    /// <summary>Tells whether a chunk is not held, and the last answer listed no source for it.</summary>
    public bool IsUnheld(int chunkIndex) => StateOf(chunkIndex) != ChunkState.Have && _sources.IsNone(chunkIndex);

    /// <summary>The number of chunks that are not held and have sources, of which each has failed last.</summary>
    public int CountRefused(TimeSpan now)
    {
        int count = 0;
        for (int chunkIndex = 1; chunkIndex <= ChunkCount; chunkIndex++)
        {
            if (_sources.HaveAllFailed(chunkIndex, now)) count++;
        }
        return count;
    }

    // Chunks that were picked, and that the tracker is to be asked about first or has yet to answer about.
    private int RefreshingCount => _stages.CountOf(ChunkStage.Stale) + _stages.CountOf(ChunkStage.Refreshing);

    // A chunk that was picked before, and about which the tracker has answered since.
    private bool TryPickRefreshed(TimeSpan now, out int chunkIndex, out Peer source)
    {
        while (_ready.TryTakeRefreshed(out chunkIndex))
        {
            if (_sources.TryChoose(chunkIndex, now, out source, out bool mayAsk)) return true;
            if (mayAsk) _ready.Add(chunkIndex);
            else _questions.AskLater(chunkIndex, now);
        }
        source = null!;
        return false;
    }

    // The rarest chunk, if the answer about it is fresh. If it is not, the tracker is asked again, and the next rarest
    // chunk has its turn.
    private bool TryPickReady(TimeSpan now, int freeDownloads, out int chunkIndex, out Peer source)
    {
        while (RefreshingCount < freeDownloads && TryFindRarest(now, out int place, out source))
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

    // The rarest chunk with a source that has room. Of equally rare chunks one with a fresh answer is found, and of
    // those the first one: the list is in random order. Chunks whose sources all pause leave the list.
    private bool TryFindRarest(TimeSpan now, out int place, out Peer source)
    {
        place = -1;
        source = null!;
        int rarest = int.MaxValue;
        bool isFresh = false;
        if (_sources.AreAllBusy(now)) return false;
        for (int i = _ready.Count - 1; i >= 0 && !(rarest == 1 && isFresh); i--)
        {
            int chunkIndex = _ready[i], availability = _sources.CountOf(chunkIndex);
            Debug.Assert(availability > 0, "a chunk without a source is ready");
            bool fresh = IsFresh(chunkIndex, now);
            if (availability > rarest || (availability == rarest && (isFresh || !fresh))) continue;
            if (!_sources.HasFree(chunkIndex, now, out bool mayAsk))
            {
                if (mayAsk) continue;
                _ready.RemoveAt(i);
                if (place == _ready.Count) place = i;       // the last chunk has moved to i
                _questions.AskLater(chunkIndex, now);
                continue;
            }
            (place, rarest, isFresh) = (i, availability, fresh);
        }
        return place >= 0 && _sources.TryChoose(_ready[place], now, out source, out _);
    }

    // More downloads could run, but all known sources are busy. The tracker is asked again about one chunk, the one
    // with the oldest answer, because new sources may have appeared.
    private void RefreshOldest(TimeSpan now)
    {
        if (_isTrackerGone || now - _lookedForOldestAt < ClientLimits.Tick) return;
        _lookedForOldestAt = now;
        int oldest = -1;
        for (int i = 0; i < _ready.Count; i++)
        {
            if (oldest < 0 || _sources.TimeOf(_ready[i]) < _sources.TimeOf(_ready[oldest])) oldest = i;
        }
        if (oldest < 0) return;
        int chunkIndex = _ready[oldest];
        if (now - _sources.TimeOf(chunkIndex) <= _refreshAge.Pause || IsToldOf(chunkIndex)) return;
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
        _isTrackerGone || now - _sources.TimeOf(chunkIndex) <= AnswerLife || IsToldOf(chunkIndex);

    // If there were new sources, the tracker would have said so.
    private bool IsToldOf(int chunkIndex) => _sources.TimeOf(chunkIndex) >= _newsSince
        && _sources.CountOf(chunkIndex) < Limits.NewsSourcesMax;
}
