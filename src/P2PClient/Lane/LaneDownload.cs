using P2P.Protocol;

namespace P2P.Client;

/// <summary>Fetches one chunk over a lane: its request, and what has come of its answer.</summary>
internal sealed class LaneDownload(
    DownloadContext context, Download download, PartialChunk copy, ChunkCheck check, Lane lane)
    : DownloadSession(context, download, copy, check)
{
    /// <summary>The request was sent, or is about to be: an answer will come.</summary>
    public bool IsAsked { get; set; }

    /// <summary>The download has ended, and only its answer is still to come.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The answer begins.</summary>
    public void OnFirstPiece(LanePiece piece)
    {
        if (!piece.HasSum && !Check!.IsKnown) Check = null;
    }

    /// <summary>Tells how the download ends with the last piece of its answer.</summary>
    public DownloadEnd EndOf(LanePiece last)
    {
        if (last.Kind == LanePieceKind.Gone) Reason = "the chunk is not there any more";
        return last.Kind switch
        {
            LanePieceKind.Gone => DownloadEnd.Failed,
            LanePieceKind.Cancelled => DownloadEnd.Unanswered,
            _ when last.HasSum && Download.IsWanted && last.Sum != Check!.Sum => DownloadEnd.Damaged,
            _ => DownloadEnd.Whole,
        };
    }

    protected override void GiveUp() => lane.Cancel(this);
}
