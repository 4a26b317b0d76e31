using System.Net;
using System.Text;
using P2P.Protocol;
using Xunit;

namespace P2P.Tests.Protocol;

public sealed class HostNameTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    [InlineData("0:0:0:0:0:0:0:1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public void IsLoopback_OfEverySpellingOfThisMachine_IsTrue(string host) =>
        Assert.True(HostName.IsLoopback(Encoding.Latin1.GetBytes(host)));

    [Theory]
    [InlineData("")]
    [InlineData("localhos")]
    [InlineData("localhost.")]
    [InlineData("localhost.example")]
    [InlineData("xlocalhost")]
    [InlineData("128.0.0.1")]
    [InlineData("10.0.0.1")]
    [InlineData("::2")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("host.example")]
    [InlineData("l\u00f6calhost")]
    public void IsLoopback_OfAnythingElse_IsFalse(string host) =>
        Assert.False(HostName.IsLoopback(Encoding.Latin1.GetBytes(host)));

    [Fact]
    public void IsLoopback_OfAHostOfAnyLengthAndAnyBytes_DoesNotThrow()
    {
        for (int length = 0; length <= 300; length++)
        {
            Assert.False(HostName.IsLoopback(Encoding.Latin1.GetBytes(new string('\u00ff', length))));
            Assert.False(HostName.IsLoopback(Encoding.Latin1.GetBytes(new string('9', length + 1))));
        }
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.1", false)]
    [InlineData("2001:db8::1", false)]
    public void IsLoopback_OfAnAddress_TellsWhetherItIsThisMachines(string address, bool isLoopback) =>
        Assert.Equal(isLoopback, HostName.IsLoopback(IPAddress.Parse(address)));
}
