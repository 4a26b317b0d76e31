using System.Diagnostics;

namespace P2P.Transport;

/// <summary>
/// Counts the messages of each round. Where rounds bring one message each, a wake-up for each would cost more than it
/// saves: for some rounds after that, each message is taken for a round of its own. Hot: allocates nothing.
/// </summary>
internal struct LoneRounds
{
    // After SeenMin rounds of one message each, the next Assumed messages are rounds of their own.
    private const int SeenMin = 4, Assumed = 128;

    private int _messages;          // in this round
    private int _seen;              // in a row
    private int _left;              // above 0: each message is a round

    /// <summary>Each message is a round of its own now.</summary>
    public readonly bool IsLone => _left > 0;

    /// <summary>A receive has brought something.</summary>
    public void OnReceived() => _messages++;

    /// <summary>A message has been a round of its own.</summary>
    public void OnLoneRound()
    {
        Debug.Assert(_left > 0, "no more lone rounds end than were assumed");
        _left--;
    }

    /// <summary>A round that began with a wake-up is over.</summary>
    public void OnRoundEnd()
    {
        _seen = _messages <= 1 ? _seen + 1 : 0;
        _messages = 0;
        if (_seen >= SeenMin && !IsLone) (_seen, _left) = (0, Assumed);
    }
}
