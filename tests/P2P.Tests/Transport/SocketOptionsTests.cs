using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

public sealed class SocketOptionsTests : IDisposable
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public SocketOptionsTests() => _listener.Start();

    public void Dispose()
    {
        _client.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public void TheShortestRoundTrip_IsPartOfTheTimeThatConnectingTook()
    {
        _client.Connect(_listener.LocalEndpoint);
        Assert.InRange(_client.ShortestRoundTrip(), TimeSpan.FromMicroseconds(1), _watch.Elapsed);
    }

    [Fact]
    public void ARateThatIsForgotten_IsFoundAnew_ByTheSameCongestionControl()
    {
        _client.Connect(_listener.LocalEndpoint);
        string before = CongestionControl();
        Assert.InRange(_client.PacingRate(), 1, long.MaxValue);
        _client.ForgetRate();
        Assert.Equal(before, CongestionControl());
        Assert.InRange(_client.PacingRate(), 1, long.MaxValue);
    }

    // The kernel says that it has no bound, which is no slow one.
    [Fact]
    public void WhereNothingIsPaced_ThereIsARate()
    {
        _client.SendUnpaced();
        _client.Connect(_listener.LocalEndpoint);
        Assert.InRange(_client.PacingRate(), 1, long.MaxValue);
        _client.ForgetRate();
        Assert.StartsWith("reno\0", CongestionControl());
        Assert.InRange(_client.PacingRate(), 1, long.MaxValue);
    }

    private string CongestionControl()
    {
        byte[] name = new byte[16];
        _client.GetRawSocketOption(6, 13, name);        // IPPROTO_TCP, TCP_CONGESTION
        return Encoding.ASCII.GetString(name);
    }
}
