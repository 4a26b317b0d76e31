using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace P2P.Cli;

/// <summary>
/// The networks that may connect to a program (<c>-allow</c>). A connection from any other address is closed when it is
/// accepted, and counted; the first one is told on stderr. An IPv4 address that is written as an IPv6 one, as sockets
/// for both families do, counts as IPv4.
/// </summary>
public sealed class AllowedNetworks
{
    private readonly List<(byte[] Address, int Bits)> _networks = [];

    private AllowedNetworks()
    {
    }

    /// <summary>Connections that were closed.</summary>
    public long Refused { get; private set; }

    /// <summary>Reads networks with commas between them.</summary>
    /// <param name="text">Each is an address, or an address with the number of its first bits that count:
    /// <c>192.168.0.0/16,2001:db8::/32,10.1.2.3</c>.</param>
    /// <param name="wrong">The one that is no network, or null.</param>
    public static AllowedNetworks? TryParse(string text, out string? wrong)
    {
        var networks = new AllowedNetworks();
        foreach (string each in text.Split(','))
        {
            wrong = each;
            if (!networks.TryAdd(each)) return null;
        }
        wrong = null;
        return networks;
    }

    /// <summary>Tells whether one of the networks has an address.</summary>
    public bool Contains(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        bool isWritten = address.TryWriteBytes(bytes, out int count);
        Debug.Assert(isWritten && count is 4 or 16, "an address has 4 or 16 bytes");
        foreach ((byte[] network, int bits) in _networks)
        {
            if (network.Length != count || !network.AsSpan(0, bits / 8).SequenceEqual(bytes[..(bits / 8)])) continue;
            // The bits of the last byte that count in part.
            if (bits % 8 == 0 || (network[bits / 8] ^ bytes[bits / 8]) >> (8 - (bits % 8)) == 0) return true;
        }
        return false;
    }

    /// <summary>Lets only connections from the networks through.</summary>
    /// <param name="name">The program or client, for the line on stderr.</param>
    /// <param name="onAccepted">Takes over each socket that may connect.</param>
    public Action<Socket> Guard(string name, Action<Socket> onAccepted) => socket =>
    {
        IPAddress address = ((IPEndPoint)socket.RemoteEndPoint!).Address;
        if (Contains(address))
        {
            onAccepted(socket);
            return;
        }
        socket.Dispose();
        if (Refused++ > 0) return;
        Terminal.PrintError(
            $"{name}: closed a connection from {address}: none of the networks of -allow has this address; "
            + "any more are closed without a word");
    };

    // Only the plain forms: the runtime reads 10 as 0.0.0.10, 010.0.0.1 as 8.0.0.1, and ports and zones as well.
    private bool TryAdd(string text)
    {
        int slash = text.IndexOf('/');
        string host = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(host, out IPAddress? address) || host.AsSpan().ContainsAny("[%")) return false;
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        if (isIPv4 && $"{address}" != host) return false;
        int most = isIPv4 ? 32 : 128, bits = most;
        bool isLength = slash < 0
            || int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out bits);
        if (!isLength || bits > most) return false;
        if (address.IsIPv4MappedToIPv6 && bits >= 96) (address, bits) = (address.MapToIPv4(), bits - 96);
        _networks.Add((address.GetAddressBytes(), bits));
        return true;
    }
}
