using System;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>
/// The head of a response, and the short texts of the responses that refuse a request. Every response ends its
/// connection, forbids caches to store it, and lets a browser load nothing but what the page itself holds.
/// </summary>
internal static class HttpResponse
{
    private const int LengthDigits = 10;

    /// <summary>What the page may load and run: its own script and style, which stand in the page and are named here
    /// by their hashes. When page.html changes, PageTests prints the new policy.</summary>
    internal static ReadOnlySpan<byte> ContentSecurityPolicy =>
        "default-src 'none'; script-src 'sha256-WErFoaTfQM7IFS5dfc2V7o5VILiqM9p/J/YSH64hIV0='; "u8
        + "style-src 'sha256-Ny5uViHdFrnFJI8JbpuZsVkaXj/bkhcj+Txnl46xuGU='; connect-src 'self'; img-src data:; "u8
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"u8;

    /// <summary>Writes the head; <see cref="End"/> puts the body's length into it.</summary>
    /// <returns>Where the length belongs: the position that <see cref="End"/> takes.</returns>
    public static int Begin(Utf8Buffer buffer, HttpStatus status, HttpTarget target)
    {
        buffer.Length = 0;
        buffer.Add("HTTP/1.1 "u8).Add((int)status).Add(" "u8).Add(Reason(status)).Add("\r\nContent-Type: "u8)
            .Add(status != HttpStatus.Ok ? "text/plain; charset=utf-8"u8 : ContentType(target))
            .Add(status == HttpStatus.MethodNotAllowed ? "\r\nAllow: GET, HEAD"u8 : default)
            .Add("\r\nContent-Security-Policy: "u8).Add(ContentSecurityPolicy)
            .Add("\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer"u8)
            .Add("\r\nCross-Origin-Resource-Policy: same-origin"u8)
            .Add("\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: "u8);
        int lengthAt = buffer.Length;
        // There are LengthDigits spaces: white space before a field's value means nothing.
        buffer.Add("          \r\n\r\n"u8);
        Debug.Assert(
            buffer.Length - lengthAt == LengthDigits + "\r\n\r\n"u8.Length, "the room for the length is wrong");
        return lengthAt;
    }

    /// <summary>Ends a response: all behind the head is its body.</summary>
    /// <param name="lengthAt">As <see cref="Begin"/> returned it.</param>
    /// <param name="isHead">The body is left out, because the request's method is HEAD.</param>
    public static void End(Utf8Buffer buffer, int lengthAt, bool isHead)
    {
        int lengthEnd = lengthAt + LengthDigits, body = lengthEnd + "\r\n\r\n"u8.Length;
        Debug.Assert(buffer.Length >= body, "the head of a response is missing");
        int at = lengthEnd;
        for (int rest = buffer.Length - body; at == lengthEnd || rest > 0; rest /= 10)
            buffer.Bytes[--at] = (byte)('0' + rest % 10);
        Debug.Assert(at >= lengthAt, "no response is that long");
        if (isHead) buffer.Length = body;
    }

    /// <summary>The body of a response that refuses a request: one line.</summary>
    public static ReadOnlySpan<byte> RefusalText(HttpStatus status) => status switch
    {
        HttpStatus.Forbidden =>
            "This page is for this machine alone, as http://localhost; "u8
            + "start the tracker with -http any to show it to everybody.\n"u8,
        HttpStatus.NotFound => "There is no such page: see /, /stats.json and /metrics.\n"u8,
        HttpStatus.MethodNotAllowed => "This can only be looked at: GET or HEAD.\n"u8,
        HttpStatus.Timeout => "The request did not come within 5 seconds.\n"u8,
        HttpStatus.HeadTooLong => "The request's head is longer than 4096 bytes.\n"u8,
        HttpStatus.Busy => "32 requests are being answered: try again.\n"u8,
        _ => "This is no HTTP/1 request with one Host header.\n"u8,
    };

    private static ReadOnlySpan<byte> Reason(HttpStatus status) => status switch
    {
        HttpStatus.Ok => "OK"u8,
        HttpStatus.Forbidden => "Forbidden"u8,
        HttpStatus.NotFound => "Not Found"u8,
        HttpStatus.MethodNotAllowed => "Method Not Allowed"u8,
        HttpStatus.Timeout => "Request Timeout"u8,
        HttpStatus.HeadTooLong => "Request Header Fields Too Large"u8,
        HttpStatus.Busy => "Service Unavailable"u8,
        _ => "Bad Request"u8,
    };

    private static ReadOnlySpan<byte> ContentType(HttpTarget target) => target switch
    {
        HttpTarget.Page => "text/html; charset=utf-8"u8,
        HttpTarget.Stats => "application/json"u8,
        _ => "text/plain; version=0.0.4; charset=utf-8"u8,
    };
}
