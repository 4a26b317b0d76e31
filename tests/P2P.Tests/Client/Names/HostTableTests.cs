using System;
using System.IO;
using System.Linq;
using System.Net;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Names;

public sealed class HostTableTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost")]
    [InlineData("localhost.")]
    [InlineData("hub.LocalHost")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public void Resolve_OfThisMachine_IsBothItsAddresses(string host) =>
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], HostTable.Resolve(host));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("192.0.2.7")]
    [InlineData("2001:db8::7")]
    public void Resolve_OfAnAddress_IsThatAlone(string host) =>
        Assert.Equal([IPAddress.Parse(host)], HostTable.Resolve(host));

    [Theory]
    [InlineData("")]
    [InlineData("no-such-host.invalid")]
    [InlineData("#")]
    [InlineData(" ")]
    public void Resolve_OfAHostThatIsNotKnown_IsNothing(string host) => Assert.Empty(HostTable.Resolve(host));

    [Fact]
    public void Resolve_FindsEveryNameOfTheHostsFile_InAnyCase()
    {
        foreach (string line in File.ReadAllLines("/etc/hosts"))
        {
            string[] words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            foreach (string name in words.Skip(1)
                .Where(name => !name.Equals("localhost", StringComparison.OrdinalIgnoreCase)))
            {
                Assert.Contains(IPAddress.Parse(words[0]), HostTable.Resolve(name));
                Assert.Equal(HostTable.Resolve(name), HostTable.Resolve(name.ToUpperInvariant()));
            }
        }
    }
}
