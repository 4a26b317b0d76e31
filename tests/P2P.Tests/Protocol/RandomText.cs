using System;
using System.Linq;
using System.Text;

namespace P2P.Tests.Protocol;

/// <summary>Random input for readers: messages that are right, with values at the edges more often than chance would
/// have it, and garbage of several kinds. Text stands for bytes, one character each.</summary>
internal static class RandomText
{
    private static readonly string[] Splinters =
    [
        "LOCAL_CHUNKS", "WHERE_CHUNK", "REQUEST_CHUNK", "GET_CHUNK_FROM", "CHUNK_LOCATION_UNKNOWN",
        "LOCAL_CHUNKS,", "WHERE_CHUNK,", "GET_CHUNK_FROM,", "WHERE_CHUNK,7", "LOCAL_CHUNKS,7,localhost,5001",
        "LOC", "CHUNK_", ",", ",", ",,", "0", "1", "5001", "99999999999", "-1", "\n", "\r\n", "\r", " ", "\t", "\0",
        "localhost", "Connected",
    ];

    public static int Index(Random random) =>
        random.Pick(0, 1, 2, 9, 10, int.MaxValue - 1, int.MaxValue, random.Next(1, 100), random.Next(1, int.MaxValue));

    public static int Port(Random random) => random.Pick(1, 9, 10, 5001, 65535, random.Next(1, 65536));

    /// <summary>1 to 255 visible characters without a comma.</summary>
    public static string Host(Random random)
    {
        int length = random.Pick(1, 2, 255, random.Next(1, 256));
        return random.Pick("localhost", "127.0.0.1", "::1", Characters(random, length));
    }

    /// <summary>A message from a client, to a tracker or to another client.</summary>
    public static string Message(Random random) => random.Next(5) switch
    {
        0 => $"WHERE_CHUNK,{Index(random)}",
        1 => $"REQUEST_CHUNK,{Index(random)}",
        _ => $"LOCAL_CHUNKS,{Index(random)},"
            + $"{random.Pick("localhost", "127.0.0.1", "::1", "host.example")},{Port(random)}",
    };

    /// <summary>Anything: pure noise, text of the alphabet of messages, or parts of messages in any order.</summary>
    public static string Garbage(Random random, int length)
    {
        int kind = random.Next(4);
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append(kind switch
            {
                0 => ((char)random.Next(256)).ToString(),
                1 => ((char)random.Next(0x20, 0x7f)).ToString(),
                2 => random.Pick("LWRGC,0123456789_\n\r \t\0".ToCharArray()).ToString(),
                _ => random.Pick(Splinters),
            });
        }
        return text.ToString(0, length);
    }

    // Visible ASCII but the comma.
    private static string Characters(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next(0x21, 0x7f))).Replace(',', ';');
}
