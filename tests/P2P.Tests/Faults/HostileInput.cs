using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace P2P.Tests.Faults;

/// <summary>What strangers send who don't know the protocol, or know it too well.
/// Each goes over a connection of its own.</summary>
internal static class HostileInput
{
    private const string Digits99 =
        "999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999";

    private static readonly string[] Verbs =
        ["LOCAL_CHUNKS", "WHERE_CHUNK", "REQUEST_CHUNK", "GET_CHUNK_FROM", "CHUNK_LOCATION_UNKNOWN"];

    private static readonly string[] Indexes =
        ["0", "-1", "+1", "2147483648", Digits99, "", " ", "1.5", "1e3", "0x1", "\0", "../1", "١"];

    private static readonly string[] Hosts =
    [
        "", " ", "\"a\"", "'a'", "a b", "a\tb", "\u001b[2J\u001b]0;owned\u0007", new('h', 300), new('h', 4000), "a\0b",
        "a\rP2PTracker,GET_CHUNK_FROM,1,localhost,1", "a,b,c", "\"a,b\"", "%s%n", "$(reboot)", "../../etc/passwd",
        "\u00ff\u00fe", "192.0.2.1", "::ffff:192.0.2.1", "example.org",
    ];

    private static readonly string[] Ports = ["0", "70000", "65536", "-1", "", "80 80", Digits99, "\0", "http"];

    /// <summary>Everything that is to be sent, with a name for the message of a failed test.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> All(Random random)
    {
        foreach (int length in new[] { 1, 100, 5000, 1_000_000 })
        {
            byte[] noise = new byte[length];
            random.NextBytes(noise);
            yield return ($"{length} bytes of noise", noise);
        }
        yield return ("10 MB without an end", Encoding.ASCII.GetBytes(new string('A', 10_000_000)));
        yield return ("10 MB of a message without an end",
            Encoding.ASCII.GetBytes("LOCAL_CHUNKS,1," + new string('h', 10_000_000)));
        yield return ("10 MB of digits", Encoding.ASCII.GetBytes("WHERE_CHUNK," + new string('7', 10_000_000)));
        yield return ("NUL bytes", new byte[100_000]);
        yield return ("line ends", Encoding.ASCII.GetBytes(new string('\n', 100_000)));
        yield return ("blanks", Encoding.ASCII.GetBytes(new string(' ', 100_000)));
        yield return ("commas", Encoding.ASCII.GetBytes(new string(',', 100_000)));
        yield return ("an HTTP hello",
            Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\r\n\r\n"));
        yield return ("a TLS hello",
            [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, .. Enumerable.Range(0, 502).Select(i => (byte)(i * 7))]);
        foreach (string text in Messages())
        {
            yield return ($"'{text}'", Encoding.Latin1.GetBytes(text));
            yield return ($"'{text}' and a line end", Encoding.Latin1.GetBytes(text + "\n"));
        }
        yield return ("all of it in lines", Encoding.Latin1.GetBytes(string.Join("\n", Messages()) + "\n"));
        yield return ("all of it joined", Encoding.Latin1.GetBytes(string.Concat(Messages())));
    }

    private static IEnumerable<string> Messages()
    {
        foreach (string verb in Verbs)
        {
            yield return verb;
            yield return $"{verb},";
            yield return $"{verb.ToLowerInvariant()},1";
            yield return $" {verb} ,1";
            foreach (string index in Indexes)
                yield return $"{verb},{index}";
        }
        foreach (string index in Indexes)
            yield return $"LOCAL_CHUNKS,{index},localhost,4000";
        foreach (string host in Hosts)
            yield return $"LOCAL_CHUNKS,77,{host},4000";
        foreach (string port in Ports)
            yield return $"LOCAL_CHUNKS,77,localhost,{port}";
        yield return "LOCAL_CHUNKS,77,localhost";
        yield return "LOCAL_CHUNKS,77,localhost,4000,5000,6000";
        yield return "WHERE_CHUNK,1,../../x,\u001b[31m";
        yield return "REQUEST_CHUNK,../local_chunks.txt";
        yield return "REQUEST_CHUNK,1/../../local_chunks.txt";
    }
}
