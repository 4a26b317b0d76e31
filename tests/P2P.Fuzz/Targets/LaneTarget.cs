using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using P2P.Protocol;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// What comes over a lane, in any pieces: the reader shows the same answers, with the same bytes, as a slow one that
/// has the whole stream before it. Its lines, taken for hellos, cancellations and wishes for news, are what they say.
/// </summary>
internal static class LaneTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var stream = CutStream.Of(input);
        byte[] bytes = stream.Bytes;
        List<string> expected = ReadSlowly(bytes), found = [];
        var reader = new LaneReader();
        bool isOpen = false;
        foreach ((string read, _) in stream.Reads)
        {
            ReadOnlySpan<byte> unread = read.Select(each => (byte)each).ToArray();
            int before = unread.Length;
            while (reader.TryNext(ref unread, out ReadOnlySpan<byte> part, out bool isFirst))
            {
                Expect(isFirst != isOpen, "a piece begins where it begins, and nowhere else");
                if (isFirst) found.Add($"{reader.Piece}: ");
                found[^1] += Convert.ToHexString(part);
                isOpen = reader.Left > 0;
            }
            Expect(reader.IsBroken || unread.IsEmpty, "bytes are left that were not asked for again");
            Expect(before >= unread.Length, "more is left than came");
            if (reader.IsBroken) break;
        }
        if (reader.IsBroken) found.Add("broken");
        // Of the last piece's head no more is shown before its first byte.
        if (expected.Count == found.Count + 1 && expected[^1].EndsWith(": ", StringComparison.Ordinal))
            expected.RemoveAt(expected.Count - 1);
        if (!expected.SequenceEqual(found))
        {
            throw new FuzzException(
                $"Expected: {string.Join('|', expected)}\nFound: {string.Join('|', found)}");
        }
        ReadLines(bytes);
    }

    // <kind:1><waiting:1><has_sum:1><0:1><chunk_index:4><bytes:4><sum:4>, then the bytes (PROTOCOL 9.4)
    private static List<string> ReadSlowly(byte[] bytes)
    {
        var shown = new List<string>();
        (long Chunk, bool HasSum)? open = null;
        for (int at = 0; at + 16 <= bytes.Length;)
        {
            char kind = (char)bytes[at];
            long chunk = Number(at + 4), length = Number(at + 8), sum = Number(at + 12);
            bool hasBytes = kind is 'P' or 'L', hasSum = bytes[at + 2] == 1;
            bool isPiece = kind is 'P' or 'L' or 'G' or 'C' && bytes[at + 2] <= 1 && bytes[at + 3] == 0
                && chunk <= int.MaxValue && length <= (hasBytes ? 64 << 20 : 0) && !(kind == 'P' && length == 0)
                && (sum == 0 || (kind == 'L' && hasSum));
            bool goesOn = open is null || (open.Value.Chunk == chunk && (!hasBytes || open.Value.HasSum == hasSum));
            if (!isPiece || !goesOn)
            {
                shown.Add("broken");
                return shown;
            }
            var piece = new LanePiece((LanePieceKind)kind, bytes[at + 1], (int)chunk, (int)length, (uint)sum)
            {
                HasSum = hasSum,
            };
            int end = (int)Math.Min(bytes.Length, at + 16 + length);
            shown.Add($"{piece}: {Convert.ToHexString(bytes.AsSpan(at + 16, end - at - 16))}");
            open = kind == 'P' ? (chunk, hasSum) : null;
            at = end < at + 16 + length ? bytes.Length : end;
        }
        return shown;

        long Number(int at)
        {
            long number = 0;
            for (int i = 0; i < 4; i++) number = number * 256 + bytes[at + i];
            return number;
        }
    }

    private static void ReadLines(ReadOnlySpan<byte> bytes)
    {
        Span<byte> line = stackalloc byte[MessageWriter.BytesMax];
        foreach (Range range in bytes.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> text = bytes[range], trimmed = MessageReader.Trim(text);
            if (LaneSyntax.TryReadHello(text, out int version))
                Expect(version is >= 1 and <= 9 && trimmed.SequenceEqual(Text($"LANE,{version}")), "no hello");
            if (LaneSyntax.TryReadCancel(text, out int chunk))
            {
                int length = LaneSyntax.WriteCancel(line, chunk) - 1;
                Expect(chunk >= 0 && length > 0 && trimmed.StartsWith("CANCEL_CHUNK,"u8), "no cancellation");
            }
            Expect(LaneSyntax.IsNews(text) == trimmed.SequenceEqual("NEWS"u8), "no wish for news");
            if (NameSyntax.TryRead(text, out ReadOnlySpan<byte> name))
            {
                Expect(name.Length is >= 1 and <= 64 && !name.ContainsAnyInRange((byte)0, (byte)' '), "no name");
                Expect(!name.Contains((byte)',') && trimmed[5..].SequenceEqual(name), "a name is taken as a whole");
            }
            ReadOnlySpan<byte> peers = text, marks = LaneSyntax.TakeMarks(ref peers);
            Expect(!marks.ContainsAnyExceptInRange((byte)'0', (byte)'9'), "a mark is no digit");
            Expect(marks.IsEmpty || peers.Length + 6 + marks.Length == text.Length, "marks are taken off as a whole");
        }
    }

    private static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);
}
