using System;
using P2P.Cli;

namespace P2P.Client;

/// <summary>Words the reason why a client makes no progress: for the JSON event, for a line of its own, which also
/// names the cure, and for the live line, which has less room.</summary>
internal sealed class StallText(ClientOptions options, ChunkPicker picker)
{
    private static readonly string[] EventNames =
    [
        "", "no_tracker", "tracker_gone", "no_answer", "not_a_tracker", "disk", "too_large", "nobody_has",
        "sources_fail",
    ];

    /// <summary>What the live line says of a tracker that was never there.</summary>
    public const string NoTracker = "no tracker";

    /// <summary>What the live line says of a tracker that was there.</summary>
    public const string TrackerGone = "the tracker has gone";

    /// <summary>The reason in the event.</summary>
    public static string EventName(StallReason reason) => EventNames[(int)reason];

    /// <summary>The reason and the cure; "" for none.</summary>
    public string Describe(StallReason reason, in StallFacts facts) => reason switch
    {
        StallReason.Disk => $"nothing can be stored in {options.Folder}; make room, or let this user write there",
        StallReason.NoTracker when options.Tracker.Problem is { } problem => $"{problem}; {TrackerHost.Cure}",
        StallReason.NoTracker =>
            $"there is no tracker at {options.TrackerName}; start P2PTracker there, or give another with -tracker",
        StallReason.TrackerGone =>
            $"the tracker at {options.TrackerName} has gone; start it again, all goes on then",
        StallReason.NoAnswer =>
            $"what listens at {options.TrackerName} answers no question; see that it is a tracker, and not stopped",
        StallReason.NotATracker =>
            $"what listens at {options.TrackerName} is no tracker: nothing that it sends is an answer; give the "
                + "tracker's port with -tracker",
        StallReason.TooLarge =>
            $"chunk {facts.TooLarge} is larger than the {options.ChunkBytesMax} bytes that are taken; give more with "
                + "-max_chunk_bytes",
        StallReason.NobodyHas =>
            $"nobody has {Plural.Of(facts.Unheld, "chunk")} "
                + $"({IndexRanges.Describe(picker.ChunkCount, picker.IsUnheld)}); start a client that does",
        StallReason.SourcesFail =>
            $"every source of {Plural.Of(facts.Refused, "chunk")} refuses or fails; they are tried again",
        _ => "",
    };

    /// <summary>The reason in some 30 columns.</summary>
    public static string Shorten(StallReason reason, in StallFacts facts) => reason switch
    {
        StallReason.Disk => "waiting: the disk takes nothing",
        StallReason.NoTracker => $"waiting: {NoTracker}",
        StallReason.TrackerGone => $"waiting: {TrackerGone}",
        StallReason.NoAnswer => "waiting: the tracker is silent",
        StallReason.NotATracker => "waiting: that is no tracker",
        StallReason.TooLarge => $"waiting: chunk {facts.TooLarge} is too large",
        StallReason.NobodyHas => $"waiting: nobody has {Plural.Of(facts.Unheld, "chunk")}",
        StallReason.SourcesFail => "waiting: all sources fail",
        _ => "waiting for peers",
    };
}
