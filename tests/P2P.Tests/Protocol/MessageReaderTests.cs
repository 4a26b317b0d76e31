using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Protocol;

public sealed class MessageReaderTests(ITestOutputHelper output)
{
    private static readonly string Host255 = new('h', 255);

    [Theory]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001", "LocalChunks 1 localhost 5001")]
    [InlineData("LOCAL_CHUNKS,2147483647,127.0.0.1,65535", "LocalChunks 2147483647 127.0.0.1 65535")]
    [InlineData("LOCAL_CHUNKS,1,::1,1", "LocalChunks 1 ::1 1")]
    [InlineData("LOCAL_CHUNKS,1,!~,5001", "LocalChunks 1 !~ 5001")]
    [InlineData("LOCAL_CHUNKS,001,localhost,05001", "LocalChunks 1 localhost 5001")]
    [InlineData("LOCAL_CHUNKS,0,localhost,5001", "LocalChunks 0 localhost 5001")]
    [InlineData("\0LOCAL_CHUNKS,1,localhost,5001 \0\r\0", "LocalChunks 1 localhost 5001")]
    [InlineData("WHERE_CHUNK,1", "WhereChunk 1")]
    [InlineData("WHERE_CHUNK,2147483647", "WhereChunk 2147483647")]
    [InlineData("REQUEST_CHUNK,5", "RequestChunk 5")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,9", "ChunkLocationUnknown 9")]
    [InlineData("GET_CHUNK_FROM,3,localhost,5001", "GetChunkFrom 3 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,3,localhost,5001,10.0.0.1,5002", "GetChunkFrom 3 localhost,5001,10.0.0.1,5002")]
    [InlineData("GET_CHUNK_FROM,3,localhost,5001,", "GetChunkFrom 3 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,3", "GetChunkFrom 3 ")]
    [InlineData("GET_CHUNK_FROM,3,", "GetChunkFrom 3 ")]
    public void TryRead_OfAMessage_IsWhatItSays(string text, string message) =>
        Assert.Equal(message, MessageText.TryRead(text));

    [Theory]
    [InlineData("WHERE_CHUNK,0\nLOCAL", "WhereChunk 0 0 14")]
    [InlineData("WHERE_CHUNK,007\n", "WhereChunk 7 0 16")]
    [InlineData("WHERE_CHUNK,999999999\n", "WhereChunk 999999999 0 22")]
    [InlineData("LOCAL_CHUNKS,12,a-host,65535\n\n", "LocalChunks 12 65535 29")]
    [InlineData("WHERE_CHUNK,1", null)]
    [InlineData("WHERE_CHUNK,\n", null)]
    [InlineData("WHERE_CHUNK,1\r\n", null)]
    [InlineData("WHERE_CHUNK,1,\n", null)]
    [InlineData("WHERE_CHUNK,+1\n", null)]
    [InlineData("WHERE_CHUNK,2147483647\n", null)]         // a message, but for the longer way
    [InlineData(" WHERE_CHUNK,1\n", null)]
    [InlineData("LOCAL_CHUNKS,1,,5001\n", null)]
    [InlineData("LOCAL_CHUNKS,1,a b,5001\n", null)]
    [InlineData("LOCAL_CHUNKS,1,a\u007f,5001\n", null)]
    [InlineData("LOCAL_CHUNKS,1,a,0\n", null)]
    [InlineData("LOCAL_CHUNKS,1,a,65536\n", null)]
    [InlineData("LOCAL_CHUNKS,1,a\n", null)]
    [InlineData("LOCAL_CHUNKS,1,a,5001,\n", null)]
    [InlineData("REQUEST_CHUNK,1\n", null)]
    public void TryReadPlainLine_TakesALineThatIsAMessageAndNothingElse(string text, string? line) =>
        Assert.Equal(line, MessageText.TryReadPlainLine(text));

    [Theory]
    [InlineData("REQUEST_CHUNK,5,localhost,7001", "RequestChunk 5")]
    [InlineData("WHERE_CHUNK,5,", "WhereChunk 5")]
    [InlineData("WHERE_CHUNK,5,,,", "WhereChunk 5")]
    [InlineData("WHERE_CHUNK,5,x y\u0001z", "WhereChunk 5")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001,5002", "LocalChunks 1 localhost 5001")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001,", "LocalChunks 1 localhost 5001")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,9,really", "ChunkLocationUnknown 9")]
    public void TryRead_OfSurplusFields_IgnoresThem(string text, string message) =>
        Assert.Equal(message, MessageText.TryRead(text));

    [Theory]
    [InlineData(" {0}")]
    [InlineData("{0} ")]
    [InlineData("\t\t{0}\t")]
    [InlineData("{0}\r")]
    [InlineData("\r {0} \t\r\r")]
    public void TryRead_DropsBlanksAroundAMessage(string format)
    {
        Assert.Equal("WhereChunk 5", MessageText.TryRead(string.Format(format, "WHERE_CHUNK,5")));
        Assert.Equal("LocalChunks 1 localhost 5001",
            MessageText.TryRead(string.Format(format, "LOCAL_CHUNKS,1,localhost,5001")));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(",")]
    [InlineData("WHERE_CHUNK")]
    [InlineData("WHERE_CHUNK,")]
    [InlineData("WHERE_CHUNK,,5")]
    [InlineData("WHERE_CHUNK ,5")]
    [InlineData("WHERE_CHUNKS,5")]
    [InlineData("XWHERE_CHUNK,5")]
    [InlineData("where_chunk,5")]
    [InlineData("HERE_CHUNK,5")]
    [InlineData("\u0001WHERE_CHUNK,5")]
    [InlineData("\u00a0WHERE_CHUNK,5")]
    [InlineData("LOCATE,5")]
    [InlineData("GET_CHUNK,5")]
    public void TryRead_OfAnUnknownVerb_IsFalse(string text) => Assert.Null(MessageText.TryRead(text));

    [Theory]
    [InlineData("WHERE_CHUNK,{0}")]
    [InlineData("REQUEST_CHUNK,{0}")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,{0}")]
    [InlineData("GET_CHUNK_FROM,{0},localhost,5001")]
    [InlineData("LOCAL_CHUNKS,{0},localhost,5001")]
    public void TryRead_OfAnIndexThatIsNone_IsFalse(string format)
    {
        string[] none =
        [
            "", "-1", "+1", "2147483648", "4294967297", new('9', 99),
            "x", "1x", "x1", " 1", "1 ", "1 2", "1.0", "0x1", "\"1\"", "\u00b9",
        ];
        Assert.NotNull(MessageText.TryRead(string.Format(format, 1) + ",1"));
        Assert.All(none, index => Assert.Null(MessageText.TryRead(string.Format(format, index) + ",1")));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("70537")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("x")]
    [InlineData("5001x")]
    [InlineData("5 001")]
    [InlineData(" 5001")]
    [InlineData("")]
    public void TryRead_OfAPortThatIsNone_IsFalse(string port) =>
        Assert.Null(MessageText.TryRead($"LOCAL_CHUNKS,1,localhost,{port}"));

    [Fact]
    public void TryRead_OfAnnouncementsWithoutAllFields_IsFalse()
    {
        Assert.Null(MessageText.TryRead("LOCAL_CHUNKS,1"));
        Assert.Null(MessageText.TryRead("LOCAL_CHUNKS,1,localhost"));
        Assert.Null(MessageText.TryRead("LOCAL_CHUNKS,1,5001"));
        Assert.Null(MessageText.TryRead("LOCAL_CHUNKS,localhost,5001"));
    }

    [Fact]
    public void TryRead_OfHosts_Takes1To255VisibleBytes()
    {
        Assert.Equal($"LocalChunks 1 {Host255} 5001", MessageText.TryRead($"LOCAL_CHUNKS,1,{Host255},5001"));
        Assert.Equal("LocalChunks 1 h 5001", MessageText.TryRead("LOCAL_CHUNKS,1,h,5001"));
        Assert.Null(MessageText.TryRead($"LOCAL_CHUNKS,1,{Host255}h,5001"));
        Assert.Null(MessageText.TryRead("LOCAL_CHUNKS,1,,5001"));
        string[] none = ["h h", " h", "h ", "h\th", "h\r", "h\0", "h\u0001", "h\u007f", "h\u0080", "h\u00ff"];
        Assert.All(none, host => Assert.Null(MessageText.TryRead($"LOCAL_CHUNKS,1,{host},5001")));
    }

    [Theory]
    [InlineData("localhost,5001", "localhost,5001")]
    [InlineData("a,1,b,65535", "a,1,b,65535")]
    [InlineData("a,1,b", "a,1")]
    [InlineData("a,1,b,0", "a,1")]
    [InlineData("a,1,b,65536,c,3", "a,1,c,3")]
    [InlineData("a,1,,2", "a,1")]
    [InlineData("a,0,,2,b b,3,c,4", "c,4")]
    [InlineData("", "")]
    public void TryReadPeer_ReadsPairs_PastThoseThatAreNone(string text, string peers) =>
        Assert.Equal(peers, MessageText.PeersOf(System.Text.Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void TryRead_OfGarbage_NeverThrows_AndAcceptsOnlyWhatStartsWithAVerb()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomText.Garbage(random, random.Next(80));
            if (MessageText.TryRead(text) is null) continue;
            Assert.Matches(
                @"^[ \t\r\0]*(LOCAL_CHUNKS|WHERE_CHUNK|REQUEST_CHUNK|GET_CHUNK_FROM|CHUNK_LOCATION_UNKNOWN),\d+", text);
        }
    }

    [Fact]
    public void TryRead_OfAMessageWithOneByteWrong_NeverThrows()
    {
        string[] messages = ["LOCAL_CHUNKS,12,localhost,5001", "GET_CHUNK_FROM,3,localhost,5001", "WHERE_CHUNK,5"];
        foreach (string message in messages)
        {
            foreach (int at in Enumerable.Range(0, message.Length))
            {
                for (char wrong = '\0'; wrong < 256; wrong++)
                    MessageText.TryRead(message[..at] + wrong + message[(at + 1)..]);
                // Without one of its bytes it is another message or none, and cut there it may be none, too.
                MessageText.TryRead(message.Remove(at, 1));
                MessageText.TryRead(message[..at]);
            }
        }
    }

    // The same message read the plainest way, with strings.
    [Fact]
    public void TryRead_OfRandomText_AgreesWithASlowReader()
    {
        Random random = SeededRandom.Create(output);
        int messages = 0;
        for (int round = 0; round < 20_000; round++)
        {
            string text = RandomText.Message(random);
            for (int faults = random.Next(3); faults > 0; faults--)
                text = text.Insert(random.Next(text.Length + 1), RandomText.Garbage(random, random.Next(3)));
            string? expected = ReadSlowly(text);
            Assert.Equal(expected, MessageText.TryRead(text));
            if (expected is not null) messages++;
        }
        Assert.InRange(messages, 2000, 19_000);     // else the comparison proves little
    }

    private static string? ReadSlowly(string text)
    {
        var kinds = new Dictionary<string, MessageKind>
        {
            ["LOCAL_CHUNKS"] = MessageKind.LocalChunks,
            ["WHERE_CHUNK"] = MessageKind.WhereChunk,
            ["REQUEST_CHUNK"] = MessageKind.RequestChunk,
        };
        string[] fields = text.Trim(' ', '\t', '\r', '\0').Split(',');
        if (!kinds.TryGetValue(fields[0], out MessageKind kind)) return null;
        if (!IsNumber(fields, 1, 0, int.MaxValue, out long index)) return null;
        if (kind != MessageKind.LocalChunks) return $"{kind} {index}";
        if (!IsNumber(fields, 3, 1, 65535, out long port)) return null;
        bool isHost = fields[2].Length is >= 1 and <= 255 && fields[2].All(c => c is > ' ' and <= '~');
        return isHost ? $"{kind} {index} {fields[2]} {port}" : null;
    }

    private static bool IsNumber(string[] fields, int place, long min, long max, out long value)
    {
        value = 0;
        return fields.Length > place && fields[place].Length > 0 && fields[place].All(char.IsAsciiDigit)
            && long.TryParse(fields[place], out value) && value >= min && value <= max;
    }
}
