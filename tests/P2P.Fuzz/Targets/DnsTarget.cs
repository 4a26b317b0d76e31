using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using P2P.Client;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// What comes from a name server: the same addresses, and the same word where there are none, as the slow reading has
/// it, of the whole message and of one that is cut off. The first byte of the input says which question was asked (bit
/// 0: for IPv6) and whether the rest is the whole message (bit 1), or only what follows the two bytes that repeat the
/// question's number: flags and counts (10 bytes), and all behind the question, which is repeated.
/// </summary>
internal static class DnsTarget
{
    private const string Host = "Hub.Example";
    private const ushort Id = 0x1234;
    private const int HeadBytes = 12, EveryCutMax = 200;

    public static void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) return;
        ushort type = (input[0] & 1) == 0 ? DnsMessage.TypeA : DnsMessage.TypeAaaa;
        byte[] question = DnsMessage.Question(Host, Id, type), rest = input[1..].ToArray();
        byte[] message = (input[0] & 2) != 0 ? rest
            : [.. question[..2], .. rest.Take(HeadBytes - 2), .. question[HeadBytes..], .. rest.Skip(HeadBytes - 2)];
        message = message[..Math.Min(message.Length, DnsMessage.BytesMax)];
        Check(message, question, type);
        if (message.Length <= EveryCutMax)
        {
            for (int bytes = 0; bytes < message.Length; bytes++) Check(message[..bytes], question, type);
        }
    }

    private static void Check(byte[] message, byte[] question, ushort type)
    {
        // What another server has told stays.
        List<IPAddress> addresses = [IPAddress.Loopback];
        DnsAnswer answer = DnsMessage.Read(message, question, addresses);
        Expect(addresses[0].Equals(IPAddress.Loopback), "what was known has gone");
        IPAddress[] found = [.. addresses.Skip(1)];
        Expect(found.Length > 0 == (answer == DnsAnswer.Found), $"{answer} with {found.Length} addresses");
        Expect(found.Length <= message.Length / 14, "more addresses than there is room for");
        foreach (IPAddress address in found)
        {
            byte[] bytes = address.GetAddressBytes();
            Expect(bytes.Length == (type == DnsMessage.TypeA ? 4 : 16), $"{address} is of another family");
            Expect(message.AsSpan().IndexOf(bytes) >= 0, $"{address} did not come");
        }
        (DnsAnswer Answer, string[] Addresses) expected = ReferenceDns.Read(message, question, Host, type);
        string told = Describe(answer, found.Select(each => each.ToString()));
        if (told != Describe(expected.Answer, expected.Addresses))
            throw new FuzzException($"Read: {told}\nExpected: {Describe(expected.Answer, expected.Addresses)}");
    }

    private static string Describe(DnsAnswer answer, IEnumerable<string> addresses) =>
        $"{answer} {string.Join(' ', addresses)}";
}
