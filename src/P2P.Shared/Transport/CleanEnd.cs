using System;
using System.Diagnostics;
using System.Threading.Tasks;

namespace P2P.Transport;

/// <summary>How a connection ends so that its peer gets every byte: the kernel resets a connection that is closed while
/// received bytes are unread, and drops the bytes that are still on their way to the peer.</summary>
public static class CleanEnd
{
    /// <summary>Ends the stream to the peer, and drops what the peer sends until the peer has ended its stream, too.
    /// The caller then closes the connection.</summary>
    /// <param name="timeout">How long to wait for the peer's end. After that the kernel goes on sending, but a byte
    /// from the peer resets the connection.</param>
    public static async Task EndStreamAsync(this Connection connection, EventLoop loop, TimeSpan timeout)
    {
        Debug.Assert(timeout > TimeSpan.Zero, "the peer gets some time to end its stream");
        if (!connection.Socket.TryShutdownSend()) return;
        TimeSpan deadline = EventLoop.Now + timeout;
        for (TimeSpan left = timeout; left > TimeSpan.Zero; left = deadline - EventLoop.Now)
        {
            SocketResult received = await connection.ReceiveAsync(left);
            if (received.HasFailed || received.IsEnd) return;
            connection.Consume(connection.Unread.Length);
            if (connection.HasHadTurn) await loop.YieldAsync();
        }
    }
}
