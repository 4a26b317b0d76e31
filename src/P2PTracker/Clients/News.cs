using System;
using System.Collections.Generic;
using System.Diagnostics;
using P2P.Transport;

namespace P2P.Tracker;

/// <summary>
/// Tells clients of ours at once that a chunk has a new source (PROTOCOL 9.6), and they ask about it. Chunks that have
/// many sources are no news. News is told some time after it happened, the later the more clients there are, and a
/// client that has missed some is told that instead: then it asks, as others do.
/// </summary>
internal sealed class News
{
    private readonly int[] _chunks = new int[TrackerLimits.NewsKept];       // the last ones: the n-th is at n % length
    private readonly HashSet<TrackerSession> _readers = [];
    private readonly LoopTimer _timer;

    public News(EventLoop loop) => _timer = new LoopTimer(loop, Tell);

    /// <summary>Pieces of news since the start.</summary>
    public long Count { get; private set; }

    /// <summary>Some client wants to be told.</summary>
    public bool HasReaders => _readers.Count > 0;

    /// <summary>A client wants to be told from now on.</summary>
    public void Add(TrackerSession session) => _readers.Add(session);

    /// <summary>A session has ended.</summary>
    public void Remove(TrackerSession session) => _readers.Remove(session);

    /// <summary>A chunk has one more source. To be called while there are readers.</summary>
    /// <param name="sources">Its sources, this one included.</param>
    public void OnListed(int chunkIndex, int sources)
    {
        Debug.Assert(sources > 0 && HasReaders, "a chunk that is listed has a source");
        if (sources > Limits.NewsSourcesMax) return;
        _chunks[Count++ % _chunks.Length] = chunkIndex;
        TimeSpan pause = TrackerLimits.NewsPausePerClient * _readers.Count;
        if (!_timer.IsRunning) _timer.Start(pause > TrackerLimits.NewsPauseMin ? pause : TrackerLimits.NewsPauseMin);
    }

    /// <summary>Writes to a buffer what a client that wants news has not been told.</summary>
    /// <param name="answerBytes">What is in the buffer already.</param>
    /// <returns>True if there is more than the buffer holds.</returns>
    public bool HasMore(in LocalChunksHandler chunks, byte[] answers, ref int answerBytes)
    {
        if (chunks.Ours is not { NewsTold: { } told } client) return false;
        bool isFull = false;
        while (!isFull && TryTake(ref told, out int chunkIndex))
        {
            if (chunkIndex > 0 && chunks.Has(chunkIndex)) continue;
            answerBytes += WhereChunkHandler.WriteNews(chunkIndex, answers, answerBytes);
            isFull = answerBytes + Limits.MarkedAnswerBytesMax + 1 > answers.Length;
        }
        client.NewsTold = told;
        return isFull;
    }

    // Takes the next piece of news that a client has not been told. Index 0: the client has missed some.
    private bool TryTake(ref long told, out int chunkIndex)
    {
        Debug.Assert(told <= Count, "a client was told what has not happened");
        chunkIndex = 0;
        if (Count - told > _chunks.Length)
        {
            told = Count;
            return true;
        }
        while (told < Count)
        {
            chunkIndex = _chunks[told++ % _chunks.Length];
            if (!IsToldAgain(chunkIndex, told)) return true;
        }
        return false;
    }

    private bool IsToldAgain(int chunkIndex, long from)
    {
        for (long i = from; i < Count; i++)
        {
            if (_chunks[i % _chunks.Length] == chunkIndex) return true;
        }
        return false;
    }

    private void Tell()
    {
        foreach (TrackerSession session in _readers) session.OnNews();
    }
}
