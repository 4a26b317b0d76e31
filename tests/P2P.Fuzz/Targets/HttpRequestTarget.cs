using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Protocol;
using P2P.Tests.Faults.Fuzz;
using P2P.Tracker.Http;

namespace P2P.Fuzz;

/// <summary>
/// Any request: the same whether it comes at once or bit by bit, and whatever stands behind it in the buffer; and for a
/// GET or HEAD what the slow reading here says.
/// </summary>
internal static class HttpRequestTarget
{
    private const int HeadBytes = 4096, EveryByteMax = 600;
    private static readonly Regex RequestLine = new(@"^(?:GET|HEAD) (?<path>[^ ?]*)(?:\?(?<query>[^ ]*))? HTTP/1\.");
    private static readonly Regex Have = new(@"^have=([0-9]{1,18})\z");

    public static void Run(ReadOnlySpan<byte> input)
    {
        var request = new HttpRequest();
        HttpStatus status = request.Read(input);
        string whole = Describe(status, request);

        foreach (byte behind in "\nx"u8)
        {
            byte[] buffer = new byte[input.Length + 64];
            buffer.AsSpan().Fill(behind);
            input.CopyTo(buffer);
            request = new HttpRequest();
            status = request.Read(buffer.AsSpan(0, input.Length));
            Expect(whole, Describe(status, request), "with something behind it in the buffer");
        }

        // As the server does it: what has come is read again with each receive, until there is something to answer.
        request = new HttpRequest();
        status = HttpStatus.Incomplete;
        int step = input.Length > EveryByteMax ? 37 : 1;
        for (int came = 1; came < input.Length && status == HttpStatus.Incomplete; came += step)
            status = request.Read(input[..came]);
        if (status == HttpStatus.Incomplete) status = request.Read(input);
        Expect(whole, Describe(status, request), "bit by bit");

        if (input.StartsWith("GET /"u8) || input.StartsWith("HEAD /"u8))
            Expect(Read(Encoding.Latin1.GetString(input)), whole, "by the slow reading");
    }

    // RFC 9112, 2 and 3, with the limits of ours.
    private static string Read(string text)
    {
        var lines = new List<string>();
        for (int start = 0, end; (end = text.IndexOf('\n', start)) >= 0 && end < HeadBytes; start = end + 1)
            lines.Add(text[start..end].TrimEnd('\r'));
        Match first = RequestLine.Match(lines.FirstOrDefault(""));
        if (lines.Count > 0 && !first.Success) return $"{HttpStatus.BadRequest}";
        int empty = lines.IndexOf("");
        if (empty < 0) return $"{(text.Length >= HeadBytes ? HttpStatus.HeadTooLong : HttpStatus.Incomplete)}";
        string[] hosts =
            [.. lines.Take(empty).Skip(1).Where(line => line.StartsWith("host:", StringComparison.OrdinalIgnoreCase))];
        if (hosts.Length != 1) return $"{HttpStatus.BadRequest}";

        Match have = Have.Match(first.Groups["query"].Value);
        string target = first.Groups["path"].Value switch
        {
            "/" => "Page",
            "/stats.json" => "Stats",
            "/metrics" => "Metrics",
            _ => "Other",
        };
        string host = hosts[0]["host:".Length..].Trim(' ', '\t');
        host = host.StartsWith('[') ? host.Contains(']') ? host[1..host.IndexOf(']')] : "" : host.Split(':')[0];
        bool isLoopback = HostName.IsLoopback(Encoding.Latin1.GetBytes(host));
        long number = have.Success ? long.Parse(have.Groups[1].Value) : 0;
        return $"{HttpStatus.Ok} {target} {text.StartsWith("HEAD", StringComparison.Ordinal)} {number} {isLoopback}";
    }

    private static string Describe(HttpStatus status, HttpRequest request) => status != HttpStatus.Ok
        ? $"{status}" : $"{status} {request.Target} {request.IsHead} {request.Have} {request.IsForLoopback}";

    private static void Expect(string expected, string actual, string when)
    {
        if (actual != expected) throw new FuzzException($"{actual}, {when}: {expected}");
    }
}
