using System;
using System.Diagnostics;
using System.Text;
using P2P.Cli;

namespace P2P.Client;

/// <summary>What a live line shows of a client. Amounts in bytes, rates in bytes a second.</summary>
internal readonly struct ClientFigures
{
    /// <summary>The client's name.</summary>
    public string Name { get; init; }

    /// <summary>Chunks that are here.</summary>
    public int Held { get; init; }

    /// <summary>Chunks of the set.</summary>
    public int ChunkCount { get; init; }

    /// <summary>Size of the set; 0 if it isn't known.</summary>
    public long TotalBytes { get; init; }

    /// <summary>To be fetched in all; 0 if that isn't known.</summary>
    public long WantedBytes { get; init; }

    public long Received { get; init; }

    public long Sent { get; init; }

    public long DownRate { get; init; }

    public long UpRate { get; init; }

    /// <summary>Chunks fetched.</summary>
    public int Fetched { get; init; }

    /// <summary>Peers that chunks have come from; of a client that has every chunk, peers that it serves now.</summary>
    public int Peers { get; init; }

    /// <summary>Why nothing comes: <c>waiting: nobody has 3 chunks</c>; of a client that has every chunk, what is wrong
    /// with the tracker; "" for nothing.</summary>
    public string? Waiting { get; init; }
}

/// <summary>
/// Composes live lines: pure functions from figures and a width to a text that fits. The fields stand in the order of
/// their worth, those that are zero are left out, and the last ones go, each as a whole, where a line is narrow:
/// <c> 62 % [########.....] 18.5 MB/s  0:12 left  160 of 200 chunks  58.7 of 100 MB  3 peers  9.20 MB/s up  alice</c>
/// </summary>
internal static class ProgressLine
{
    private const int BarCellsMin = 6, BarCellsMax = 30, ColumnsOfCell = 6;
    private const string Gap = "  ";

    /// <summary>Composes the line of a client.</summary>
    /// <param name="columns">The widest that the line may be, 1 or more.</param>
    public static string OfClient(in ClientFigures figures, int columns)
    {
        string chunks = Plural.Of(figures.ChunkCount, "chunk");
        string up = figures.UpRate > 0 ? Quantity.Bytes(figures.UpRate) : "";
        if (up.Length > 0) up = $"{up}/s up";
        string peers = figures.Peers > 0 ? Plural.Of(figures.Peers, "peer") : "";
        if (figures.Held == figures.ChunkCount)
        {
            string served = figures.Sent > 0 ? Quantity.Bytes(figures.Sent) : "";
            if (served.Length > 0) served = $"{served} served";
            string state = figures.Waiting is { Length: > 0 } waiting ? $"seeding, {waiting}" : "seeding";
            return Join("", columns, [state, peers, served, up, chunks, figures.Name]);
        }

        bool isWaiting = figures.Waiting is { Length: > 0 };
        string speed = isWaiting ? figures.Waiting! : Speed(figures.DownRate);
        string left = isWaiting ? "" : Left(LeftBytes(figures), figures.DownRate);
        string bytes = figures.Received == 0 ? ""
            : figures.WantedBytes == 0 ? Quantity.Bytes(figures.Received)
            : Quantity.BytesOf(Math.Min(figures.Received, figures.WantedBytes), figures.WantedBytes);
        string head = Head(Share(figures), columns, isWaiting ? speed : "");
        return Join(head, columns, [speed, left, $"{figures.Held} of {chunks}", bytes, peers, up, figures.Name]);
    }

    /// <summary>Composes the line of a command that reads files.</summary>
    /// <param name="rate">Bytes a second; 0 if it isn't known yet.</param>
    /// <param name="name">What the command does: <c>verifying part1</c>.</param>
    public static string OfCommand(string name, long done, long total, long rate, int columns)
    {
        Debug.Assert(done >= 0 && done <= total, "a part of the whole");
        string head = Head(total == 0 ? 0 : (double)done / total, columns, "");
        return Join(head, columns, [Speed(rate), Left(total - done, rate), Quantity.BytesOf(done, total), name]);
    }

    private static string Speed(long rate)
    {
        string amount = Quantity.Bytes(rate);
        return rate == 0 ? "" : $"{amount}/s";
    }

    private static string Left(long bytes, long rate)
    {
        if (bytes <= 0 || rate <= 0) return "";
        string clock = Quantity.Clock((long)Math.Round((double)bytes / rate));
        return $"{clock} left";
    }

    // Of chunks.crc, or else of the size that the chunks had so far.
    private static long LeftBytes(in ClientFigures figures) =>
        figures.WantedBytes > 0 ? figures.WantedBytes - figures.Received
        : figures.Fetched == 0 ? 0
        : figures.Received / figures.Fetched * (figures.ChunkCount - figures.Held);

    // Received bytes that were dropped count as well, so that the share may be too large for a while.
    private static double Share(in ClientFigures figures)
    {
        if (figures.WantedBytes == 0) return (double)figures.Held / figures.ChunkCount;
        long had = figures.TotalBytes - figures.WantedBytes;
        return (double)(had + Math.Min(figures.Received, figures.WantedBytes)) / figures.TotalBytes;
    }

    // "100 %" and a full bar would say that all is there. The bar gives way to a reason.
    private static string Head(double share, int columns, string reason)
    {
        int cells = Math.Clamp(columns / ColumnsOfCell, BarCellsMin, BarCellsMax);
        int percent = Math.Clamp((int)Math.Round(100 * share), 0, 99);
        string number = $"{percent,3} %";
        int full = Math.Clamp((int)Math.Round(cells * share), 0, cells - 1);
        int width = number.Length + cells + 3;
        if (width > columns || (reason.Length > 0 && width + 1 + Width(reason) > columns)) return number;
        return $"{number} [{new string('#', full)}{new string('.', cells - full)}]";
    }

    private static string Join(string head, int columns, ReadOnlySpan<string> fields)
    {
        var line = new StringBuilder(head);
        int width = Width(head);
        if (width > columns) return "";
        foreach (string field in fields)
        {
            if (field.Length == 0) continue;
            string gap = line.Length == 0 ? "" : line.Length == head.Length ? " " : Gap;
            width += gap.Length + Width(field);
            if (width > columns) break;
            line.Append(gap).Append(field);
        }
        return line.ToString();
    }

    // A character beyond ASCII may be two columns wide: a line that is too short is better than one that wraps.
    private static int Width(string text)
    {
        int width = 0;
        foreach (char c in text) width += c < 0x7f ? 1 : 2;
        return width;
    }
}
