using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace P2P.Benchmarks.Support;

/// <summary>The rows of one figure, printed as a markdown table when all are there.</summary>
internal sealed class ResultTable(string title)
{
    private const string None = "-";
    private static readonly string[] Head = ["what", "ours", "peer", "ratio", "limit"];
    private readonly List<string[]> _rows = [];

    /// <param name="peer">NaN if there is none: not installed, or nothing to compare with.</param>
    /// <param name="format">Of both numbers, as in string.Format: `{0:F2} s`.</param>
    /// <param name="limit">What the ratio, or else the number of ours, must keep to; null for none.</param>
    public void Add(string what, double ours, double peer, string format, string? limit = null) => _rows.Add(
    [
        what, Text(ours, format), Text(peer, format), Text(ours / peer, "{0:F2}"), limit ?? None,
    ]);

    public void Print(TextWriter output)
    {
        int[] widths = Enumerable.Range(0, Head.Length)
            .Select(i => _rows.Append(Head).Max(row => row[i].Length)).ToArray();
        output.WriteLine($"\n## {title}\n");
        foreach (string[] row in _rows.Prepend(widths.Select(width => new string('-', width)).ToArray()).Prepend(Head))
        {
            IEnumerable<string> cells =
                row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
            output.WriteLine($"| {string.Join(" | ", cells)} |");
        }
        output.Flush();
    }

    private static string Text(double number, string format) =>
        double.IsFinite(number) ? string.Format(CultureInfo.InvariantCulture, format, number) : None;
}
