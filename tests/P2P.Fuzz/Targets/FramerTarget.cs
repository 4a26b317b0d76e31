using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Protocol;
using P2P.Tests.Faults.Fuzz;

namespace P2P.Fuzz;

/// <summary>
/// Where messages end, and what they say: at every step of any stream the same as the slow implementations have it. And
/// where lines are used, which all senders do who cut their messages, the cuts make no difference.
/// </summary>
internal static class FramerTarget
{
    // Cut behind every byte, a stream is looked at as often as it has bytes.
    private const int EveryByteMax = 1024;

    public static void Run(ReadOnlySpan<byte> input)
    {
        var stream = CutStream.Of(input);
        if (stream.Reads.Count == 0) return;
        FuzzCases.FramerAgreesWithReference(stream.Reads);

        byte[] lines = [(byte)'\n', .. stream.Bytes];
        List<(int, int, bool)> whole = TextsOf(lines, [lines.Length]);
        Expect(whole, TextsOf(lines, [1, .. stream.Reads.Select(read => read.Bytes.Length)]));
        if (lines.Length <= EveryByteMax) Expect(whole, TextsOf(lines, Enumerable.Repeat(1, lines.Length)));
    }

    private static void Expect(List<(int, int, bool)> whole, List<(int, int, bool)> cut)
    {
        if (!whole.SequenceEqual(cut))
            throw new FuzzException($"In one read: {string.Join(' ', whole)}\nCut: {string.Join(' ', cut)}");
    }

    // Of each text where it begins and ends, and whether it is a line; -1 where the connection would be closed.
    private static List<(int, int, bool)> TextsOf(byte[] stream, IEnumerable<int> reads)
    {
        var framer = new MessageFramer();
        var texts = new List<(int, int, bool)>();
        int start = 0, end = 0;
        foreach (int bytes in reads)
        {
            framer.OnRead(end - start, bytes);
            end += bytes;
            Take();
            if (framer.IsOverlong) break;
        }
        framer.OnEnd();
        if (!framer.IsOverlong) Take();
        if (framer.IsOverlong) texts.Add((start, -1, false));
        else if (start != stream.Length) throw new FuzzException($"{stream.Length - start} bytes left at the end");
        return texts;

        void Take()
        {
            while (framer.TryNext(stream.AsSpan(start, end - start), out ReadOnlySpan<byte> text,
                out int consumed, out bool isLine))
            {
                if (consumed != text.Length + (isLine ? 1 : 0))
                    throw new FuzzException($"{consumed} bytes consumed, the text has {text.Length}");
                texts.Add((start, start + text.Length, isLine));
                start += consumed;
            }
        }
    }
}
