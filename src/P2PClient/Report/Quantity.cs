using System;
using System.Diagnostics;
using P2P.Cli;

namespace P2P.Client;

/// <summary>Amounts as a person reads them: decimal units everywhere (1 kB = 1000 bytes), three digits,
/// rounded.</summary>
internal static class Quantity
{
    private const string Units = "kMGTPE";

    /// <summary>Bytes: <c>999 bytes</c>, <c>4.19 MB</c>, <c>67.1 MB</c>, <c>1.07 GB</c>.</summary>
    public static string Bytes(long bytes)
    {
        Debug.Assert(bytes >= 0, "an amount is not negative");
        if (bytes < 1000) return Plural.Of(bytes, "byte");
        ulong step = 10, steps;     // the last digit that is shown, and how many of it there are
        int digits = 0;             // that are not shown, beyond those of 10 bytes
        while ((steps = ((ulong)bytes + step / 2) / step) >= 1000) (step, digits) = (step * 10, digits + 1);
        string amount = (digits % 3) switch
        {
            0 => $"{steps / 100}.{steps % 100:D2}",
            1 => $"{steps / 10}.{steps % 10}",
            _ => $"{steps}",
        };
        return $"{amount} {Units[digits / 3]}B";
    }

    /// <summary>A part of an amount: <c>58.7 of 100 MB</c>, <c>958 kB of 100 MB</c>.</summary>
    public static string BytesOf(long part, long whole)
    {
        string partText = Bytes(part), wholeText = Bytes(whole);
        int unit = partText.IndexOf(' ');
        bool isSameUnit = partText[unit..] == wholeText[wholeText.IndexOf(' ')..];
        return $"{(isSameUnit ? partText[..unit] : partText)} of {wholeText}";
    }

    /// <summary>Bytes a second: <c>18.5 MB/s</c>.</summary>
    public static string Rate(long bytes, TimeSpan time)
    {
        double rate = bytes / Math.Max(time.TotalSeconds, 0.001);
        string amount = Bytes((long)Math.Round(Math.Min(rate, 1e18)));
        return $"{amount}/s";
    }

    /// <summary>A time that has passed: <c>0.123 s</c>, <c>12.3 s</c>, <c>3:25 min</c>, <c>1:02:03 h</c>.</summary>
    public static string Time(TimeSpan time)
    {
        long milliseconds = (long)Math.Round(time.TotalMilliseconds);
        if (milliseconds < 10_000) return $"{milliseconds / 1000}.{milliseconds % 1000:D3} s";
        long tenths = (milliseconds + 50) / 100, seconds = (milliseconds + 500) / 1000;
        if (tenths < 600) return $"{tenths / 10}.{tenths % 10} s";
        string clock = Clock(seconds);
        return seconds < 3600 ? $"{clock} min" : $"{clock} h";
    }

    /// <summary>Seconds as a clock has them: <c>0:05</c>, <c>3:25</c>, <c>1:02:03</c>.</summary>
    public static string Clock(long seconds)
    {
        long minutes = seconds / 60;
        return seconds < 3600
            ? $"{minutes}:{seconds % 60:D2}"
            : $"{minutes / 60}:{minutes % 60:D2}:{seconds % 60:D2}";
    }
}
