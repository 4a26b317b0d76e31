using System.Net;
using P2P.Cli;
using Xunit;

namespace P2P.Tests.Cli;

/// <summary>Which addresses belong to the networks of -allow.</summary>
public sealed class AllowedNetworksTests
{
    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("10.1.2.3/32", "10.1.2.3")]
    [InlineData("10.0.0.0/8", "10.255.0.1")]
    [InlineData("10.1.2.3/8", "10.9.9.9")]
    [InlineData("172.16.0.0/12", "172.31.255.255")]
    [InlineData("192.168.7.128/25", "192.168.7.255")]
    [InlineData("0.0.0.0/0", "203.0.113.9")]
    [InlineData("10.1.2.3,192.168.0.0/16", "192.168.3.4")]
    [InlineData("10.0.0.0/8", "::ffff:10.2.3.4")]
    [InlineData("::ffff:10.0.0.0/104", "10.2.3.4")]
    [InlineData("::ffff:10.1.2.3", "::ffff:10.1.2.3")]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1")]
    [InlineData("2001:db8::/33", "2001:db8:7fff::1")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("fe80::/10", "fe80::1%3")]
    [InlineData("::/0", "2001:db8::1")]
    [InlineData("::1,127.0.0.0/8", "127.0.0.2")]
    public void AnAddressOfANetwork_IsIn(string networks, string address) =>
        Assert.True(Parse(networks).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.2")]
    [InlineData("10.0.0.0/8", "11.0.0.0")]
    [InlineData("172.16.0.0/12", "172.32.0.0")]
    [InlineData("192.168.7.128/25", "192.168.7.127")]
    [InlineData("10.1.2.3,192.168.0.0/16", "192.169.0.0")]
    [InlineData("10.0.0.0/8", "::ffff:11.0.0.0")]
    [InlineData("0.0.0.0/0", "::1")]
    [InlineData("::/0", "10.1.2.3")]
    [InlineData("::/0", "::ffff:10.1.2.3")]
    [InlineData("2001:db8::/33", "2001:db8:8000::1")]
    [InlineData("2001:db8::1", "2001:db8::2")]
    [InlineData("127.0.0.1", "::1")]
    public void AnyOtherAddress_IsOut(string networks, string address) =>
        Assert.False(Parse(networks).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("", "")]
    [InlineData("nonsense", "nonsense")]
    [InlineData("localhost", "localhost")]
    [InlineData("10", "10")]
    [InlineData("10.1", "10.1")]
    [InlineData("010.0.0.1", "010.0.0.1")]
    [InlineData("0x7f.0.0.1", "0x7f.0.0.1")]
    [InlineData("10.0.0.256", "10.0.0.256")]
    [InlineData("10.0.0.0/33", "10.0.0.0/33")]
    [InlineData("10.0.0.0/", "10.0.0.0/")]
    [InlineData("10.0.0.0/+8", "10.0.0.0/+8")]
    [InlineData("10.0.0.0/-1", "10.0.0.0/-1")]
    [InlineData("10.0.0.0/8/8", "10.0.0.0/8/8")]
    [InlineData("10.0.0.0/255.0.0.0", "10.0.0.0/255.0.0.0")]
    [InlineData("/8", "/8")]
    [InlineData("2001:db8::/129", "2001:db8::/129")]
    [InlineData("[::1]", "[::1]")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("fe80::1%3", "fe80::1%3")]
    [InlineData("10.0.0.1,", "")]
    [InlineData("10.0.0.1, 10.0.0.2", " 10.0.0.2")]
    [InlineData("10.0.0.1,x,y", "x")]
    public void ATextThatIsNoNetwork_IsNamed(string networks, string expected)
    {
        Assert.Null(AllowedNetworks.TryParse(networks, out string? wrong));
        Assert.Equal(expected, wrong);
    }

    private static AllowedNetworks Parse(string networks)
    {
        var parsed = AllowedNetworks.TryParse(networks, out string? wrong);
        Assert.Null(wrong);
        return parsed!;
    }
}
