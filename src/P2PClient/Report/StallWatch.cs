using System;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Finds the reason of a stall in the state of the tracker, the disk and the peers, and reports it: on the live line
/// soon, in a line that stays after a while.
/// </summary>
internal sealed class StallWatch(
    ChunkPicker picker, Traffic traffic, Downloader downloader, ClientEnding ending, ClientReport report)
{
    private readonly Stall _stall = new(picker, traffic);

    /// <summary>Looks for a stall, once a second at most, while the client is not complete.</summary>
    public void Look(TrackerHealth tracker)
    {
        TimeSpan now = EventLoop.Now;
        TimeSpan pause = _stall.Pause(now);
        if (pause < Rate.QuietAfter) report.Waiting("");
        bool isWanted = pause >= (report.HasLine ? Rate.QuietAfter : ClientLimits.StallAfter);
        if (!isWanted || !_stall.IsDue(now)) return;
        int unheld = 0;
        for (int chunkIndex = 1; chunkIndex <= picker.ChunkCount; chunkIndex++)
            unheld += picker.IsUnheld(chunkIndex) ? 1 : 0;
        var facts = new StallFacts
        {
            WasReached = tracker.WasReached,
            IsGone = tracker.IsGone,
            WasAnswered = tracker.AnsweredAt is not null,
            IsSilent = now - tracker.AnsweredAt >= ClientLimits.StallAfter,
            HasSpoken = tracker.HasSpoken,
            IsDiskFailing = ending.IsDiskFailing,
            TooLarge = downloader.TooLarge,
            Unheld = unheld,
            Refused = picker.CountRefused(now),
        };
        StallReason reason = Stall.Find(facts);
        report.Waiting(StallText.Shorten(reason, facts));
        if (pause < ClientLimits.StallAfter) return;
        string text = report.StallText.Describe(reason, facts);
        if (_stall.IsNews(reason, text)) report.Stalled(reason, text);
    }
}
