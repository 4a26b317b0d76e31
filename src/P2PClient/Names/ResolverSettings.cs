using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;

namespace P2P.Client;

/// <summary>Whom to ask for names, and how: /etc/resolv.conf as resolv.conf(5) has it. What the file holds besides is
/// ignored, and so is a value that can't be used.</summary>
internal sealed class ResolverSettings
{
    private const int ServersMax = 3, DotsMax = 15, SecondsMax = 30, AttemptsMax = 5;
    private static readonly char[] Blanks = [' ', '\t'];

    /// <summary>Asked in turn, 1 to 3.</summary>
    public IPEndPoint[] Servers { get; private init; } = [];

    /// <summary>The domains that a name may be in, in turn; perhaps none.</summary>
    public string[] Domains { get; private init; } = [];

    /// <summary>A name with so many dots is asked for as it is first; one with fewer, in the domains first.</summary>
    public int Dots { get; private init; }

    /// <summary>How long one server has for its answer.</summary>
    public TimeSpan Timeout { get; private init; }

    /// <summary>How often all servers are asked.</summary>
    public int Attempts { get; private init; }

    /// <summary>Reads this machine's settings.</summary>
    public static ResolverSettings Read() =>
        Parse(ReadLines("/etc/resolv.conf"), ReadLines("/proc/sys/kernel/hostname"));

    /// <summary>Reads settings.</summary>
    /// <param name="lines">Those of resolv.conf; none if there is no such file.</param>
    /// <param name="hostName">The name of this machine in the first line: what follows its first dot is the domain that
    /// is searched unless the file names one.</param>
    /// <param name="port">The servers' port.</param>
    public static ResolverSettings Parse(string[] lines, string[] hostName, int port = 53)
    {
        List<IPEndPoint> servers = [];
        string[]? domains = null;
        int dots = 1, seconds = 5, attempts = 2;
        foreach (string line in lines)
        {
            string[] words = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || line[0] != words[0][0]) continue;       // a keyword begins its line
            switch (words[0])
            {
                case "nameserver":
                    if (servers.Count < ServersMax && IPAddress.TryParse(words[1], out IPAddress? server))
                        servers.Add(new IPEndPoint(server, port));
                    break;
                case "domain":
                    domains = [words[1]];
                    break;
                case "search":
                    domains = words[1..];
                    break;
                case "options":
                    foreach (string option in words[1..])
                    {
                        dots = ValueOf(option, "ndots:", 0, DotsMax) ?? dots;
                        seconds = ValueOf(option, "timeout:", 1, SecondsMax) ?? seconds;
                        attempts = ValueOf(option, "attempts:", 1, AttemptsMax) ?? attempts;
                    }
                    break;
            }
        }
        if (servers.Count == 0) servers.Add(new IPEndPoint(IPAddress.Loopback, port));
        return new ResolverSettings
        {
            Servers = [.. servers],
            Domains = domains ?? DomainOf(hostName),
            Dots = dots,
            Timeout = TimeSpan.FromSeconds(seconds),
            Attempts = attempts,
        };
    }

    /// <summary>Returns the names to ask for, in turn.</summary>
    /// <param name="host">The user's name; with a dot at its end it is in no domain.</param>
    public List<string> NamesOf(string host)
    {
        List<string> names = [];
        if (host.EndsWith('.')) return [host.TrimEnd('.')];
        foreach (string domain in Domains)
        {
            string name = $"{host}.{domain}".TrimEnd('.');
            if (DnsMessage.IsName(name) && !names.Contains(name)) names.Add(name);
        }
        names.Remove(host);
        bool isWhole = host.AsSpan().Count('.') >= Dots;
        names.Insert(isWhole ? 0 : names.Count, host);
        return names;
    }

    private static int? ValueOf(string option, string name, int min, int max) =>
        option.StartsWith(name, StringComparison.Ordinal)
            && int.TryParse(option.AsSpan(name.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value >= min ? Math.Min(value, max) : null;

    private static string[] DomainOf(string[] hostName)
    {
        int dot = hostName.Length == 0 ? -1 : hostName[0].IndexOf('.');
        return dot < 0 ? [] : [hostName[0][(dot + 1)..]];
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return TextLines.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
