using System.Net.Sockets;

namespace P2P.Transport;

/// <summary>How one operation on a socket ended. A peer that resets is a value here, never an exception.</summary>
/// <param name="Bytes">Bytes moved. 0 from a receive without error: the peer's end of stream.</param>
/// <param name="Error">Success, or why it failed.</param>
/// <param name="IsTimedOut">No byte came within the timeout; the receive itself may still be in flight.</param>
public readonly record struct SocketResult(int Bytes, SocketError Error, bool IsTimedOut = false)
{
    /// <summary>No byte came in time.</summary>
    public static readonly SocketResult TimedOut = new(0, SocketError.Success, IsTimedOut: true);

    /// <summary>The connection was closed on our side.</summary>
    public static readonly SocketResult Closed = new(0, SocketError.OperationAborted);

    /// <summary>The connection has failed in a way that the kernel did not name.</summary>
    public static readonly SocketResult Failed = new(0, SocketError.SocketError);

    /// <summary>The operation did what it was asked.</summary>
    public bool IsSuccess => Error == SocketError.Success && !IsTimedOut;

    /// <summary>The operation has failed, and the connection with it. A timeout is no failure.</summary>
    public bool HasFailed => Error != SocketError.Success;

    /// <summary>The peer has sent its last byte, and has ended the stream cleanly.</summary>
    public bool IsEnd => IsSuccess && Bytes == 0;

    /// <summary>The operation could not be done at once: no byte has come yet, or the peer's buffer is full.</summary>
    public bool WouldBlock => Error is SocketError.WouldBlock or SocketError.Interrupted;
}
