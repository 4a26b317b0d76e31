using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Protocol;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// Any lines, taken for a tracker's word about its set and for a client's: read or not, and with which id and peers, as
/// the slow reading has it; what is read is written the same; and no other message of ours is taken for one.
/// </summary>
internal static class SetLinesTarget
{
    private static readonly Regex Line =
        new(@"^SET(?:,(?<id>[0-9a-fA-F]{16})(?:,(?<peers>.*))?)?\z", RegexOptions.Singleline);

    public static void Run(ReadOnlySpan<byte> input)
    {
        foreach (Range range in input.Split((byte)'\n')) Check(input[range]);
    }

    private static void Check(ReadOnlySpan<byte> bytes)
    {
        bool isRead = SetSyntax.TryRead(bytes, out ulong id, out ReadOnlySpan<byte> peers);
        string text = Encoding.Latin1.GetString(bytes).Trim(' ', '\t', '\r', '\0');
        Match match = Line.Match(text);
        string digits = match.Groups["id"].Value;
        bool isExpected = match.Success && digits != "0000000000000000";
        Expect(isRead == isExpected, $"read: {isRead}");
        if (!isRead) return;

        ulong expected =
            digits.Length == 0 ? 0 : ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        Expect(id == expected, $"the id is {id:x}");
        Expect(Encoding.Latin1.GetString(peers) == match.Groups["peers"].Value, "the peers are others");
        Expect(!MessageReader.TryRead(bytes, out _), "it is another message as well");
        Expect(!LaneSyntax.TryReadHello(bytes, out _), "it is a hello as well");

        Span<byte> buffer = stackalloc byte[SetLineBytesMax];
        int length = SetSyntax.Write(buffer, id);
        string written = Encoding.ASCII.GetString(buffer[..length]);
        Expect(written == (id == 0 ? "SET" : $"SET,{digits.ToLowerInvariant()}"), $"written: {written}");
        Expect(SetSyntax.TryRead(buffer[..length], out ulong again, out ReadOnlySpan<byte> none) && again == id
            && none.IsEmpty, "what is written is not read");
        CheckPeers(peers, match.Groups["peers"].Value);
    }

    private const int SetLineBytesMax = 20;

    // Pairs of fields; those that name no peer are left out.
    private static void CheckPeers(ReadOnlySpan<byte> peers, string text)
    {
        List<string> found = [], expected = [];
        var fields = new FieldReader(peers);
        while (MessageReader.TryReadPeer(ref fields, out ReadOnlySpan<byte> host, out int port))
            found.Add($"{Encoding.Latin1.GetString(host)} {port}");
        string[] all = text.Split(',');
        for (int i = 0; i + 1 < all.Length; i += 2)
        {
            bool isHost = Regex.IsMatch(all[i], @"^[!-~]{1,255}\z");
            bool isPort = Regex.IsMatch(all[i + 1], @"^0*[1-9][0-9]{0,4}\z") && int.Parse(all[i + 1]) <= 65535;
            if (isHost && isPort) expected.Add($"{all[i]} {int.Parse(all[i + 1])}");
        }
        Expect(string.Join('|', found) == string.Join('|', expected),
            $"peers {string.Join('|', found)}, expected {string.Join('|', expected)}");
    }
}
