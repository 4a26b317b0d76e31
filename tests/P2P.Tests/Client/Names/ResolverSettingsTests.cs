using System;
using System.Linq;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client.Names;

/// <summary>/etc/resolv.conf, as resolv.conf(5) describes it.</summary>
public sealed class ResolverSettingsTests
{
    [Fact]
    public void WithoutAFile_ThisMachineIsAsked_WithTheDefaults()
    {
        var settings = ResolverSettings.Parse([], []);
        Assert.Equal("127.0.0.1:53", settings.Servers.Single().ToString());
        Assert.Empty(settings.Domains);
        Assert.Equal((1, 5, 2), (settings.Dots, (int)settings.Timeout.TotalSeconds, settings.Attempts));
    }

    [Fact]
    public void TheFirstThreeServers_AreAsked()
    {
        ResolverSettings settings = Parse("nameserver 192.0.2.1\nnameserver   2001:db8::1 \nnameserver x\n"
            + "nameserver\t192.0.2.3\nnameserver 192.0.2.4");
        Assert.Equal("192.0.2.1:53 [2001:db8::1]:53 192.0.2.3:53", string.Join<object>(' ', settings.Servers));
    }

    [Theory]
    [InlineData("search a.example b.example", "a.example b.example")]
    [InlineData("domain a.example b.example", "a.example")]
    [InlineData("search a.example\ndomain b.example", "b.example")]
    [InlineData("domain b.example\nsearch  a.example\tc.example", "a.example c.example")]
    [InlineData("#search a.example\n; domain b.example\n search c.example", "home.example")]
    [InlineData("", "home.example")]
    public void TheLastListOfDomains_Counts_OrElseTheMachinesOwn(string text, string domains) =>
        Assert.Equal(domains, string.Join(' ', Parse(text).Domains));

    [Theory]
    [InlineData("options ndots:3 timeout:1 attempts:4", 3, 1, 4)]
    [InlineData("options timeout:9\noptions rotate attempts:1 edns0", 1, 9, 1)]
    [InlineData("options ndots:99 timeout:99 attempts:99", 15, 30, 5)]
    [InlineData("options ndots:0 timeout:0 attempts:0", 0, 5, 2)]
    [InlineData("options ndots: timeout:x attempts:-1", 1, 5, 2)]
    public void Options_AreTaken_WithinTheirBounds(string text, int dots, int seconds, int attempts)
    {
        ResolverSettings settings = Parse(text);
        Assert.Equal((dots, seconds, attempts),
            (settings.Dots, (int)settings.Timeout.TotalSeconds, settings.Attempts));
    }

    [Theory]
    [InlineData("hub", 1, "hub.a.example hub.b hub")]
    [InlineData("hub.x", 1, "hub.x hub.x.a.example hub.x.b")]
    [InlineData("hub.x", 2, "hub.x.a.example hub.x.b hub.x")]
    [InlineData("hub", 0, "hub hub.a.example hub.b")]
    [InlineData("hub.", 1, "hub")]
    [InlineData("hub.x.", 9, "hub.x")]
    public void ANameWithFewDots_IsLookedForInTheDomainsFirst(string host, int dots, string names) =>
        Assert.Equal(names,
            string.Join(' ', Parse($"search a.example . b. \u00e9\noptions ndots:{dots}").NamesOf(host)));

    private static ResolverSettings Parse(string text) =>
        ResolverSettings.Parse(text.Split('\n'), ["machine.home.example"]);
}
