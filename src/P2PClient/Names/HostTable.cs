using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>
/// Names to addresses, as far as localhost, numeric addresses and /etc/hosts go: what can be found without waiting.
/// </summary>
internal static class HostTable
{
    /// <summary>Both addresses of this machine for itself, the more usual one first.</summary>
    public static IPAddress[] Localhost { get; } = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <summary>Resolves a host.</summary>
    /// <returns>The addresses to try in turn; none if the host isn't known.</returns>
    public static IPAddress[] Resolve(string host)
    {
        host = host.TrimEnd('.');
        // The whole domain of this name is this machine, and no name server is to be asked (RFC 6761, 6.3).
        if (host.Equals(HostName.Localhost, StringComparison.OrdinalIgnoreCase)
            || host.EndsWith($".{HostName.Localhost}", StringComparison.OrdinalIgnoreCase)) return Localhost;
        if (IPAddress.TryParse(host, out IPAddress? address))
        {
            // Linux takes the unspecified address as a destination for this machine.
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
