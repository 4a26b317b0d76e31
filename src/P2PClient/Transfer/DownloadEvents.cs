using System;

namespace P2P.Client;

/// <summary>The events that a <see cref="Downloader"/> reports to its client.</summary>
internal sealed class DownloadEvents
{
    /// <summary>A chunk is in its place.</summary>
    public required Action<int> OnFetched { get; init; }

    /// <summary>A chunk can't be stored, with the reason.</summary>
    public required Action<string> OnDiskFailure { get; init; }

    /// <summary>A source has sent a wrong chunk.</summary>
    public required Action<int, Peer> OnWrong { get; init; }
}
