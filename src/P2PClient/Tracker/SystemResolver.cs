#if !STATIC_EXECUTABLE
using System.Net;
using System.Net.Sockets;

namespace P2P.Client;

/// <summary>
/// Names to addresses by the system's resolver, DNS included. Only the build against the machine's libc has it: a
/// static executable can't load the modules that the resolver is configured to use. It waits for name servers, so a
/// client uses it only before its loop runs.
/// </summary>
internal static class SystemResolver
{
    /// <summary>Resolves a host.</summary>
    /// <returns>The addresses in the order to try them; none if the host isn't known.</returns>
    public static IPAddress[] Resolve(string host)
    {
        if (host.Length == 0) return [];        // the runtime takes an empty name for this machine
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
