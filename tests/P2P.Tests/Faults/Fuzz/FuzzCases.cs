using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using P2P.Client;
using P2P.Protocol;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>
/// The cases, each a pure function of its random source that throws when a property doesn't hold. Bytes are written as
/// Latin-1 strings here.
/// </summary>
internal static class FuzzCases
{
    private static readonly string[] Pieces =
    [
        .. ReferenceFramer.Verbs, "LOCAL_CHUNKS", "LOCAL", "W", "REQUEST_", "GET_CHUNK_FRO", "C",
        "CHUNK_LOCATION_UNKNOWN", "Connected",
        ",", ",", ",", "\n", "\n", "\r\n", " ", "\t", "\r", "\0", "\u00ff", "x", "-", "+",
        "localhost", "127.0.0.1", "::1", "a b",
        "0", "1", "7", "12", "007", "5100", "65535", "65536", "2147483647", "2147483648", "99999999999999999999",
    ];

    private static readonly string[] Hosts = ["localhost", "127.0.0.1", "::1", "a-host.example"];

    /// <summary>Any bytes, cut and paused anywhere: the framer and the reader agree with the slow ones at every
    /// step.</summary>
    public static void FramerAgreesWithReference(Random random)
    {
        string stream = Noise(random, random.Next(1, 40));
        if (random.Next(50) == 0)
            stream = stream.Insert(random.Next(stream.Length),
                new string(random.Next(3) == 0 ? '7' : 'h', random.Next(300, 5000)));
        var reads = new List<(string, bool)>();
        for (int at = 0; at < stream.Length;)
        {
            int bytes = Math.Min(random.Next(4) == 0 ? random.Next(1, 700) : random.Next(1, 30), stream.Length - at);
            reads.Add((stream.Substring(at, bytes), random.Next(2) == 0));
            at += bytes;
        }
        FramerAgreesWithReference(reads);
    }

    /// <summary>The same for given reads, each perhaps with a quiet moment behind it.</summary>
    public static void FramerAgreesWithReference(IReadOnlyList<(string Bytes, bool ThenQuiet)> reads)
    {
        string stream = string.Concat(reads.Select(read => read.Bytes));
        var fast = new MessageFramer();
        var plain = new MessageFramer();        // looks for plain lines first
        var slow = new ReferenceFramer();
        string unread = "";
        var steps = new StringBuilder();
        foreach ((string bytes, bool thenQuiet) in reads)
        {
            fast.OnRead(unread.Length, bytes.Length);
            plain.OnRead(unread.Length, bytes.Length);
            slow.OnRead(unread.Length, bytes.Length);
            unread += bytes;
            steps.Append($" read {bytes.Length}");
            Drain();
            if (slow.IsOverlong)
                return;
            if (slow.ReadTimeout != Timeout.InfiniteTimeSpan && thenQuiet)
            {
                fast.OnTimeout();
                plain.OnTimeout();
                slow.OnTimeout();
                steps.Append(" quiet");
                Drain();
            }
        }
        fast.OnEnd();
        plain.OnEnd();
        slow.OnEnd();
        steps.Append(" end");
        Drain();
        Expect(slow.IsOverlong || unread == "", stream, $"{unread.Length} bytes left at the end");

        void Drain()
        {
            while (true)
            {
                (string Text, int Consumed, bool IsLine)? expected = slow.Next(unread);
                bool found =
                    fast.TryNext(Bytes(unread), out ReadOnlySpan<byte> text, out int consumed, out bool isLine);
                (string, int, bool)? actual = found ? (Encoding.Latin1.GetString(text), consumed, isLine) : null;
                Expect(actual == expected && fast.IsOverlong == slow.IsOverlong
                    && (found || fast.ReadTimeout == slow.ReadTimeout), stream,
                    $"after{steps}, with {unread.Length} bytes unread: {actual} {fast.ReadTimeout}, expected "
                    + $"{expected} {slow.ReadTimeout}");
                (string, int, bool)? plainFirst = NextPlainFirst();
                Expect(plainFirst == expected && (found || plain.ReadTimeout == slow.ReadTimeout), stream,
                    $"after{steps}, with {unread.Length} bytes unread, plain lines first: {plainFirst}, expected "
                    + $"{expected}");
                if (!found)
                    return;
                string? read = Read(text);
                string? wanted = ReferenceReader.Read(Encoding.Latin1.GetString(text));
                Expect(read == wanted, stream, $"read '{read}', expected '{wanted}'");
                unread = unread[consumed..];
            }
        }

        (string Text, int Consumed, bool IsLine)? NextPlainFirst()
        {
            byte[] bytes = Bytes(unread);
            if (!plain.TryNextPlain(bytes, out MessageKind kind, out int index, out int port, out int consumed))
                return plain.TryNext(bytes, out ReadOnlySpan<byte> text, out consumed, out bool isLine)
                    ? (Encoding.Latin1.GetString(text), consumed, isLine) : null;
            bool isMessage = MessageReader.TryRead(bytes.AsSpan(0, consumed - 1), out Message message);
            Expect(isMessage && (kind, index, port) == (message.Kind, message.ChunkIndex, message.Port), stream,
                $"a plain line is read as {kind} {index} {port}");
            return (unread[..(consumed - 1)], consumed, true);
        }
    }

    /// <summary>One of the words that random input is made of.</summary>
    public static string Piece(int number) => Pieces[number % Pieces.Length];

    /// <summary>Messages in the line dialect, cut anywhere, are exactly the messages that were sent.</summary>
    public static void LinesCutAnywhere_AreTheMessagesSent(Random random)
    {
        string[] sent = Enumerable.Range(0, random.Next(1, 12)).Select(_ => Message(random)).ToArray();
        string stream = string.Concat(sent.Select(each => each + (random.Next(2) == 0 ? "\n" : "\r\n")));
        ExpectMessages(random, sent, Cut(random, stream), quietWhenAsked: false);
    }

    /// <summary>Unframed messages, one in each read, are complete at once; joined or cut,
    /// when the next begins or all is quiet.</summary>
    public static void UnframedMessages_AreTheMessagesSent(Random random)
    {
        string[] sent = Enumerable.Range(0, random.Next(1, 8)).Select(_ => Message(random)).ToArray();
        bool alone = random.Next(2) == 0;
        ExpectMessages(random, sent, alone ? sent : Cut(random, string.Concat(sent)), quietWhenAsked: alone);
    }

    /// <summary>Answers cut anywhere: of each, ever longer versions are shown, the last one whole.</summary>
    public static void AnswersCutAnywhere_EndWhole(Random random)
    {
        var answers = new List<string>();
        var stream = new StringBuilder(random.Next(3) == 0 ? "Connected" : "");
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            int index = 8 * random.Next(1, 600) + i;        // no two are alike
            string answer = $"CHUNK_LOCATION_UNKNOWN,{index}";
            if (random.Next(3) != 0)
            {
                IEnumerable<string> peers =
                    Enumerable.Range(0, random.Next(0, 20)).Select(_ => $",localhost,{random.Next(1, 65536)}");
                answer = $"GET_CHUNK_FROM,{index}{string.Concat(peers)}";
            }
            answers.Add(answer);
            stream.Append(answer).Append(random.Next(3) switch { 0 => "", 1 => "\n", _ => "\r\n" });
            if (stream[^1] == '\n' && random.Next(4) == 0)
                stream.Append(random.Next(2) == 0 ? "\n" : "Connected");
        }
        var reader = new AnswerReader();
        var shown = new List<string>();
        // A pause in the middle of the next answer's verb is left out: until its rest comes, it is a part of this one.
        MatchCollection verbs = Regex.Matches(stream.ToString(), "[A-Z]+_[A-Z_]+,");
        int came = 0;
        foreach (string part in Cut(random, stream.ToString()))
        {
            reader.OnRead(Bytes(part));
            came += part.Length;
            Take();
            bool isInVerb = verbs.Any(verb => verb.Index < came && came < verb.Index + verb.Length);
            if (reader.WaitingChunkIndex > 0 && !isInVerb && random.Next(3) == 0)
            {
                reader.OnTimeout();
                Take();
            }
        }
        reader.OnTimeout();
        Take();

        // One may be shown whole more than once, the second time with its end of line.
        shown = shown.Where((text, i) => i == 0 || text != shown[i - 1]).ToList();
        int at = 0;
        foreach (string answer in answers)
        {
            int length = -1;
            while (at < shown.Count && shown[at] != answer && answer.StartsWith(shown[at], StringComparison.Ordinal)
                && shown[at].Length > length)
                length = shown[at++].Length;
            Expect(at < shown.Count && shown[at] == answer, stream.ToString(),
                $"'{answer}' is not shown whole; shown: {string.Join(" | ", shown.Skip(at - 2).Take(4))}");
            at++;
        }
        Expect(at == shown.Count, stream.ToString(), $"more was shown than sent: {string.Join(" | ", shown.Skip(at))}");

        void Take()
        {
            while (reader.TryNext(out Message answer))
            {
                string verb = answer.Kind == MessageKind.GetChunkFrom ? "GET_CHUNK_FROM" : "CHUNK_LOCATION_UNKNOWN";
                string peers = answer.Peers.IsEmpty ? "" : $",{Encoding.Latin1.GetString(answer.Peers)}";
                shown.Add($"{verb},{answer.ChunkIndex}{peers}");
            }
        }
    }

    /// <summary>Any bytes from a tracker: the reader goes on, shows only what is an answer,
    /// and never more bytes than came.</summary>
    public static void AnswerReaderSurvivesAnything(Random random)
    {
        var reader = new AnswerReader();
        long came = 0, shown = 0;
        for (int i = random.Next(1, 30); i > 0; i--)
        {
            string part = random.Next(40) == 0 ? new string('8', random.Next(9000)) : Noise(random, random.Next(1, 12));
            part = part[..Math.Min(part.Length, Limits.MessageReadBytes)];
            came += part.Length;
            reader.OnRead(Bytes(part));
            if (random.Next(3) == 0)
                reader.OnTimeout();
            while (reader.TryNext(out Message answer))
            {
                bool isAnswer = answer.Kind is MessageKind.GetChunkFrom or MessageKind.ChunkLocationUnknown;
                Expect(answer.ChunkIndex >= 0 && isAnswer, part, "shown, but no answer");
                var peers = new FieldReader(answer.Peers);
                while (MessageReader.TryReadPeer(ref peers, out ReadOnlySpan<byte> host, out int port))
                    Expect(host.Length is >= 1 and <= 255 && port is >= 1 and <= 65535, part, "a peer that is none");
                shown++;
            }
        }
        Expect(shown <= came, "", "more answers than bytes");
    }

    /// <summary>Any local_chunks.txt: the parser holds and warns of the same as the slow one.</summary>
    /// <param name="folder">Made by <see cref="Fuzzing"/>: chunk_1 to chunk_9, a folder,
    /// links to inside and outside.</param>
    public static void LocalChunksFileAgreesWithReference(Random random, string folder)
    {
        string[] names = ["chunk_1", "chunk_2", "chunk_9", "chunk_10", "LASTCHUNK", "LASTCHUNK", "lastchunk", "folder",
            "link_in", "link_out", "..", ".", "../x", "./chunk_1", "./../x", "a,b", "", " ", "\u00fc"];
        string[] numbers = ["1", "2", "3", "9", "10", "0", "-1", "+1", "007", " 4", "5 ", "", "x", "2147483647",
            "2147483648", "16777216", "16777217", "1.0"];
        var text = new StringBuilder(random.Next(10) == 0 ? "\ufeff" : "");
        for (int i = random.Next(0, 9); i > 0; i--)
        {
            string line = random.Next(12) switch
            {
                0 => "",
                1 => " \t",
                2 => Noise(random, 2).Replace("\0", ""),
                _ => $"{Pick(random, numbers)},{Pick(random, names)}",
            };
            text.Append(random.Next(6) == 0 ? " " : "").Append(line)
                .Append(random.Next(3) switch { 0 => "\r\n", 1 => " \n", _ => "\n" });
        }
        text.Append(random.Next(8) == 0 ? "" : $"{random.Next(0, 12)},LASTCHUNK")
            .Append(random.Next(2) == 0 ? "\n" : "");
        LocalChunksFileAgreesWithReference(text.ToString(), folder);
    }

    /// <summary>The same for a given text.</summary>
    public static void LocalChunksFileAgreesWithReference(string text, string folder) =>
        LocalChunksFileAgreesWithReference(Encoding.UTF8.GetBytes(text), folder);

    /// <summary>The same for given bytes, which need not be UTF-8.</summary>
    public static void LocalChunksFileAgreesWithReference(byte[] bytes, string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, LocalChunksFile.FileName), bytes);

        var warned = new List<string>();
        string? actual;
        try
        {
            LocalChunksFile list = FolderLists.Load(folder, warned.Add);
            IEnumerable<string> wrongLines = warned.Select(line => line.Split(' ', ':')[2]);
            actual = $"{list.ChunkCount}: {string.Join(" ", list.Held)} wrong: {string.Join(" ", wrongLines)}";
        }
        catch (P2P.Cli.ProgramException)
        {
            actual = null;
        }
        string? expected = ReferenceList.Read(folder, bytes);
        Expect(actual == expected, Encoding.UTF8.GetString(bytes), $"'{actual}', expected '{expected}'");
    }

    private static void ExpectMessages(
        Random random, IReadOnlyList<string> sent, IEnumerable<string> parts, bool quietWhenAsked)
    {
        var framer = new MessageFramer();
        string unread = "";
        var read = new List<string?>();
        foreach (string part in parts)
        {
            framer.OnRead(unread.Length, part.Length);
            unread += part;
            Drain();
            // Nothing more is waiting in the socket.
            if (quietWhenAsked && framer.ReadTimeout == TimeSpan.Zero)
            {
                framer.OnTimeout();
                Drain();
            }
            Expect(!quietWhenAsked || unread == "", part, "a message that came alone is not complete at once");
        }
        if (random.Next(2) == 0)
            framer.OnTimeout();
        else
            framer.OnEnd();
        Drain();
        string?[] wanted = sent.Select(ReferenceReader.Read).ToArray();
        Expect(unread == "" && read.SequenceEqual(wanted), string.Join("|", parts),
            $"read {string.Join(" | ", read)}, sent {string.Join(" | ", wanted)}");

        void Drain()
        {
            while (framer.TryNext(Bytes(unread), out ReadOnlySpan<byte> text, out int consumed, out _))
            {
                read.Add(Read(text));
                unread = unread[consumed..];
            }
        }
    }

    private static string? Read(ReadOnlySpan<byte> text)
    {
        if (!MessageReader.TryRead(text, out Message message))
            return null;
        return message.Kind switch
        {
            MessageKind.LocalChunks =>
                $"LOCAL_CHUNKS,{message.ChunkIndex},{Encoding.Latin1.GetString(message.Host)},{message.Port}",
            MessageKind.WhereChunk => $"WHERE_CHUNK,{message.ChunkIndex},",
            MessageKind.RequestChunk => $"REQUEST_CHUNK,{message.ChunkIndex},",
            MessageKind.GetChunkFrom =>
                $"GET_CHUNK_FROM,{message.ChunkIndex},{Encoding.Latin1.GetString(message.Peers)}",
            _ => $"CHUNK_LOCATION_UNKNOWN,{message.ChunkIndex},",
        };
    }

    private static string Message(Random random) => random.Next(3) switch
    {
        0 => $"LOCAL_CHUNKS,{random.Next(1, int.MaxValue)},{Pick(random, Hosts)},{random.Next(1, 65536)}",
        1 => $"WHERE_CHUNK,{random.Next(1, 1000)}",
        _ => $"REQUEST_CHUNK,{random.Next(1, 1000)}",
    };

    private static IReadOnlyList<string> Cut(Random random, string stream)
    {
        var parts = new List<string>();
        int most = random.Next(3) switch { 0 => 2, 1 => 40, _ => 700 };
        for (int at = 0; at < stream.Length; at += parts[^1].Length)
            parts.Add(stream.Substring(at, Math.Min(random.Next(1, most), stream.Length - at)));
        return parts;
    }

    private static string Noise(Random random, int pieces) =>
        string.Concat(Enumerable.Range(0, pieces).Select(_ => Pick(random, Pieces)));

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static void Expect(bool holds, string input, string what)
    {
        if (holds)
            return;
        string shown = input.Replace("\\", "\\\\").Replace("\n", "\\n").Replace("\r", "\\r").Replace("\t", "\\t")
            .Replace("\0", "\\0");
        throw new FuzzException($"{what}\nInput: \"{shown}\"");
    }
}
