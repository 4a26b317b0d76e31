using System;
using System.Diagnostics;
using P2P.Protocol;

namespace P2P.Tracker.Http;

/// <summary>The status of a response; the numbers are those of RFC 9110.</summary>
internal enum HttpStatus
{
    /// <summary>The request's head is not complete.</summary>
    Incomplete = 0,
    Ok = 200,
    BadRequest = 400,
    Forbidden = 403,
    NotFound = 404,
    MethodNotAllowed = 405,
    Timeout = 408,
    HeadTooLong = 431,
    Busy = 503,
}

/// <summary>Which of the tracker's resources a request names.</summary>
internal enum HttpTarget
{
    Other,
    Page,
    Stats,
    Metrics,
}

/// <summary>
/// The head of an HTTP request, as far as it matters here: GET or HEAD, which of three paths, and the name by which the
/// browser calls the tracker. Pure: sees no socket and no clock. Reading never throws, whatever the bytes.
/// </summary>
internal struct HttpRequest
{
    private bool _isOtherMethod;        // neither GET nor HEAD

    /// <summary>The method is HEAD: the response's body is left out.</summary>
    public bool IsHead { get; private set; }

    public HttpTarget Target { get; private set; }

    /// <summary>The Host header names this machine's loopback. A page of another site, whose name was made to lead to
    /// this machine (DNS rebinding), makes the browser send that other name.</summary>
    public bool IsForLoopback { get; private set; }

    /// <summary>Stats: the picture that the browser has already (<c>?have=</c>), or 0.</summary>
    public long Have { get; private set; }

    /// <summary>Tells whether a connection's first bytes are those of an HTTP request. No message of PROTOCOL 1.1
    /// begins like a request: an underscore follows its verb.</summary>
    public static bool Begins(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("GET /"u8) || bytes.StartsWith("HEAD /"u8) || bytes.StartsWith("POST /"u8)
        || bytes.StartsWith("PUT /"u8) || bytes.StartsWith("DELETE /"u8) || bytes.StartsWith("OPTIONS /"u8)
        || bytes.StartsWith("PATCH /"u8) || bytes.StartsWith("TRACE /"u8);

    /// <summary>Reads the head: the request line, then header lines, then an empty one (RFC 9112, 2 and 3).</summary>
    /// <param name="bytes">All bytes received so far, from the request's first on.</param>
    /// <returns>Ok; or the status to answer with; or Incomplete, if more bytes have to come.</returns>
    public HttpStatus Read(ReadOnlySpan<byte> bytes)
    {
        int hosts = 0;
        bool isFirst = true;
        for (int at = 0; at < Math.Min(bytes.Length, HttpLimits.HeadBytesMax); isFirst = false)
        {
            int length = bytes[at..].IndexOf((byte)'\n');
            if (length < 0) break;
            ReadOnlySpan<byte> line = bytes.Slice(at, length).TrimEnd((byte)'\r');
            at += length + 1;
            Debug.Assert(at <= bytes.Length, "a line ends behind the last byte");
            if (at > HttpLimits.HeadBytesMax) break;
            if (isFirst)
            {
                if (!ReadRequestLine(line)) return HttpStatus.BadRequest;
            }
            else if (line.IsEmpty)
            {
                if (hosts != 1) return HttpStatus.BadRequest;
                return _isOtherMethod ? HttpStatus.MethodNotAllowed : HttpStatus.Ok;
            }
            else if (StartsWithIgnoreCase(line, "host:"u8))
            {
                hosts++;
                IsForLoopback = HostName.IsLoopback(WithoutPort(line["host:".Length..].Trim(" \t"u8)));
            }
        }
        return bytes.Length >= HttpLimits.HeadBytesMax ? HttpStatus.HeadTooLong : HttpStatus.Incomplete;
    }

    // GET /stats.json?have=17 HTTP/1.1
    private bool ReadRequestLine(ReadOnlySpan<byte> line)
    {
        IsHead = line.StartsWith("HEAD "u8);
        _isOtherMethod = !IsHead && !line.StartsWith("GET "u8);
        line = line[(line.IndexOf((byte)' ') + 1)..];
        int space = line.IndexOf((byte)' ');
        if (space < 0 || !line[(space + 1)..].StartsWith("HTTP/1."u8)) return false;
        ReadOnlySpan<byte> path = line[..space], query = default;
        int mark = path.IndexOf((byte)'?');
        if (mark >= 0)
        {
            query = path[(mark + 1)..];
            path = path[..mark];
        }
        Target = path.SequenceEqual("/"u8) ? HttpTarget.Page
            : path.SequenceEqual("/stats.json"u8) ? HttpTarget.Stats
            : path.SequenceEqual("/metrics"u8) ? HttpTarget.Metrics
            : HttpTarget.Other;
        if (query.StartsWith("have="u8)) Have = ReadNumber(query["have=".Length..]);
        return true;
    }

    // 0 for anything but up to 18 digits.
    private static long ReadNumber(ReadOnlySpan<byte> text)
    {
        long number = 0;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9' || text.Length > 18) return 0;
            number = 10 * number + digit - '0';
        }
        Debug.Assert(number >= 0, "18 digits do not fit");
        return number;
    }

    // localhost:5100, 127.0.0.1, [::1]:5100
    private static ReadOnlySpan<byte> WithoutPort(ReadOnlySpan<byte> host)
    {
        if (host.StartsWith("["u8))
        {
            int bracket = host.IndexOf((byte)']');
            return bracket < 0 ? default : host[1..bracket];
        }
        int colon = host.IndexOf((byte)':');
        return colon < 0 ? host : host[..colon];
    }

    private static bool StartsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lowerCase)
    {
        if (text.Length < lowerCase.Length) return false;
        for (int i = 0; i < lowerCase.Length; i++)
        {
            byte lower = text[i] is >= (byte)'A' and <= (byte)'Z' ? (byte)(text[i] | 0x20) : text[i];
            if (lower != lowerCase[i]) return false;
        }
        return true;
    }
}
