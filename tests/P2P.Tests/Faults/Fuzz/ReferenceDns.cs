using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using P2P.Client;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>
/// Reads the answer of a name server the slow way: first all names and records as text, up to the first that is not
/// whole, and then what they say of the name that was asked for. Each pass over the records ends at an alias, of which
/// the next pass looks for the addresses.
/// </summary>
internal static class ReferenceDns
{
    private const int TypeAlias = 5, ClassInternet = 1, PassesMax = 17;

    private sealed record Resource(string Owner, int Type, int Class, int DataAt, byte[] Data);

    /// <summary>What the message says, and the addresses in their order.</summary>
    /// <param name="name">Asked for; without a dot at its end.</param>
    public static (DnsAnswer Answer, string[] Addresses) Read(byte[] message, byte[] question, string name, int type)
    {
        if (!IsAnswer(message, question)) return (DnsAnswer.None, []);
        if ((message[3] & 15) is not (0 or 3)) return (DnsAnswer.Failed, []);
        bool isWhole = TryReadRecords(message, question.Length, out List<Resource> records);
        bool isMarkedCut = (message[2] & 2) != 0;
        name = $"{name.ToLowerInvariant()}.";
        List<string> addresses = [];
        for (int pass = 0; pass < PassesMax; pass++)
        {
            Resource? alias = null;
            foreach (Resource record in records.Where(each => each.Owner == name && each.Class == ClassInternet))
            {
                alias = record.Type == TypeAlias && type != TypeAlias ? record : null;
                if (alias is not null) break;
                if (record.Type == type && record.Data.Length == (type == 1 ? 4 : 16))
                    addresses.Add(new IPAddress(record.Data).ToString());
            }
            if (addresses.Count > 0) return (DnsAnswer.Found, [.. addresses]);
            if (alias is null) return (isWhole && !isMarkedCut ? DnsAnswer.NotFound : DnsAnswer.Failed, []);
            int at = alias.DataAt;
            if (ReadName(message, ref at) is not { } target) return (DnsAnswer.Failed, []);
            name = target;
        }
        return (DnsAnswer.Failed, []);
    }

    private static bool IsAnswer(byte[] message, byte[] question) =>
        message.Length >= question.Length
            && message[0] == question[0] && message[1] == question[1]
            && message[2] >> 7 == 1 && (message[2] >> 3 & 15) == 0
            && message[4] == 0 && message[5] == 1
            && Encoding.Latin1.GetString(message[12..question.Length])
                .Equals(Encoding.Latin1.GetString(question[12..]), StringComparison.OrdinalIgnoreCase);

    // False if one is cut off, or its name is none: those before it are there.
    private static bool TryReadRecords(byte[] message, int at, out List<Resource> records)
    {
        records = [];
        for (int left = Number(message, 6); left > 0; left--)
        {
            if (ReadName(message, ref at) is not { } owner || at + 10 > message.Length) return false;
            int end = at + 10 + Number(message, at + 8);
            if (end > message.Length) return false;
            records.Add(new Resource(
                owner, Number(message, at), Number(message, at + 2), at + 10, message[(at + 10)..end]));
            at = end;
        }
        return true;
    }

    // RFC 1035, 4.1.4: labels, and perhaps a pointer to where the rest stands, which must be before this part of the
    // name. Each label is written with its length, since it may hold a dot.
    private static string? ReadName(byte[] message, ref int at)
    {
        string name = "";
        int bytes = 0, behind = -1, place = at, partAt = at;
        while (true)
        {
            if (place >= message.Length) return null;
            int length = message[place];
            if (length >= 192)
            {
                if (place + 1 >= message.Length) return null;
                if (behind < 0) behind = place + 2;
                place = (length - 192) * 256 + message[place + 1];
                if (place >= partAt) return null;
                partAt = place;
                continue;
            }
            bytes += 1 + length;
            if (length > 63 || bytes > 255 || place + 1 + length > message.Length) return null;
            if (length == 0)
            {
                at = behind < 0 ? place + 1 : behind;
                return name.Length == 0 ? "." : name;
            }
            string label = Encoding.Latin1.GetString(message, place + 1, length);
            name += $"{Escape(ToLower(label))}.";
            place += 1 + length;
        }
    }

    private static string ToLower(string label) =>
        string.Concat(label.Select(each => each is >= 'A' and <= 'Z' ? (char)(each + 32) : each));

    private static string Escape(string label) => label.Replace("\\", "\\\\").Replace(".", "\\.");

    private static int Number(byte[] message, int at) => message[at] * 256 + message[at + 1];
}
