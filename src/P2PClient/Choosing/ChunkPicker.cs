using System;
using System.Collections.Generic;

namespace P2P.Client;

/// <summary>What is known of a chunk. Each is in exactly one of these states.</summary>
internal enum ChunkState : byte
{
    /// <summary>Not held, and the tracker hasn't been asked yet, or is to be asked again.</summary>
    Missing,

    /// <summary>The tracker has been asked, and has not answered.</summary>
    Asked,

    /// <summary>Nobody had it who could be asked; it is asked for again after a pause.</summary>
    Unknown,

    /// <summary>Its sources are known.</summary>
    Ready,

    /// <summary>It is being fetched.</summary>
    InFlight,

    /// <summary>It is held, whole.</summary>
    Have,
}

/// <summary>
/// Decides which chunk to ask the tracker for, and which to fetch from whom: rarest first, ties at random, sources taken
/// evenly, those that failed last. Of the chunks missing, some are asked for ahead, to choose from; an answer that has
/// grown old is asked for again just before its chunk is fetched, since better sources appear all the time.
/// In memory only: no socket, no clock but the times it is given. Used on the loop's thread.
/// </summary>
internal sealed class ChunkPicker
{
    private readonly ChunkState[] _states;          // by index; [0] is unused
    private readonly Answer[] _answers;             // of chunks that are Ready, and the last known of others
    private readonly Random _random;
    private readonly List<int> _missing = [];       // never asked for, in random order, taken from the end
    private readonly Queue<int> _again = new();     // to be asked for before the missing ones
    private readonly Queue<int> _unknownAgain = new();      // nobody had them, and they are due
    private bool _isTurnOfNew;
    private readonly Queue<int> _curious = new();   // in flight, and asked about for more sources
    private readonly List<int> _ready = [];
    private readonly List<int> _chosen = [];        // ready, and asked about a moment ago to be fetched now
    private readonly HashSet<int> _refreshing = []; // asked about because they were picked
    private readonly UnknownChunks _unknown;
    private readonly Action<int> _askUnknownAgain;
    private readonly Dictionary<int, Peer> _avoided = [];
    private int _answered;          // chunks with known sources
    private TimeSpan _curiousPause = ClientLimits.CuriousPauseMin;
    private bool _isTrackerGone;

    /// <summary>Makes a picker that has nothing yet.</summary>
    public ChunkPicker(int chunkCount, IEnumerable<int> held, Random random)
    {
        _states = new ChunkState[chunkCount + 1];
        _answers = new Answer[chunkCount + 1];
        _random = random;
        _unknown = new UnknownChunks(random);
        _askUnknownAgain = chunkIndex =>
        {
            _states[chunkIndex] = ChunkState.Missing;
            _unknownAgain.Enqueue(chunkIndex);
        };
        foreach (int chunkIndex in held) _states[chunkIndex] = ChunkState.Have;
        for (int chunkIndex = 1; chunkIndex <= chunkCount; chunkIndex++)
        {
            if (_states[chunkIndex] == ChunkState.Have) HaveCount++;
            else _missing.Add(chunkIndex);
        }
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_missing));
    }

    /// <summary>Chunks of the file-set.</summary>
    public int ChunkCount => _states.Length - 1;

    /// <summary>Chunks held.</summary>
    public int HaveCount { get; private set; }

    public bool IsComplete => HaveCount == ChunkCount;

    /// <summary>How old an answer may be to be acted upon.</summary>
    public TimeSpan AnswerLife { get; set; } = ClientLimits.AnswerLifeMin;

    /// <summary>The state of one chunk; of an index that is none, <see cref="ChunkState.Missing"/>.</summary>
    public ChunkState StateOf(int chunkIndex) =>
        chunkIndex >= 1 && chunkIndex <= ChunkCount ? _states[chunkIndex] : ChunkState.Missing;

    /// <summary>Takes the next chunk to ask the tracker for; it is then <see cref="ChunkState.Asked"/>.</summary>
    public bool TryPickQuestion(TimeSpan now, out int chunkIndex)
    {
        _unknown.TakeDue(now, _askUnknownAgain);
        while (_curious.TryDequeue(out chunkIndex))
        {
            if (_states[chunkIndex] == ChunkState.InFlight) return true;        // and it stays so
        }
        if (!_again.TryDequeue(out chunkIndex) && !TryTakeTurn(out chunkIndex)) return false;
        _states[chunkIndex] = ChunkState.Asked;
        return true;
    }

    // Those that nobody had, and those never asked for, in turns: where a tracker is slow, neither keeps the other waiting.
    private bool TryTakeTurn(out int chunkIndex)
    {
        bool mayTakeNew = _missing.Count > 0 && _ready.Count < ClientLimits.AskedAheadMax;
        _isTurnOfNew = !_isTurnOfNew && mayTakeNew;
        if (!_isTurnOfNew && _unknownAgain.TryDequeue(out chunkIndex)) return true;
        chunkIndex = 0;
        if (!mayTakeNew) return false;
        chunkIndex = _missing[^1];
        _missing.RemoveAt(_missing.Count - 1);
        return true;
    }

    /// <summary>The tracker has answered, or has added to an answer.</summary>
    /// <param name="chunkIndex">Any index; only a chunk that is looked for matters.</param>
    /// <param name="sources">Who has it, each once; none if nobody is known.</param>
    public void OnAnswer(int chunkIndex, Peer[] sources, TimeSpan now)
    {
        ChunkState state = StateOf(chunkIndex);
        if (state is ChunkState.Missing or ChunkState.Have) return;
        if (sources.Length == 0 && state != ChunkState.Asked) return;      // a late answer; a newer one knew more
        // Better sources may appear for others, too.
        _curiousPause = sources.Length > AvailabilityOf(chunkIndex)
            ? ClientLimits.CuriousPauseMin
            : Min(_curiousPause * 9 / 8, ClientLimits.UnknownPauseMax);
        bool isNews = sources.Length > 0 && (state == ChunkState.Unknown || _answers[chunkIndex].Sources is { Length: 0 });
        SetAnswer(chunkIndex, new Answer(sources, now));
        if (state is ChunkState.Ready or ChunkState.InFlight) return;

        bool wasPicked = _refreshing.Remove(chunkIndex);
        if (sources.Length == 0)
        {
            SetUnknown(chunkIndex, now);
            return;
        }
        if (state == ChunkState.Unknown) _unknown.Remove(chunkIndex);
        if (isNews) OnChange(now);
        _states[chunkIndex] = ChunkState.Ready;
        if (wasPicked) _chosen.Add(chunkIndex);
        else AddReady(chunkIndex);
    }

    /// <summary>A question is to be asked again: it stayed without an answer, or its connection broke.</summary>
    public void OnNoAnswer(int chunkIndex)
    {
        if (StateOf(chunkIndex) == ChunkState.Asked) AskAgain(chunkIndex);
    }

    /// <summary>The tracker can't be asked for now: what it said last counts, however old it is.</summary>
    public void OnTrackerGone()
    {
        _isTrackerGone = true;
        for (int count = _again.Count; count > 0; count--)
        {
            int chunkIndex = _again.Dequeue();
            if (!_refreshing.Remove(chunkIndex)) _again.Enqueue(chunkIndex);
            else
            {
                _states[chunkIndex] = ChunkState.Ready;
                AddReady(chunkIndex);
            }
        }
    }

    /// <summary>The tracker can be asked again.</summary>
    public void OnTrackerBack() => _isTrackerGone = false;

    /// <summary>Something has changed: chunks that nobody had are worth a question soon.</summary>
    public void OnChange(TimeSpan now) => _unknown.OnChange(now);

    /// <summary>Picks a chunk to fetch, and from whom; it is then <see cref="ChunkState.InFlight"/> until
    /// <see cref="OnFetched"/> or <see cref="Release"/>.</summary>
    /// <param name="freeDownloads">How many could be started now: as many chunks at most are asked about again for it.</param>
    /// <returns>False if none can be fetched now, perhaps because its answer is awaited.</returns>
    public bool TryPick(TimeSpan now, int freeDownloads, out int chunkIndex, out Peer source)
    {
        for (int i = _chosen.Count - 1; i >= 0; i--)
        {
            chunkIndex = _chosen[i];
            _chosen.RemoveAt(i);
            if (TryPickSource(chunkIndex, now, out source, out bool isHopeless))
            {
                _states[chunkIndex] = ChunkState.InFlight;
                return true;
            }
            if (isHopeless) SetUnknown(chunkIndex, now);
            else AddReady(chunkIndex);
        }

        while (_refreshing.Count < freeDownloads && TryPickRarest(now, out int place, out source))
        {
            chunkIndex = _ready[place];
            RemoveReady(place);
            if (IsFresh(chunkIndex, now))
            {
                _states[chunkIndex] = ChunkState.InFlight;
                return true;
            }
            _refreshing.Add(chunkIndex);
            AskAgain(chunkIndex);
        }
        if (_refreshing.Count < Math.Min(freeDownloads, ClientLimits.CuriousMax)) AskAboutABusyOne(now);
        chunkIndex = 0;
        source = null!;
        return false;
    }

    /// <summary>Picks another source for a chunk in flight, which it stays.</summary>
    /// <param name="isTaken">Tells of a peer whether the chunk is being fetched from it.</param>
    public bool TryPickAnother(int chunkIndex, TimeSpan now, Func<Peer, bool> isTaken, out Peer source)
    {
        source = null!;
        int ties = 0;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (peer.PausedUntil <= now && peer.HasRoom && !isTaken(peer)) Choose(peer, ref source, ref ties);
        }
        // Better ones may have appeared meanwhile.
        if (now - _answers[chunkIndex].Time > _curiousPause && !_curious.Contains(chunkIndex)) _curious.Enqueue(chunkIndex);
        return source is not null;
    }

    /// <summary>A chunk in flight has arrived whole.</summary>
    public void OnFetched(int chunkIndex, TimeSpan now)
    {
        _states[chunkIndex] = ChunkState.Have;
        SetAnswer(chunkIndex, default);
        _avoided.Remove(chunkIndex);
        HaveCount++;
        _curiousPause = ClientLimits.CuriousPauseMin;
        OnChange(now);
    }

    /// <summary>A chunk in flight has not arrived.</summary>
    /// <param name="avoid">A source whose copy is doubtful: where another is listed, it is asked next.</param>
    public void Release(int chunkIndex, Peer? avoid)
    {
        if (avoid is not null) _avoided[chunkIndex] = avoid;
        _states[chunkIndex] = ChunkState.Ready;
        AddReady(chunkIndex);
    }

    /// <summary>A chunk that was held is no longer there, and is looked for again.</summary>
    public void OnLost(int chunkIndex)
    {
        if (StateOf(chunkIndex) != ChunkState.Have) return;
        HaveCount--;
        AskAgain(chunkIndex);
    }

    /// <summary>The number of sources that the last answer listed for a chunk.</summary>
    public int AvailabilityOf(int chunkIndex) => _answers[chunkIndex].Sources?.Length ?? 0;

    /// <summary>Tells whether nobody is known to have a chunk that is looked for.</summary>
    public bool IsUnheld(int chunkIndex) => StateOf(chunkIndex) != ChunkState.Have && _answers[chunkIndex].Sources is { Length: 0 };

    /// <summary>Chunks that are looked for, but whose sources all pause.</summary>
    public int CountRefused(TimeSpan now)
    {
        int count = 0;
        for (int chunkIndex = 1; chunkIndex <= ChunkCount; chunkIndex++)
        {
            if (AvailabilityOf(chunkIndex) > 0 && Array.TrueForAll(_answers[chunkIndex].Sources, peer => peer.PausedUntil > now || peer.IsDoubtful)) count++;
        }
        return count;
    }

    // Every source known is busy, and there would be time for more: see whether new ones have appeared, one chunk at a
    // time, the one first that was not asked about for longest.
    private void AskAboutABusyOne(TimeSpan now)
    {
        int oldest = -1;
        for (int i = 0; i < _ready.Count; i++)
        {
            if (oldest < 0 || _answers[_ready[i]].Time < _answers[_ready[oldest]].Time) oldest = i;
        }
        if (oldest < 0 || _isTrackerGone) return;
        int chunkIndex = _ready[oldest];
        if (now - _answers[chunkIndex].Time <= _curiousPause) return;
        RemoveReady(oldest);
        _refreshing.Add(chunkIndex);
        AskAgain(chunkIndex);
    }

    private bool IsFresh(int chunkIndex, TimeSpan now) => _isTrackerGone || now - _answers[chunkIndex].Time <= AnswerLife;

    // The rarest chunk with a source that has room; of several, one whose answer is fresh, and of these any: the first
    // found, since they stand in no order.
    private bool TryPickRarest(TimeSpan now, out int place, out Peer source)
    {
        place = -1;
        source = null!;
        int rarest = int.MaxValue;
        bool isFresh = false;
        for (int i = _ready.Count - 1; i >= 0; i--)
        {
            ref Answer answer = ref _answers[_ready[i]];
            int availability = answer.Sources.Length;
            bool fresh = IsFresh(_ready[i], now);
            if (availability > rarest || (availability == rarest && (isFresh || !fresh))) continue;
            if (!HasSource(_ready[i], now, out bool isHopeless))
            {
                if (!isHopeless) continue;
                SetUnknown(_ready[i], now);
                RemoveReady(i);
                if (place == _ready.Count) place = i;       // the last one has moved here
                continue;
            }
            (place, rarest, isFresh) = (i, availability, fresh);
        }
        return place >= 0 && TryPickSource(_ready[place], now, out source, out _);
    }

    // Whether TryPickSource would find one.
    private bool HasSource(int chunkIndex, TimeSpan now, out bool isHopeless)
    {
        isHopeless = true;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (!MayAsk(chunkIndex, peer, now)) continue;
            isHopeless = false;
            if (peer.HasRoom) return true;
        }
        return false;
    }

    private bool MayAsk(int chunkIndex, Peer peer, TimeSpan now) =>
        peer.PausedUntil <= now
        && (_avoided.Count == 0 || AvailabilityOf(chunkIndex) == 1 || !_avoided.TryGetValue(chunkIndex, out Peer? avoided) || avoided != peer);

    // A source with as little to do as any; of several, one that hasn't got everything, since who has is asked by all;
    // of these any, lest everybody ask the same. Hopeless: all of them pause.
    private bool TryPickSource(int chunkIndex, TimeSpan now, out Peer source, out bool isHopeless)
    {
        source = null!;
        isHopeless = true;
        int ties = 0;
        foreach (Peer peer in _answers[chunkIndex].Sources)
        {
            if (!MayAsk(chunkIndex, peer, now)) continue;
            isHopeless = false;
            if (peer.HasRoom) Choose(peer, ref source, ref ties);
        }
        return source is not null;
    }

    private void Choose(Peer candidate, ref Peer chosen, ref int ties)
    {
        int order = chosen is null ? -1 : Order(candidate).CompareTo(Order(chosen));
        ties = order < 0 ? 1 : order == 0 ? ties + 1 : ties;
        if (order < 0 || (order == 0 && _random.Next(ties) == 0)) chosen = candidate;
    }

    private (bool, int, bool) Order(Peer peer) => (peer.IsDoubtful, peer.Downloads, 4 * peer.Listed > 3 * _answered);

    private void SetUnknown(int chunkIndex, TimeSpan now)
    {
        _states[chunkIndex] = ChunkState.Unknown;
        _unknown.Add(chunkIndex, now);
    }

    private void SetAnswer(int chunkIndex, Answer answer)
    {
        foreach (Peer peer in _answers[chunkIndex].Sources ?? []) peer.Listed--;
        foreach (Peer peer in answer.Sources ?? []) peer.Listed++;
        _answered += Math.Sign(answer.Sources?.Length ?? 0) - Math.Sign(AvailabilityOf(chunkIndex));
        _answers[chunkIndex] = answer;
    }

    private void AskAgain(int chunkIndex)
    {
        _states[chunkIndex] = ChunkState.Missing;
        _again.Enqueue(chunkIndex);
    }

    private void AddReady(int chunkIndex)
    {
        int place = _random.Next(_ready.Count + 1);
        _ready.Add(chunkIndex);
        (_ready[place], _ready[^1]) = (_ready[^1], _ready[place]);
    }

    private void RemoveReady(int place)
    {
        _ready[place] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private readonly record struct Answer(Peer[] Sources, TimeSpan Time);
}
