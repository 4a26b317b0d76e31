using System;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>
/// The head of an answer, and the short texts of the answers that refuse. Every answer ends its connection, is stored
/// nowhere, and lets a browser load nothing but what the page itself holds.
/// </summary>
internal static class HttpAnswer
{
    private const int LengthDigits = 10;

    /// <summary>Where the page's own script and style may come from: they stand in it, and these are their hashes.
    /// When page.html changes, PageTests tells the new ones.</summary>
    internal static ReadOnlySpan<byte> ContentSecurityPolicy =>
        "default-src 'none'; script-src 'sha256-6c8OT9MfW6q5P+TlYgx3Rd9P6vTm4Ws3Kzvzm1N228c='; "u8
        + "style-src 'sha256-3VfqTT8c9OWTLeEzv0oQTj33YC2S/+HTQkE3sBfwqrA='; connect-src 'self'; img-src data:; "u8
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"u8;

    /// <summary>Writes the head; <see cref="End"/> puts the body's length into it.</summary>
    /// <returns>What End needs to know.</returns>
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
        int length = buffer.Length;
        // There are LengthDigits spaces: white space before a field's value means nothing.
        buffer.Add("          \r\n\r\n"u8);
        return length;
    }

    /// <summary>Ends an answer: all behind the head is its body.</summary>
    /// <param name="isHead">The body is left out, as HEAD asks.</param>
    public static void End(Utf8Buffer buffer, int begun, bool isHead)
    {
        int head = begun + LengthDigits + "\r\n\r\n"u8.Length, end = buffer.Length;
        int at = begun + LengthDigits;
        for (int rest = end - head; at == begun + LengthDigits || rest > 0; rest /= 10)
            buffer.Bytes[--at] = (byte)('0' + rest % 10);
        Debug.Assert(at >= begun, "no answer is that long");
        if (isHead) buffer.Length = head;
    }

    /// <summary>What a refusal tells: one line.</summary>
    public static ReadOnlySpan<byte> Refusal(HttpStatus status) => status switch
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
