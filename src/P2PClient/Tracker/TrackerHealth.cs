using System;

namespace P2P.Client;

/// <summary>What is known of the tracker, for telling its user why nothing comes. All times are the loop's.</summary>
internal sealed class TrackerHealth
{
    /// <summary>A connection was made at least once.</summary>
    public bool WasReached { get; private set; }

    /// <summary>Nobody accepted the last attempt to connect.</summary>
    public bool IsGone { get; private set; }

    /// <summary>The tracker has sent anything at all.</summary>
    public bool HasSpoken { get; set; }

    /// <summary>When it last answered a question; null: never.</summary>
    public TimeSpan? AnsweredAt { get; set; }

    /// <summary>An attempt to connect is over.</summary>
    public void OnAttempt(bool isConnected)
    {
        WasReached |= isConnected;
        IsGone = !isConnected;
    }
}
