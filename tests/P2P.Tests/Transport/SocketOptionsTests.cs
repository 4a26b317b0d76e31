using System;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using P2P.Transport;
using Xunit;

namespace P2P.Tests.Transport;

public sealed class SocketOptionsTests
{
    [Fact]
    public void TheShortestRoundTrip_IsPartOfTheTimeThatConnectingTook()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var watch = Stopwatch.StartNew();
        client.Connect(listener.LocalEndpoint);
        Assert.InRange(client.ShortestRoundTrip(), TimeSpan.FromMicroseconds(1), watch.Elapsed);
    }
}
