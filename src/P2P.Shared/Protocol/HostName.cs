using System;
using System.Net;
using System.Text;

namespace P2P.Protocol;

/// <summary>What the host of a message stands for. A static executable must not ask the system's resolver, so names
/// other than localhost are looked up where they are needed, not here.</summary>
public static class HostName
{
    /// <summary>The one spelling of this machine, on the wire as in the log (PROTOCOL 5.4).</summary>
    public const string Localhost = "localhost";

    /// <summary>Tells whether a host is one of the spellings of this machine.</summary>
    /// <param name="host">A name or a numeric address. 0.0.0.0 and :: count as this machine: connecting to them reaches
    /// it.</param>
    public static bool IsLoopback(ReadOnlySpan<byte> host)
    {
        if (host.SequenceEqual("localhost"u8)) return true;
        if (host.IsEmpty || host.Length > 64) return false;
        Span<char> characters = stackalloc char[64];
        characters = characters[..Encoding.ASCII.GetChars(host, characters)];
        return MemoryExtensions.Equals(characters, Localhost, StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(characters, out IPAddress? address) && IsLoopback(address));
    }

    /// <summary>Tells whether an address in a message is this machine: a loopback address, 0.0.0.0 or ::.</summary>
    public static bool IsLoopback(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
    }
}
