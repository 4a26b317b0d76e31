using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Client;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// Any <c>chunks.crc</c>: taken or refused, and in which line, as the slow reading here has it, with either end of
/// line; what is taken reads back the same when it is saved; and a saved file that is cut off anywhere is refused.
/// </summary>
internal sealed class ChunkSumsTarget(string folder)
{
    private static readonly Regex Line = new("^([0-9]{1,15}),([0-9]{1,15}),([0-9A-Fa-f]{1,15}),?\\z");
    private static readonly Regex Last = new("^([0-9]{1,15}),CRC32C\\z");

    // A cut behind every byte costs as many readings.
    private const int CutBytesMax = 300;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IndexOf("CRC32C,FILES"u8) >= 0)
        {
            // The slow reading knows no list of files: what is taken must read back the same.
            if (!ChunkSums.TryParse(input, out ChunkSums? set, out _)) return;
            Expect(ChunkSums.TryParse(set!.Text, out ChunkSums? again, out _) && again!.Id == set.Id, "not the same");
            return;
        }
        bool isTaken = ChunkSums.TryParse(input, out ChunkSums? sums, out int badLine);
        List<(long, uint)>? expected = Read(Encoding.Latin1.GetString(input), out int expectedBadLine);
        Expect(isTaken == expected is not null, $"taken: {isTaken}");
        Expect(isTaken || badLine == expectedBadLine, $"line {badLine} is bad, expected {expectedBadLine}");
        bool isOtherTaken = ChunkSums.TryParse(WithOtherEnds(input), out _, out int otherBadLine);
        Expect(isOtherTaken == isTaken && otherBadLine == badLine, "not the same with \\r\\n");
        if (!isTaken) return;
        ExpectSame(sums!, expected!);

        sums!.Save(folder);
        ExpectSame(FolderLists.LoadSums(folder)!, expected!);
        byte[] saved = File.ReadAllBytes(Path.Combine(folder, ChunkSums.FileName));
        if (saved.Length > CutBytesMax) return;
        for (int bytes = 0; bytes < saved.Length - 1; bytes++)
            Expect(!ChunkSums.TryParse(saved.AsSpan(0, bytes), out _, out _),
                $"taken with {bytes} of {saved.Length} bytes");
    }

    // The same file, one line after the other.
    private static List<(long, uint)>? Read(string text, out int badLine)
    {
        var chunks = new List<(long, uint)>();
        string[] lines = text.Split('\n');
        for (badLine = 1; badLine <= lines.Length; badLine++)
        {
            string line = lines[badLine - 1].TrimEnd('\r');
            if (Last.Match(line) is { Success: true } last)
            {
                bool isRight = chunks.Count > 0 && long.Parse(last.Groups[1].Value) == chunks.Count;
                return isRight && string.Join('\n', lines[badLine..]).Trim('\r', '\n', ' ') == "" ? chunks : null;
            }
            Match match = Line.Match(line);
            if (!match.Success || long.Parse(match.Groups[1].Value) != chunks.Count + 1) return null;
            long crc = long.Parse(match.Groups[3].Value, NumberStyles.AllowHexSpecifier);
            if (crc > uint.MaxValue) return null;
            chunks.Add((long.Parse(match.Groups[2].Value), (uint)crc));
        }
        return null;
    }

    private static byte[] WithOtherEnds(ReadOnlySpan<byte> text) =>
        Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(text).Replace("\n", "\r\n"));

    private static void ExpectSame(ChunkSums sums, List<(long Bytes, uint Crc)> expected)
    {
        Expect(sums.ChunkCount == expected.Count, $"{sums.ChunkCount} chunks, expected {expected.Count}");
        long total = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            Expect((sums.SizeOf(i + 1), sums.SumOf(i + 1)) == expected[i], $"chunk {i + 1} is another");
            total += expected[i].Bytes;
        }
        Expect(sums.TotalBytes == total, "the sum of sizes is another");
    }
}
