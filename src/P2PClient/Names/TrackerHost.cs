using System;
using System.Diagnostics;
using System.Net;
using P2P.Cli;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>
/// The tracker as the user has named it, and where it is. A number, localhost and a name of /etc/hosts have addresses
/// from the start; any other name is asked of name servers, and may have none until one of them knows it.
/// </summary>
internal sealed class TrackerHost
{
    /// <summary>What the user can do about a <see cref="Problem"/>.</summary>
    public const string Cure = "see that the name is right, or give an address with -tracker";

    private const int DefaultPort = 5100;       // PROTOCOL 8.1
    private readonly string _host;
    private string _problem;

    private TrackerHost(string host, int port)
    {
        (_host, Port, Addresses) = (host, port, HostTable.Resolve(host));
        _problem = $"the address of {host} is still being looked up";
        IsInDns = Addresses.Length == 0;
        if (IsInDns && !DnsMessage.IsName(host))
        {
            throw ProgramException.Usage(
                $"-tracker '{host}' is neither an address nor the name of a host: give localhost, a numeric address, "
                + "or a name of ASCII letters, digits, hyphens and dots");
        }
        IsLocal = !IsInDns && HostName.IsLoopback(Addresses[0]);
        Name = host.Contains(':') ? $"[{host}]:{port}" : $"{host}:{port}";
    }

    /// <summary>As the user has named it, with its port.</summary>
    public string Name { get; }

    public int Port { get; }

    /// <summary>The tracker is on this machine. One that DNS knows counts as one elsewhere.</summary>
    public bool IsLocal { get; }

    /// <summary>The name is asked of name servers.</summary>
    public bool IsInDns { get; }

    /// <summary>Tried in turn; none while the name is not known.</summary>
    public IPAddress[] Addresses { get; private set; }

    /// <summary>Why there is no address; null if there is one.</summary>
    public string? Problem => Addresses.Length == 0 ? _problem : null;

    /// <summary>Reads the option.</summary>
    /// <param name="text">A host, perhaps with a colon and a port; an IPv6 address with a port stands in
    /// brackets.</param>
    /// <exception cref="ProgramException">It is none.</exception>
    public static TrackerHost Parse(string text)
    {
        string host = text;
        int port = DefaultPort;
        int colon = text.LastIndexOf(':');
        bool isBareIPv6 = colon != text.IndexOf(':') && !text.StartsWith('[');
        if (isBareIPv6 && LooksLikePort(text.AsSpan(colon + 1)) && IPAddress.TryParse(text[..colon], out _))
        {
            throw ProgramException.Usage(
                $"-tracker '{text}' may be an address, or an address and a port: "
                + $"give [{text}] or [{text[..colon]}]:{text[(colon + 1)..]}");
        }
        if (colon >= 0 && !isBareIPv6 && !text.EndsWith(']'))
        {
            host = text[..colon];
            port = CommandLine.ParsePort(text[(colon + 1)..], 1, "-tracker's port");
        }
        return new TrackerHost(host.TrimStart('[').TrimEnd(']'), port);
    }

    /// <summary>Looks the name up and waits for the name servers: for callers without a loop.</summary>
    public void LookUp()
    {
        if (IsInDns) Take(Find(out string problem), problem);
    }

    /// <summary>Looks the name up in /etc/hosts, where it may stand by now, and then in DNS. Waits for the name servers
    /// and changes nothing: from any thread.</summary>
    /// <param name="problem">Why nothing was found.</param>
    public IPAddress[] Find(out string problem)
    {
        Debug.Assert(IsInDns, "addresses of any other host are known");
        problem = "";
        IPAddress[] found = HostTable.Resolve(_host);
        if (found.Length > 0) return found;
        found = new DnsResolver(ResolverSettings.Read()).Resolve(_host, out problem);
        problem = $"the name {_host} is not in /etc/hosts, and {problem}";
        return found;
    }

    /// <summary>Takes the result of <see cref="Find"/>. If it found nothing, the addresses stay as they were.</summary>
    /// <returns>True if the addresses are others than before.</returns>
    public bool Take(IPAddress[] found, string problem)
    {
        _problem = problem;
        if (found.Length == 0 || found.AsSpan().SequenceEqual(Addresses)) return false;
        Addresses = found;
        Diagnosis.Log?.Add($"tracker {_host} is {string.Join<IPAddress>(", ", found)}");
        return true;
    }

    private static bool LooksLikePort(ReadOnlySpan<char> text) =>
        text.Length >= 4 && !text.ContainsAnyExceptInRange('0', '9');
}
