using System;

namespace P2P.Protocol;

/// <summary>One message as it lies in the bytes that carried it. Borrowed: good until those bytes move.</summary>
public ref struct Message
{
    /// <summary>Which of the five it is; the other members that a kind doesn't carry are empty or 0.</summary>
    public MessageKind Kind;

    /// <summary>0 to <see cref="Limits.ChunkIndexMax"/>; some programs number from 0.</summary>
    public int ChunkIndex;

    /// <summary>LOCAL_CHUNKS: the host that it names.</summary>
    public ReadOnlySpan<byte> Host;

    /// <summary>LOCAL_CHUNKS: 1 to 65535.</summary>
    public int Port;

    /// <summary>GET_CHUNK_FROM: the text behind the index, <c>host,port,host,port...</c>, not yet checked.</summary>
    public ReadOnlySpan<byte> Peers;
}
