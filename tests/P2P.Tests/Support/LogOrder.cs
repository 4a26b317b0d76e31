using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace P2P.Tests.Support;

/// <summary>
/// Reads a swarm's `logs.log` from top to bottom and says what stands in it that can't have happened in that order
/// (PROTOCOL 5.3): an answer whose question does not stand above it, a request for a chunk that the tracker
/// didn't list for that peer, a peer listed that announced nothing; and every line that has another form.
/// </summary>
internal static class LogOrder
{
    private static readonly Regex TrackerLine = new(
        @"^P2PTracker,(LOCAL_CHUNKS,[1-9]\d*,localhost,[1-9]\d*|GET_CHUNK_FROM,[1-9]\d*(,localhost,[1-9]\d*)+"
        + @"|(WHERE_CHUNK|CHUNK_LOCATION_UNKNOWN),[1-9]\d*)\z");

    private static readonly Regex ClientLine = new(
        @"^[^,\s]+,((LOCAL_CHUNKS|REQUEST_CHUNK),[1-9]\d*,localhost,[1-9]\d*|WHERE_CHUNK,[1-9]\d*)\z");

    /// <summary>Whether a line, without its end, has a form of the specification.</summary>
    public static bool HasForm(string line) =>
        (line.StartsWith("P2PTracker,", StringComparison.Ordinal) ? TrackerLine : ClientLine).IsMatch(line);

    /// <summary>What is wrong with the log, one line each; empty when all is in order.</summary>
    public static IReadOnlyList<string> FaultsIn(IReadOnlyList<string> lines)
    {
        var faults = new List<string>();
        var seen = new Dictionary<string, int>();        // by what happened: how often
        var holders = new HashSet<(string Peer, string Index)>();
        var listed = new HashSet<(string Peer, string Index)>();
        for (int number = 0; number < lines.Count; number++)
        {
            string line = lines[number];
            bool byTracker = line.StartsWith("P2PTracker,", StringComparison.Ordinal);
            if (!HasForm(line))
            {
                Fault("has no form of the specification");
                continue;
            }
            string[] fields = line.Split(',');
            (string verb, string index) = (fields[1], fields[2]);
            switch (byTracker, verb)
            {
                case (false, "LOCAL_CHUNKS"):
                    holders.Add((fields[4], index));
                    Count($"announced {index} {fields[4]}");
                    break;
                case (true, "LOCAL_CHUNKS"):
                    if (Count($"heard {index} {fields[4]}") > Counted($"announced {index} {fields[4]}"))
                        Fault("the tracker heard what no client has announced yet");
                    break;
                case (false, "WHERE_CHUNK"):
                    Count($"asked {index}");
                    break;
                case (true, "WHERE_CHUNK"):
                    if (Count($"question {index}") > Counted($"asked {index}"))
                        Fault("the tracker heard a question that no client has asked yet");
                    break;
                case (true, _):
                    if (Count($"answered {index}") > Counted($"question {index}"))
                        Fault("an answer stands above its question");
                    foreach (string port in fields.Where((_, i) => i >= 4 && i % 2 == 0))
                    {
                        if (!holders.Contains((port, index)))
                            Fault($"lists port {port}, which has not announced the chunk yet");
                        listed.Add((port, index));
                    }
                    break;
                case (false, "REQUEST_CHUNK"):
                    if (!listed.Contains((fields[4], index)))
                        Fault("asks a peer that the tracker has not listed for the chunk yet");
                    break;
            }

            void Fault(string what) => faults.Add($"line {number + 1}, '{line}': {what}");
        }
        return faults;

        int Count(string what) => seen[what] = Counted(what) + 1;

        int Counted(string what) => seen.GetValueOrDefault(what);
    }
}
