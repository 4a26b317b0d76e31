using System;
using System.Diagnostics;
using System.Net.Sockets;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Lets a connection from another machine wait for as many bytes as come within some milliseconds, so that a line which
/// is slower than this machine does not wake the client for each packet. Under a limit the kernel holds too few for
/// that.
/// </summary>
internal sealed class ArrivalPace(Socket socket)
{
    private int _bytes = ClientLimits.WaitBytesMin;
    private int _waitedFor = 1;     // bytes, as the kernel knows
    private bool _isWaiting;

    /// <summary>A wait for bytes is about to begin.</summary>
    /// <param name="due">Bytes that are sure to come; 0: it isn't known whether any are.</param>
    /// <param name="timeout">How long to wait for the first byte.</param>
    /// <returns>How long to wait for now.</returns>
    public TimeSpan Begin(int due, TimeSpan timeout)
    {
        if (_isWaiting) _bytes = 1;     // too few have come in time: any are welcome
        _isWaiting = true;
        int bytes = Math.Clamp(due, 1, _bytes);
        if (bytes != _waitedFor && !socket.SafeHandle.IsClosed) socket.WaitFor(bytes);
        _waitedFor = bytes;
        return bytes > 1 && timeout > ClientLimits.WaitTimeout ? ClientLimits.WaitTimeout : timeout;
    }

    /// <summary>Bytes have come.</summary>
    /// <param name="after">Time since the last ones.</param>
    public void OnBytes(TimeSpan after)
    {
        _isWaiting = false;
        if (after < ClientLimits.WaitTimeMin) _bytes = Math.Min(2 * _bytes, ClientLimits.WaitBytesMax);
        if (after > ClientLimits.WaitTimeMax) _bytes = Math.Max(_bytes / 2, 1);
        Debug.Assert(_bytes >= 1 && _bytes <= ClientLimits.WaitBytesMax, "a number of bytes to wait for");
    }
}
