using System;

namespace P2P;

/// <summary>Every limit that both programs keep to, with its unit and its reason.</summary>
public static class Limits
{
    /// <summary>Largest chunk index on the wire (PROTOCOL 1.2).</summary>
    public const int ChunkIndexMax = int.MaxValue;

    /// <summary>Longest host in a message, in bytes (PROTOCOL 1.2).</summary>
    public const int HostBytesMax = 255;

    /// <summary>Longest message that is not a list of peers: verb, three fields, commas and room for surplus fields,
    /// in bytes. A connection that sends this much without an end of a message is closed (PROTOCOL 2.3).</summary>
    public const int MessageBytesMax = 4096;

    /// <summary>The length of a read, in bytes, above which TCP may have cut it, so that its last message may go on in
    /// the next.</summary>
    public const int LoneReadBytesMax = 512;

    /// <summary>A connection that has brought so many texts that are no message is closed (PROTOCOL 2.3).</summary>
    public const int BadMessagesMax = 100;

    /// <summary>How long a message put together from several reads may still grow (PROTOCOL 2.2).</summary>
    public static readonly TimeSpan CutMessageTimeout = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a message may lack its newline on a connection that has brought newlines before
    /// (PROTOCOL 2.2).</summary>
    public static readonly TimeSpan BareLineTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Longest answer to a question, in bytes: many read it with one call for 1024 (PROTOCOL 6.2).</summary>
    public const int AnswerBytesMax = 1000;

    /// <summary>Longest answer to a client of ours, with its marks and its newline, in bytes (PROTOCOL 9.2).</summary>
    public const int MarkedAnswerBytesMax = AnswerBytesMax + Protocol.LaneSyntax.MarksBytesMax;

    /// <summary>One pooled buffer, in bytes: it holds a batch of answers, or the head of a message whose rest has not
    /// come yet.</summary>
    public const int BufferBytes = 16 * 1024;

    /// <summary>Most bytes that one read takes from a connection that carries messages.</summary>
    public const int MessageReadBytes = 8 * 1024;

    /// <summary>Most bytes that one read takes from a client or peer that asks: some 60 messages, so that a client
    /// that floods the tracker holds the others up for microseconds only.</summary>
    public const int RequestReadBytes = 2 * 1024;

    /// <summary>Reads that one connection may have in a row while bytes are there, before other connections have their
    /// turn.</summary>
    public const int ReadsPerTurn = 2;

    /// <summary>Silence after which a connection that may be idle for long is probed, in seconds.</summary>
    public const int KeepAliveSeconds = 60;

    /// <summary>Most bytes of a client that the kernel holds while the tracker has not read them. No other
    /// program's sockets have just this size, and the other end of a loopback connection can see it: by this size our
    /// client knows our tracker, which understands lines, without a byte of the protocol (see
    /// ReceiveQueueProbe).</summary>
    public const int TrackerUnreadBytes = 99_991;

    /// <summary>The same for a client of ours that serves peers and speaks the lane (PROTOCOL 9.2).</summary>
    public const int PeerUnreadBytes = 99_989;

    /// <summary>A client is told of a chunk's new source unless the chunk has more than so many: any of these will do
    /// (PROTOCOL 9.6).</summary>
    public const int NewsSourcesMax = 8;

    /// <summary>Connections that the kernel may complete before we accept them.</summary>
    public const int ListenBacklog = 4096;

    /// <summary>How long accepting pauses when descriptors or memory have run out.</summary>
    public static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    /// <summary>How long an upload waits for the peer's end of stream after its own last byte (PROTOCOL 3.2).</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    // These compile only if a message's head and one more read fit one buffer, and if several answers fit one.
    private const uint InputFits = MessageBytesMax + MessageReadBytes <= BufferBytes ? 0 : -1;
    private const uint AnswersFit = 8 * (MarkedAnswerBytesMax + 1) <= BufferBytes ? 0 : -1;
}
