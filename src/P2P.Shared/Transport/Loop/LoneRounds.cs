namespace P2P.Transport;

/// <summary>
/// Sees when rounds bring one message each: a wake-up for each would then cost more than it saves. For some rounds
/// after that, each message is taken for a round of its own. Hot: allocates nothing.
/// </summary>
internal struct LoneRounds
{
    // After so many rounds of one message each, as many as that are rounds of their own.
    private const int SeenMin = 4, Assumed = 128;

    private int _messages;          // in this round
    private int _seen;              // in a row
    private int _left;              // above 0: each message is a round

    /// <summary>Each message is a round of its own now.</summary>
    public readonly bool IsLone => _left > 0;

    /// <summary>A receive has brought something.</summary>
    public void OnReceived() => _messages++;

    /// <summary>A message has been a round of its own.</summary>
    public void OnLoneRound() => _left--;

    /// <summary>A round that began with a wake-up is over.</summary>
    public void OnRoundEnd()
    {
        _seen = _messages <= 1 ? _seen + 1 : 0;
        _messages = 0;
        if (_seen >= SeenMin && !IsLone) (_seen, _left) = (0, Assumed);
    }
}
