using System;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>
/// Where messages end, once more: PROTOCOL 2.2, rules 1 to 3, written down the slowest and plainest way,
/// over strings (one character per byte) that are copied at every step. What the fast one says must be the same.
/// </summary>
internal sealed class ReferenceFramer
{
    public static readonly string[] Verbs = ["LOCAL_CHUNKS,", "WHERE_CHUNK,", "REQUEST_CHUNK,", "GET_CHUNK_FROM,",
        "CHUNK_LOCATION_UNKNOWN,"];

    private bool _sawNewline;       // rule 3: "the connection has used \n before"
    private bool _quiet, _ended;
    private int _readStart, _readBytes;

    /// <summary>How long to wait when nothing is complete.</summary>
    public TimeSpan ReadTimeout { get; private set; }

    public bool IsOverlong { get; private set; }

    public void OnRead(int unreadBefore, int bytes) => (_readStart, _readBytes, _quiet) = (unreadBefore, bytes, false);

    public void OnTimeout() => _quiet = true;

    public void OnEnd() => _ended = true;

    /// <summary>The next complete text, or null.</summary>
    public (string Text, int Consumed, bool IsLine)? Next(string unread)
    {
        (string Text, int Consumed, bool IsLine)? found = Find(unread);
        IsOverlong = (found?.Text.Length ?? unread.Length) >= 4096;
        _readStart -= found?.Consumed ?? 0;
        return IsOverlong ? null : found;
    }

    private (string Text, int Consumed, bool IsLine)? Find(string unread)
    {
        ReadTimeout = Timeout.InfiniteTimeSpan;
        if (unread == "")
            return null;
        bool hasLine = unread.Contains('\n');
        string text = hasLine ? unread.Split('\n')[0] : unread;
        (string kind, int length) = Scan(text);
        if (kind == "followed")
            return (text[..length], length, false);
        // Nonsense without lines has no end of its own; the next send, which begins with a verb, ends it.
        if (kind == "nonsense" && !_sawNewline && _readStart > 0 && Verbs.Any(
            verb => unread[_readStart..].TrimStart(' ', '\t', '\r', '\0').StartsWith(verb, StringComparison.Ordinal)))
            return (unread[.._readStart], _readStart, false);
        if (hasLine)
        {
            _sawNewline = true;
            return (text, text.Length + 1, true);
        }
        if (kind is "whole" or "open")
        {
            bool cameAlone = _readStart == 0 && _readBytes <= 512;
            ReadTimeout = TimeSpan.FromMilliseconds(_sawNewline ? 1000 : cameAlone && kind == "whole" ? 0 : 50);
            if (_quiet)
                return (unread, unread.Length, false);
        }
        return _ended ? (unread, unread.Length, false) : null;
    }

    // "nonsense", "cut" (may become a message), "whole", "open" (whole, but may go on), or "followed" by a verb.
    private static (string Kind, int Length) Scan(string text)
    {
        string body = text.TrimStart(' ', '\t', '\r', '\0');
        string? verb = Verbs.FirstOrDefault(each => body.StartsWith(each, StringComparison.Ordinal));
        if (verb == null)
            return (Verbs.Any(each => each.StartsWith(body, StringComparison.Ordinal)) ? "cut" : "nonsense", 0);
        // The last field that must be there is a number; LOCAL_CHUNKS and GET_CHUNK_FROM have two before it.
        string pattern = verb[0] is 'L' or 'G' ? "^[^,]*,[^,]*," : "^";
        string rest = body[verb.Length..];
        Match match = Regex.Match(rest, pattern, RegexOptions.Singleline);
        if (!match.Success)
            return ("cut", 0);
        rest = rest[match.Length..];
        for (bool isLast = true; ; isLast = false)
        {
            Match number = Regex.Match(rest, @"^([0-9]*)([ \t\r\0]*)", RegexOptions.Singleline);
            bool hasDigits = number.Groups[1].Length > 0;
            rest = rest[number.Length..];
            if (isLast && !hasDigits)
                return (rest == "" ? "cut" : "nonsense", 0);
            if (rest == "")
                return (hasDigits ? "whole" : "open", 0);
            if (Verbs.Any(each => rest.StartsWith(each, StringComparison.Ordinal)))
                return ("followed", text.Length - rest.Length);
            if (Verbs.Any(each => each.StartsWith(rest, StringComparison.Ordinal)))
                return (isLast ? "cut" : "open", 0);
            if (rest[0] != ',' && isLast)
                return ("nonsense", 0);
            if (!rest.Contains(','))
                return ("open", 0);
            rest = rest[(rest.IndexOf(',') + 1)..];
        }
    }
}
