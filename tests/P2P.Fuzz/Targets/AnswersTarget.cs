using System;
using System.Collections.Generic;
using System.Text;
using P2P.Client;
using P2P.Protocol;
using P2P.Tests.Faults.Fuzz;
using static P2P.Tests.Faults.Fuzz.FuzzException;

namespace P2P.Fuzz;

/// <summary>
/// What a tracker sends, in any pieces: only answers are shown, made of bytes that came; and every answer that is shown
/// when all comes at once is also shown when it comes in pieces, in the same order (shorter ones may come before it).
/// </summary>
internal static class AnswersTarget
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var stream = CutStream.Of(input);
        byte[] bytes = stream.Bytes;
        var atOnce = new List<string>();
        var reader = new AnswerReader();
        reader.OnRead(bytes);
        Take(reader, bytes, atOnce);
        reader.OnTimeout();
        Take(reader, bytes, atOnce);

        var inPieces = new List<string>();
        reader = new AnswerReader();
        int came = 0;
        foreach ((string read, bool thenQuiet) in stream.Reads)
        {
            came += read.Length;
            reader.OnRead(bytes.AsSpan(came - read.Length, read.Length));
            Take(reader, bytes.AsSpan(0, came), inPieces);
            if (!thenQuiet || reader.WaitingChunkIndex == 0) continue;
            reader.OnTimeout();
            Take(reader, bytes.AsSpan(0, came), inPieces);
        }
        reader.OnTimeout();
        Take(reader, bytes, inPieces);

        int found = 0;
        foreach (string shown in inPieces)
            if (found < atOnce.Count && shown == atOnce[found]) found++;
        if (found < atOnce.Count)
            throw new FuzzException($"At once: {string.Join('|', atOnce)}\nIn pieces: {string.Join('|', inPieces)}");
    }

    private static void Take(AnswerReader reader, ReadOnlySpan<byte> came, List<string> shown)
    {
        for (int turns = 0; reader.TryNext(out Message answer); turns++)
        {
            bool isKnown = answer.Kind == MessageKind.GetChunkFrom;
            Expect(isKnown || answer.Kind == MessageKind.ChunkLocationUnknown, $"a {answer.Kind} is no answer");
            Expect(answer.ChunkIndex >= 0, $"an answer for chunk {answer.ChunkIndex}");
            ReadOnlySpan<byte> verb = isKnown ? Verbs.GetChunkFrom : Verbs.ChunkLocationUnknown;
            Expect(came.IndexOf(verb) >= 0 && came.IndexOf(answer.Peers) >= 0, "an answer of bytes that did not come");
            Expect(turns <= came.Length, "more answers than bytes");
            var peers = new FieldReader(answer.Peers);
            while (MessageReader.TryReadPeer(ref peers, out ReadOnlySpan<byte> host, out int port))
                Expect(host.Length is >= 1 and <= Limits.HostBytesMax && port is >= 1 and <= 65535,
                    "a peer that is none");
            shown.Add($"{answer.Kind},{answer.ChunkIndex},{Encoding.Latin1.GetString(answer.Peers)}");
        }
    }
}
