using System;
using System.Net;
using System.Net.Sockets;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>How many bytes are waited for at a time over a lane from another machine.</summary>
public sealed class ArrivalPaceTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(15);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ArrivalPace _pace;

    public ArrivalPaceTests() => _pace = new ArrivalPace(_socket);

    public void Dispose() => _socket.Dispose();

    [Fact]
    public void WhereNothingIsSureToCome_AByteEndsTheWait()
    {
        Assert.Equal(Long, _pace.Begin(due: 0, Long));
        Assert.Equal(1, WaitedFor);
    }

    [Fact]
    public void QuickBytes_AreWaitedForInLargerNumbers_ButNoMoreThanAreDue()
    {
        for (int bytes = ClientLimits.WaitBytesMin; bytes < 2 * ClientLimits.WaitBytesMax; bytes *= 2)
        {
            Assert.Equal(ClientLimits.WaitTimeout, _pace.Begin(due: 1 << 20, Long));
            Assert.Equal(Math.Min(bytes, ClientLimits.WaitBytesMax), WaitedFor);
            _pace.OnBytes(TimeSpan.Zero);
        }
        _pace.Begin(due: 1000, Long);
        Assert.Equal(1000, WaitedFor);
        _pace.OnBytes(TimeSpan.Zero);
        Assert.Equal(TimeSpan.FromMilliseconds(1), _pace.Begin(due: 1 << 20, TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void SlowBytes_AreWaitedForInSmallerNumbers_DownToOne()
    {
        for (int bytes = ClientLimits.WaitBytesMin; bytes > 0; bytes /= 2)
        {
            _pace.Begin(due: 1 << 20, Long);
            Assert.Equal(bytes, WaitedFor);
            _pace.OnBytes(ClientLimits.WaitTimeMax + TimeSpan.FromMilliseconds(1));
        }
        Assert.Equal(Long, _pace.Begin(due: 1 << 20, Long));
        Assert.Equal(1, WaitedFor);
    }

    [Fact]
    public void WhereTooFewComeInTime_AnyAreTaken()
    {
        _pace.Begin(due: 1 << 20, Long);
        Assert.Equal(Long, _pace.Begin(due: 1 << 20, Long));
        Assert.Equal(1, WaitedFor);
        _pace.OnBytes(TimeSpan.Zero);
        _pace.Begin(due: 1 << 20, Long);
        Assert.Equal(2, WaitedFor);
    }

    // A line that brings more in 5 ms is about as quick as this machine.
    [Fact]
    public void TheKernelsWindow_IsNotBoundByIt()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _socket.Connect(listener.LocalEndPoint!);
        int bufferBefore = _socket.ReceiveBufferSize;
        for (int i = 0; i < 10; i++)
        {
            _pace.Begin(due: 1 << 20, Long);
            _pace.OnBytes(TimeSpan.Zero);
        }
        Assert.Equal(ClientLimits.WaitBytesMax, WaitedFor);
        Assert.Equal(bufferBefore, _socket.ReceiveBufferSize);
    }

    private int WaitedFor
    {
        get
        {
            byte[] value = new byte[sizeof(int)];
            _socket.GetRawSocketOption(optionLevel: 1, optionName: 18, value);      // SOL_SOCKET, SO_RCVLOWAT
            return BitConverter.ToInt32(value);
        }
    }
}
