using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>
/// Names to addresses, without the system's resolver, which a static executable can't use and nobody may wait for while
/// chunks move: localhost, numeric addresses, and what /etc/hosts says.
/// </summary>
internal static class HostTable
{
    /// <summary>Both spellings of this machine, the more usual one first.</summary>
    public static IPAddress[] Localhost { get; } = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <summary>Resolves a host.</summary>
    /// <returns>The addresses to try in turn; none if the host isn't known.</returns>
    public static IPAddress[] Resolve(string host)
    {
        if (host.Equals(HostName.Localhost, StringComparison.OrdinalIgnoreCase)) return Localhost;
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            // "Any" as a destination is this machine.
            return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? Localhost : [address];
        }
        try
        {
            return Find(host, TextLines.Read("/etc/hosts"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static IPAddress[] Find(string host, string[] lines)
    {
        List<IPAddress> found = [];
        foreach (string line in lines)
        {
            string[] words = line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1
                && Array.FindIndex(words, 1, word => word.Equals(host, StringComparison.OrdinalIgnoreCase)) > 0
                && IPAddress.TryParse(words[0], out IPAddress? address)) found.Add(address);
        }
        return [.. found];
    }
}
