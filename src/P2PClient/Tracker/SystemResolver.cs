#if !STATIC_EXECUTABLE
using System.Net;
using System.Net.Sockets;

namespace P2P.Client;

/// <summary>
/// The system's own way from a name to addresses, DNS and all: in the build against the machine's libc only, since a
/// static one can't use what that is configured to. Waits for name servers, so it is for the start alone.
/// </summary>
internal static class SystemResolver
{
    /// <summary>Resolves a host.</summary>
    /// <returns>The addresses in the order to try them; none if the host isn't known.</returns>
    public static IPAddress[] Resolve(string host)
    {
        if (host.Length == 0) return [];        // the runtime would take it for this machine
        try
        {
            return Dns.GetHostAddresses(host);
        }
        catch (SocketException)
        {
            return [];
        }
    }
}
#endif
