using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Client;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// Any <c>/stats.json</c>: read as the slow reading has it, and shown as a table that does nothing to the terminal: a
/// line for the swarm, one for each peer, of visible characters and bearable length.
/// </summary>
internal static class StatsTarget
{
    private const long NumberMax = 900_000_000_000_000;
    private const int HostBytesMax = 255, LineCharactersMax = 470;
    private const string Obeyed = "[\0-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]";

    public static void Run(ReadOnlySpan<byte> input)
    {
        string json = Encoding.UTF8.GetString(input);
        var status = SwarmStatus.TryParse(json);
        bool isOurs = json.StartsWith("{\"tracker\":\"P2PTracker\"", StringComparison.Ordinal);
        Expect(status is not null == isOurs, $"read: {status is not null}");
        if (status is null) return;
        json = Regex.Replace(json, Obeyed, "?");
        Expect(json == status.Json, "other characters are replaced");

        string head = json.Split("\"rows\"")[0];
        if (head.Length == json.Length) head = "";
        long[] numbers =
        [
            status.Chunks, status.ListedChunks, status.Peers, status.Connected, status.Complete,
            (long)status.Uptime.TotalMilliseconds,
        ];
        string[] fields = ["chunks", "listed_chunks", "peers", "connected", "complete", "uptime_ms"];
        for (int i = 0; i < fields.Length; i++)
            Expect(numbers[i] == Number(head, fields[i]), $"{fields[i]} is {numbers[i]}");
        List<string> rows = [];
        foreach (string line in json.Split('\n'))
        {
            Match host = Regex.Match(line, "^\\{\"host\":\"(?<host>[^\"]{1,255})\"");
            if (!host.Success) continue;
            Match name = Regex.Match(line, ",\"name\":\"(?<name>(?:[^\"\\\\]|\\\\.|\\\\\\z)*)");
            string called = Regex.Replace(name.Groups["name"].Value, "\\\\(.)", "$1");
            rows.Add($"{called[..Math.Min(called.Length, 64)]}={host.Groups["host"].Value}:{Number(line, "port")} "
                + $"{Number(line, "chunks")} "
                + $"{line.Contains("\"gone_ms\":")}");
        }
        IEnumerable<string> read = status.Rows.Select(row => $"{row.Name}={row.Address} {row.Chunks} {row.IsGone}");
        Expect(rows.SequenceEqual(read), "other rows");
        Expect(status.Rarest == Rarest(head), $"the rarest are {status.Rarest}");
        Show(status);
    }

    private static string Rarest(string head)
    {
        const string Pair = @"(?<first>[0-9]{1,19}),(?<second>[0-9]{1,19})";
        Match[] all = [.. Pairs("rarest").Take(10)];
        if (all.Length == 0) return "";
        string peers = all[0].Groups["second"].Value;
        string[] equal = [.. all.Where(pair => pair.Groups["second"].Value == peers)
            .Select(pair => pair.Groups["first"].Value)];
        Match? same = Pairs("holders").Take(501).FirstOrDefault(pair => pair.Groups["first"].Value == peers);
        BigInteger more = (same is null ? 0 : Bounded(same.Groups["second"].Value)) - equal.Length;
        string others = same is not null && more > 0 ? $" and {more} more" : "";
        return $"chunk{(equal.Length == 1 ? "" : "s")} {string.Join(", ", equal)}{others}, at {peers} "
            + $"peer{(peers == "1" ? "" : "s")}";

        IEnumerable<Match> Pairs(string field)
        {
            Match list = Regex.Match(head, $@"""{field}"":\[\[(?<pairs>.*?)\]\]", RegexOptions.Singleline);
            return (list.Success ? list.Groups["pairs"].Value.Split("],[") : [])
                .Select(text => Regex.Match(text.Length <= 21 ? text : "", $@"\A{Pair}\z"))
                .TakeWhile(match => match.Success);
        }
    }

    private static BigInteger Bounded(string digits)
    {
        var number = BigInteger.Parse($"0{digits}");
        return number > NumberMax ? 0 : number;
    }

    private static void Show(SwarmStatus status)
    {
        string table = StatusCommand.Describe(status, "hub:5100");
        Expect(!Regex.IsMatch(table, Obeyed), "the table has more than visible characters");
        string[] lines = table.Split('\n');
        bool isSpread = status.Rows.All(row => row.IsGone || status.HasAll(row));
        bool hasRarest = !isSpread && status.Rarest.Length > 0;
        if (hasRarest) Expect(lines[^1] == $"rarest: {status.Rarest}", "the rarest are not the last line");
        if (hasRarest) lines = lines[..^1];
        Expect(lines.Length == (status.Rows.Count == 0 ? 1 : status.Rows.Count + 2), $"{lines.Length} lines");
        Expect(lines.All(line => line.Length <= LineCharactersMax), "a line is too long");
        for (int i = 2; i < lines.Length; i++)
        {
            SwarmRow row = status.Rows[i - 2];
            Expect(row.Address.Length <= HostBytesMax + 16, "a host is too long");
            // Shares come to more than 100 only where a tracker says that a peer has more chunks than there are.
            bool isRight = Regex.IsMatch(lines[i], @" +[0-9]+ +[0-9]+ %  (gone|complete|fetching)\z");
            Expect(isRight && lines[i].StartsWith(row.Address, StringComparison.Ordinal), $"the line {lines[i]}");
        }
    }

    private static long Number(string json, string field)
    {
        Match match = Regex.Match(json, $"\"{field}\":(?<digits>[0-9]*)");
        return (long)Bounded(match.Groups["digits"].Value);
    }
}
