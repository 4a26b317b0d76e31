using System.Linq;
using System.Net;
using System.Text;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>Whom an answer names: PROTOCOL 2.7 and 6.4. Our own transfer port is 7000.</summary>
public sealed class PeerBookTests
{
    private const int OwnPort = 7000;
    private readonly PeerBook _local = new(OwnPort, isTrackerLocal: true, HostTable.Localhost);
    private readonly PeerBook _remote = new(OwnPort, isTrackerLocal: false, [IPAddress.Parse("192.0.2.1")]);

    [Theory]
    [InlineData("localhost,5001", "localhost:5001")]
    [InlineData("localhost,5001,localhost,5002", "localhost:5001 localhost:5002")]
    [InlineData("localhost,5002,localhost,5001", "localhost:5002 localhost:5001")]
    [InlineData("127.0.0.1,5001", "localhost:5001")]
    [InlineData("::1,5001", "localhost:5001")]
    [InlineData("LOCALHOST,5001", "localhost:5001")]
    [InlineData("0.0.0.0,5001", "localhost:5001")]
    [InlineData("localhost,5001,127.0.0.1,5001,::1,5001,localhost,5001", "localhost:5001")]
    [InlineData("localhost,5001,", "localhost:5001")]
    [InlineData("localhost,5001,localhost", "localhost:5001")]
    [InlineData("", "")]
    [InlineData(",", "")]
    [InlineData("localhost", "")]
    public void EachPeerOfThisMachine_IsNamedOnce_InTheOrderOfTheAnswer(string text, string peers) =>
        Assert.Equal(peers, Read(_local, text));

    [Fact]
    public void APeer_IsTheSameInEveryAnswer()
    {
        Peer first = _local.Read("localhost,5001"u8)[0];
        Assert.Same(first, _local.Read("localhost,5002,::1,5001"u8)[1]);
        Peer remote = _remote.Read("192.0.2.7,5001"u8)[0];
        Assert.Same(remote, _remote.Read("192.0.2.7,5001"u8)[0]);
    }

    [Fact]
    public void WeOurselves_AreNoSource()
    {
        Assert.Equal("localhost:5001", Read(_local, "localhost,7000,localhost,5001,127.0.0.1,7000"));
        Assert.Equal("", Read(_remote, "127.0.0.2,7000,::ffff:127.0.0.1,7000").Replace("localhost:7000", ""));
    }

    [Fact]
    public void ATrackerOnThisMachine_IsBelievedOnThisMachineAlone()
    {
        Assert.Equal("localhost:5001",
            Read(_local, "192.0.2.7,5001,localhost,5001,2001:db8::7,5001,no-such-host.invalid,5001"));
    }

    [Fact]
    public void ATrackerElsewhere_MayNameAnyAddress()
    {
        Peer[] peers = _remote.Read("192.0.2.7,5001,2001:db8::7,5002"u8);
        Assert.Equal(["192.0.2.7", "2001:db8::7"], peers.Select(peer => peer.Addresses.Single().ToString()));
        Assert.Equal(["192.0.2.7", "2001:db8::7"], peers.Select(peer => peer.Host));
    }

    [Fact]
    public void WhatATrackerElsewhereCallsLocalhost_IsItsOwnMachine()
    {
        Peer peer = _remote.Read("localhost,5001"u8).Single();
        Assert.Equal(IPAddress.Parse("192.0.2.1"), peer.Addresses.Single());
        _remote.TrackerAddresses = [IPAddress.Parse("192.0.2.2")];
        peer = _remote.Read("localhost,5001"u8).Single();
        Assert.Equal(IPAddress.Parse("192.0.2.2"), peer.Addresses.Single());
    }

    [Fact]
    public void PeersOfThisMachine_AreTriedInBothFamilies() =>
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], _local.Read("127.0.0.1,5001"u8).Single().Addresses);

    private static string Read(PeerBook book, string text) =>
        string.Join(' ', book.Read(Encoding.Latin1.GetBytes(text)).Select(peer => $"{peer.Host}:{peer.Port}"));
}
