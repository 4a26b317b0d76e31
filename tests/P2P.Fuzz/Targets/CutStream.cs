using System;
using System.Collections.Generic;
using System.Text;

namespace P2P.Fuzz;

/// <summary>
/// A stream and where it is cut into reads. In the fuzzer's input a byte 254 ends a read, and 255 ends one behind which
/// nothing comes for a while: everything else is the stream, so that an input is readable, and the fuzzer changes the
/// cuts as it changes the text.
/// </summary>
internal readonly struct CutStream
{
    public const byte Cut = 254, CutAndQuiet = 255;

    // Slow implementations copy everything at each read.
    private const int ReadsMax = 100, StreamBytesMax = 8192;

    private CutStream(List<(string, bool)> reads) => Reads = reads;

    /// <summary>The reads, one character for each byte, and whether it is quiet behind them.</summary>
    public IReadOnlyList<(string Bytes, bool ThenQuiet)> Reads { get; }

    /// <summary>All of it.</summary>
    public byte[] Bytes
    {
        get
        {
            var stream = new StringBuilder();
            foreach ((string bytes, _) in Reads) stream.Append(bytes);
            return Encoding.Latin1.GetBytes(stream.ToString());
        }
    }

    /// <summary>The first 8 KiB, in 100 reads at most, of an input.</summary>
    public static CutStream Of(ReadOnlySpan<byte> input)
    {
        input = input[..Math.Min(input.Length, StreamBytesMax)];
        var reads = new List<(string, bool)>();
        while (!input.IsEmpty)
        {
            int end = reads.Count < ReadsMax - 1 ? input.IndexOfAny(Cut, CutAndQuiet) : -1;
            ReadOnlySpan<byte> read = end < 0 ? input : input[..end];
            if (!read.IsEmpty) reads.Add((Encoding.Latin1.GetString(read), end >= 0 && input[end] == CutAndQuiet));
            input = end < 0 ? default : input[(end + 1)..];
        }
        return new CutStream(reads);
    }
}
