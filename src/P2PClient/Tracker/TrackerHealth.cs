using System;

namespace P2P.Client;

/// <summary>Whether the tracker can be reached and answers: a reason why no chunk comes (PROTOCOL 7.4). All times are
/// the loop's.</summary>
internal sealed class TrackerHealth
{
    /// <summary>A connection was made at least once.</summary>
    public bool WasReached { get; private set; }

    /// <summary>The last attempt to connect has failed.</summary>
    public bool IsGone { get; private set; }

    /// <summary>The tracker has sent at least one byte.</summary>
    public bool HasSpoken { get; set; }

    /// <summary>When the tracker last answered a question; null: never.</summary>
    public TimeSpan? AnsweredAt { get; set; }

    /// <summary>Called with true when a tracker that was reached can't be reached any more, and with false when an
    /// attempt succeeds after one that failed.</summary>
    public Action<bool>? OnChange { get; set; }

    /// <summary>An attempt to connect is over.</summary>
    public void OnAttempt(bool isConnected)
    {
        if (isConnected ? IsGone : WasReached && !IsGone) OnChange?.Invoke(!isConnected);
        WasReached |= isConnected;
        IsGone = !isConnected;
    }
}
