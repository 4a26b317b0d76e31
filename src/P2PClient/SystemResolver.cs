#if !STATIC_EXECUTABLE
using System;
using System.Collections.Generic;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace P2P.Client;

/// <summary>
/// The system's own way from a name to addresses, DNS and all: in the build against the machine's libc only, since a
/// static one can't use what that is configured to. Waits for name servers, so it is for the start alone.
/// </summary>
internal static unsafe class SystemResolver
{
    /// <summary>Resolves a host.</summary>
    /// <returns>The addresses in the order to try them; none if the host isn't known.</returns>
    public static IPAddress[] Resolve(string host)
    {
        List<IPAddress> found = [];
        var wanted = new AddressInfo { Kind = Posix.LibC.SOCK_STREAM };
        AddressInfo* first;
        fixed (byte* name = Encoding.UTF8.GetBytes(host + '\0'))
        {
            if (getaddrinfo(name, null, &wanted, &first) != 0) return [];
        }
        for (AddressInfo* each = first; each is not null; each = each->Next)
        {
            // struct sockaddr_in: family, port, address; struct sockaddr_in6: family, port, flow, address, scope.
            if (each->Family == Posix.LibC.AF_INET) found.Add(new IPAddress(new ReadOnlySpan<byte>(each->Address + 4, 4)));
            else if (each->Family == Posix.LibC.AF_INET6)
                found.Add(new IPAddress(new ReadOnlySpan<byte>(each->Address + 8, 16), *(uint*)(each->Address + 24)));
        }
        freeaddrinfo(first);
        return [.. found];
    }

    [DllImport("libc")]
    private static extern int getaddrinfo(byte* host, byte* service, AddressInfo* wanted, AddressInfo** found);

    [DllImport("libc")]
    private static extern void freeaddrinfo(AddressInfo* first);

    // struct addrinfo, as glibc and musl have it on 64 bits.
    private struct AddressInfo
    {
        public int Flags, Family, Kind, Protocol;
        public uint AddressBytes;
        public byte* Address, CanonicalName;
        public AddressInfo* Next;
    }
}
#endif
