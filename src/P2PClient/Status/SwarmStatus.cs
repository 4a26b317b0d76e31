using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using P2P.Protocol;

namespace P2P.Client;

/// <summary>The swarm as a tracker of ours sees it: its <c>/stats.json</c>, which its page shows as well.</summary>
internal sealed class SwarmStatus
{
    private const int BytesMax = 64 << 20;

    // No more pairs than our tracker sends, and no longer ones than of two numbers.
    private const int RarestMax = 10, HoldersMax = 501, PairCharactersMax = 21;

    private const string RowStart = "{\"host\":\"";

    // More is nonsense, and what is computed with it would overflow: milliseconds as a time, chunks in percent.
    private const long NumberMax = 900_000_000_000_000;

    private SwarmStatus(string json)
    {
        Json = json;
        string head = json[..Math.Max(json.IndexOf("\"rows\"", StringComparison.Ordinal), 0)];
        (Chunks, Connected, Complete) = (Number(head, "chunks"), Number(head, "connected"), Number(head, "complete"));
        (Peers, ListedChunks) = (Number(head, "peers"), Number(head, "listed_chunks"));
        Rarest = DescribeRarest(PairsIn(head, "rarest", RarestMax), PairsIn(head, "holders", HoldersMax));
        Uptime = TimeSpan.FromMilliseconds(Number(head, "uptime_ms"));
        foreach (string line in json.Split('\n'))
        {
            if (!line.StartsWith(RowStart, StringComparison.Ordinal)) continue;
            int end = line.IndexOf('"', RowStart.Length);
            int length = end - RowStart.Length;
            if (length is < 1 or > Limits.HostBytesMax) continue;
            string host = line.Substring(RowStart.Length, length);
            bool isGone = line.Contains("\"gone_ms\":");
            Rows.Add(new SwarmRow(
                $"{host}:{Number(line, "port")}", NameIn(line), Number(line, "chunks"), isGone));
        }
    }

    /// <summary>As the tracker has sent it, but for what <see cref="TryParse"/> replaces.</summary>
    public string Json { get; }

    public TimeSpan Uptime { get; }

    /// <summary>Chunks of the set, as far as the tracker knows.</summary>
    public long Chunks { get; }

    /// <summary>Chunks that any peer has.</summary>
    public long ListedChunks { get; }

    /// <summary>Peers listed, those that have gone included.</summary>
    public long Peers { get; }

    /// <summary>Peers with a connection.</summary>
    public long Connected { get; }

    /// <summary>Connected peers that have every chunk.</summary>
    public long Complete { get; }

    /// <summary>The chunks that the fewest connected peers have, in words; empty if there are no chunks.</summary>
    public string Rarest { get; }

    /// <summary>The peers, in the tracker's order.</summary>
    public List<SwarmRow> Rows { get; } = [];

    /// <summary>Tells whether a peer has, or had when it went, every chunk.</summary>
    public bool HasAll(SwarmRow row) => Chunks > 0 && row.Chunks >= Chunks;

    /// <summary>Asks the tracker, and waits for the answer.</summary>
    /// <param name="problem">Why there is none.</param>
    public static SwarmStatus? TryGet(TrackerHost tracker, out string problem)
    {
        problem = tracker.Problem ?? "nothing listens there";
        using Socket? socket = PlainConnection.TryConnect(tracker.Addresses, tracker.Port);
        if (socket is null) return null;
        byte[] request = Encoding.ASCII.GetBytes(
            $"GET /stats.json HTTP/1.1\r\nHost: {tracker.Name}\r\nConnection: close\r\n\r\n");
        string answer = Encoding.UTF8.GetString(
            PlainConnection.Exchange(socket, request, BytesMax, isLine: false, ClientLimits.SilenceTimeout));
        problem = "what listens there has no page: it is no P2PTracker, or was started with -http off";
        if (answer.StartsWith("HTTP/1.1 403", StringComparison.Ordinal))
            problem = "it shows its page on its own machine alone: start it with -http any";
        int body = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (body < 0 || !answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)) return null;
        return TryParse(answer[(body + 4)..]);
    }

    /// <summary>Reads the text. Characters that a terminal may obey, and that the name of a client may have, become
    /// question marks.</summary>
    /// <returns>Null if it is another program's.</returns>
    public static SwarmStatus? TryParse(string json)
    {
        if (!json.StartsWith("{\"tracker\":\"P2PTracker\"", StringComparison.Ordinal)) return null;
        char[] shown = json.ToCharArray();
        foreach (ref char each in shown.AsSpan())
        {
            // Ends of lines, and changes of the direction.
            bool isObeyed = each != '\n' && char.IsControl(each) || each is >= '\u2028' and <= '\u202E'
                or >= '\u2066' and <= '\u2069';
            if (isObeyed) each = '?';
        }
        return new SwarmStatus(new string(shown));
    }

    // Empty if the client has none. Its quotation marks stand behind backslashes.
    private static string NameIn(string line)
    {
        const string Start = ",\"name\":\"";
        int at = line.IndexOf(Start, StringComparison.Ordinal);
        if (at < 0) return "";
        var name = new StringBuilder();
        for (at += Start.Length; at < line.Length && line[at] != '"'; at++)
        {
            if (line[at] == '\\' && at + 1 < line.Length) at++;
            if (name.Length < NameSyntax.NameBytesMax) name.Append(line[at]);
        }
        return name.ToString();
    }

    // Of each of the rarest chunks its index and its number of peers; of each number of peers how many chunks have it.
    private static string DescribeRarest(List<string> rarest, List<string> holders)
    {
        if (rarest.Count == 0) return "";
        string peers = rarest[0][(rarest[0].IndexOf(',') + 1)..];
        List<string> equal = rarest.FindAll(pair => pair.EndsWith($",{peers}", StringComparison.Ordinal));
        var text = new StringBuilder(equal.Count == 1 ? "chunk" : "chunks");
        foreach (string pair in equal) text.Append($"{(pair == equal[0] ? " " : ", ")}{pair[..pair.IndexOf(',')]}");
        string? all = holders.Find(pair => pair.StartsWith($"{peers},", StringComparison.Ordinal));
        long more = all is null ? 0 : ToNumber(all.AsSpan(peers.Length + 1)) - equal.Count;
        if (more > 0) text.Append($" and {more} more");
        return $"{text}, at {(peers == "1" ? "1 peer" : $"{peers} peers")}";
    }

    // The members of a list of pairs of numbers, as in [[17,1],[40,2]].
    private static List<string> PairsIn(string json, string field, int countMax)
    {
        List<string> pairs = [];
        string start = $"\"{field}\":[[";
        int at = json.IndexOf(start, StringComparison.Ordinal);
        if (at < 0) return pairs;
        at += start.Length;
        int end = json.IndexOf("]]", at, StringComparison.Ordinal);
        foreach (string pair in json[at..Math.Max(end, at)].Split("],["))
        {
            int comma = pair.IndexOf(',');
            bool isPair = comma > 0 && comma < pair.Length - 1 && comma == pair.LastIndexOf(',')
                && pair.Length <= PairCharactersMax && !pair.AsSpan().ContainsAnyExcept("0123456789,");
            if (!isPair || pairs.Count == countMax) break;
            pairs.Add(pair);
        }
        return pairs;
    }

    // 0 if there is no such field, or its number is nonsense.
    private static long Number(string json, string field)
    {
        Debug.Assert(!field.Contains('"'), "a field's name");
        int at = json.IndexOf($"\"{field}\":", StringComparison.Ordinal);
        if (at < 0) return 0;
        at += field.Length + 3;
        int end = at;
        while (end < json.Length && char.IsAsciiDigit(json[end])) end++;
        return ToNumber(json.AsSpan(at, end - at));
    }

    private static long ToNumber(ReadOnlySpan<char> digits)
    {
        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        return isNumber && number <= NumberMax ? number : 0;
    }
}

/// <summary>One peer of a swarm.</summary>
/// <param name="address">Host and port.</param>
/// <param name="name">What its user calls it, or empty.</param>
internal sealed class SwarmRow(string address, string name, long chunks, bool isGone)
{
    public string Address => address;

    public string Name => name;

    /// <summary>Chunks that it has announced.</summary>
    public long Chunks => chunks;

    /// <summary>It has no connection to the tracker any more.</summary>
    public bool IsGone => isGone;
}
