using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Protocol;

/// <summary>PROTOCOL 2.2, receiving.</summary>
public sealed class MessageFramerTests(ITestOutputHelper output)
{
    private static readonly TimeSpan NoGap = TimeSpan.Zero;
    private static readonly TimeSpan ShortGap = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongGap = TimeSpan.FromMilliseconds(60);      // longer than for a cut message
    private static readonly TimeSpan LineGap = TimeSpan.FromMilliseconds(900);     // shorter than for a bare line

    // Streams of the line dialect, and the texts in them, with | behind each.
    public static TheoryData<string, string> LineStreams => new()
    {
        { "WHERE_CHUNK,1\n", "WHERE_CHUNK,1\n|" },
        { "WHERE_CHUNK,12\nWHERE_CHUNK,3\n", "WHERE_CHUNK,12\n|WHERE_CHUNK,3\n|" },
        { "LOCAL_CHUNKS,1,localhost,5001\nWHERE_CHUNK,2\n", "LOCAL_CHUNKS,1,localhost,5001\n|WHERE_CHUNK,2\n|" },
        { "WHERE_CHUNK,1\r\nWHERE_CHUNK,2\r\n", "WHERE_CHUNK,1\r\n|WHERE_CHUNK,2\r\n|" },
        { " \tWHERE_CHUNK,1 \t\r\n\tREQUEST_CHUNK,2\n", " \tWHERE_CHUNK,1 \t\r\n|\tREQUEST_CHUNK,2\n|" },
        { "WHERE_CHUNK,1\0\n\0\0WHERE_CHUNK,2\n\0", "WHERE_CHUNK,1\0\n|\0\0WHERE_CHUNK,2\n|\0|" },
        { "\n\r\n\nWHERE_CHUNK,1\n\n", "\n|\r\n|\n|WHERE_CHUNK,1\n|\n|" },
        { "REQUEST_CHUNK,5,localhost,7001\n", "REQUEST_CHUNK,5,localhost,7001\n|" },
        { "REQUEST_CHUNK,5,localhost\nWHERE_CHUNK,1,x y\n", "REQUEST_CHUNK,5,localhost\n|WHERE_CHUNK,1,x y\n|" },
        { "WHERE_CHUNK,1\nWHERE_CHUNK,2", "WHERE_CHUNK,1\n|WHERE_CHUNK,2|" },
        { "LOCAL_CHUNKS,1,::1,5001\nLOCAL_CHUNKS,2,::1,5001\nWHERE_CHUNK,3",
            "LOCAL_CHUNKS,1,::1,5001\n|LOCAL_CHUNKS,2,::1,5001\n|WHERE_CHUNK,3|" },
        { "Hello, tracker\nWHERE_CHUNK,1\n", "Hello, tracker\n|WHERE_CHUNK,1\n|" },
        { "WHERE_CHUNK,x\nWHERE_CHUNK,\nWHERE_CHUNK\nWHERE_CHUNK,4\n",
            "WHERE_CHUNK,x\n|WHERE_CHUNK,\n|WHERE_CHUNK\n|WHERE_CHUNK,4\n|" },
        { "LOCAL_CHUNKS,1\nLOCAL_CHUNKS,2,localhost\nWHERE_CHUNK,4\n",
            "LOCAL_CHUNKS,1\n|LOCAL_CHUNKS,2,localhost\n|WHERE_CHUNK,4\n|" },
        { "GET_CHUNK_FROM,1,localhost,5001\nCHUNK_LOCATION_UNKNOWN,2\n",
            "GET_CHUNK_FROM,1,localhost,5001\n|CHUNK_LOCATION_UNKNOWN,2\n|" },
        { "WHERE_CHUNK,1WHERE_CHUNK,2\nWHERE_CHUNK,3\n", "WHERE_CHUNK,1|WHERE_CHUNK,2\n|WHERE_CHUNK,3\n|" },
        { "WHERE_CHUNK,1\nWHERE_CHUNK,2,WHERE_CHUNK,3\n", "WHERE_CHUNK,1\n|WHERE_CHUNK,2,|WHERE_CHUNK,3\n|" },
        { "WHERE_CHUNK,1\nHello WHERE_CHUNK,2\n", "WHERE_CHUNK,1\n|Hello WHERE_CHUNK,2\n|" },
        { "\u00e9\0\u0001,\u00ff\nWHERE_CHUNK,1\n", "\u00e9\0\u0001,\u00ff\n|WHERE_CHUNK,1\n|" },
    };

    [Theory]
    [MemberData(nameof(LineStreams))]
    public void ALineStream_CutAnywhere_GivesTheSameTexts(string stream, string texts)
    {
        Assert.Equal(texts, Joined(FramedStream.TextsOf(stream, NoGap)));
        for (int cut = 1; cut < stream.Length; cut++)
            AssertTexts(texts, FramedStream.TextsOf(stream, NoGap, cut), stream, cut);
    }

    [Theory]
    [MemberData(nameof(LineStreams))]
    public void ALineStream_CutAnywhereTwice_GivesTheSameTexts(string stream, string texts)
    {
        for (int first = 1; first < stream.Length; first++)
        {
            for (int second = first + 1; second < stream.Length; second++)
                AssertTexts(texts, FramedStream.TextsOf(stream, NoGap, first, second), stream, first, second);
        }
    }

    // Once a line has been seen, a gap of less than a second is no end of anything.
    [Theory]
    [MemberData(nameof(LineStreams))]
    public void ALineStream_CutAnywhereWithGaps_GivesTheSameTexts_OnceALineWasSeen(string stream, string texts)
    {
        for (int cut = 1; cut < stream.Length; cut++)
            AssertTexts("\n|" + texts, FramedStream.TextsOf("\n" + stream, LineGap, 1, cut + 1), stream, cut);
    }

    [Theory]
    [MemberData(nameof(LineStreams))]
    public void ALineStream_DribbledByteByByte_GivesTheSameTexts(string stream, string texts)
    {
        int[] everywhere = [.. Enumerable.Range(1, stream.Length - 1)];
        AssertTexts(texts, FramedStream.TextsOf(stream, NoGap, everywhere), stream);
        AssertTexts(texts, FramedStream.TextsOf(stream, ShortGap, everywhere), stream);
    }

    [Fact]
    public void ARandomLineStream_CutAnyhow_GivesWhatSplitGives()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 1000; round++)
        {
            string stream = string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Line(random)));
            if (random.Next(3) == 0) stream += RandomText.Message(random);
            string[] lines = stream.Split('\n');
            IEnumerable<string> expected = lines[..^1].Select(line => line + "\n");
            if (lines[^1].Length > 0) expected = expected.Append(lines[^1]);

            Assert.Equal(expected, FramedStream.TextsOf(stream, NoGap, RandomCuts(random, stream.Length)));
        }

        static string Line(Random random)
        {
            string line = random.Next(8) == 0 ? "" : RandomText.Message(random);
            return random.Pick("", " ", "\t") + line + random.Pick("", " ", ",", ",surplus", ",1")
                + random.Pick("\n", "\r\n");
        }
    }

    [Theory]
    [InlineData("WHERE_CHUNK,7")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001")]
    [InlineData("REQUEST_CHUNK,5")]
    [InlineData("REQUEST_CHUNK,5,localhost,7001")]
    [InlineData(" WHERE_CHUNK,7 \r")]
    public void AnUnframedMessageInAReadOfItsOwn_IsCompleteAsSoonAsNoMoreIsWaiting(string message)
    {
        var stream = new FramedStream();
        stream.Read(message);
        Assert.Equal(TimeSpan.Zero, stream.ReadTimeout);
        Assert.Empty(stream.Texts);

        stream.Wait(TimeSpan.FromTicks(1));
        Assert.Equal([message], stream.Texts);
        Assert.False(stream.UsesLines);
    }

    [Fact]
    public void UnframedMessages_OnePerRead_AreCompleteOneByOne()
    {
        Random random = SeededRandom.Create(output);
        string[] messages = [.. Enumerable.Range(0, 2000).Select(_ => RandomText.Message(random))];
        var stream = new FramedStream();
        for (int i = 0; i < messages.Length; i++)
        {
            stream.Read(messages[i]);
            Assert.Equal(TimeSpan.Zero, stream.ReadTimeout);
            stream.Wait(ShortGap);
            Assert.Equal(i + 1, stream.Texts.Count);
        }
        Assert.Equal(messages, stream.Texts);
    }

    [Theory]
    [InlineData("LOCAL_CHUNKS,1,::1,5001LOCAL_CHUNKS,2,::1,5001", "LOCAL_CHUNKS,1,::1,5001|LOCAL_CHUNKS,2,::1,5001|")]
    [InlineData("WHERE_CHUNK,1WHERE_CHUNK,2WHERE_CHUNK,3", "WHERE_CHUNK,1|WHERE_CHUNK,2|WHERE_CHUNK,3|")]
    [InlineData("WHERE_CHUNK,1 WHERE_CHUNK,2\rREQUEST_CHUNK,3", "WHERE_CHUNK,1 |WHERE_CHUNK,2\r|REQUEST_CHUNK,3|")]
    [InlineData("WHERE_CHUNK,1,WHERE_CHUNK,2,", "WHERE_CHUNK,1,|WHERE_CHUNK,2,|")]
    [InlineData("LOCAL_CHUNKS,1,::1,5001,LOCAL_CHUNKS,2,::1,5002", "LOCAL_CHUNKS,1,::1,5001,|LOCAL_CHUNKS,2,::1,5002|")]
    [InlineData("REQUEST_CHUNK,5,localhost,7001WHERE_CHUNK,6", "REQUEST_CHUNK,5,localhost,7001|WHERE_CHUNK,6|")]
    public void UnframedMessagesJoinedInOneRead_AreToldApartByTheirVerbs_TheLastWaitsForMore(string read, string texts)
    {
        var stream = new FramedStream();
        stream.Read(read);
        Assert.Equal(texts[..^1].Count(c => c == '|'), stream.Texts.Count);
        Assert.Equal(TimeSpan.FromMilliseconds(50), stream.ReadTimeout);

        stream.Wait(LongGap);
        Assert.Equal(texts, Joined(stream.Texts));
    }

    [Fact]
    public void UnframedJoinedMessages_CutAnywhere_GiveTheSameTexts()
    {
        const string read = "LOCAL_CHUNKS,1,localhost,5001WHERE_CHUNK,2REQUEST_CHUNK,3";
        const string texts = "LOCAL_CHUNKS,1,localhost,5001|WHERE_CHUNK,2|REQUEST_CHUNK,3|";
        for (int first = 1; first < read.Length; first++)
        {
            for (int second = first + 1; second < read.Length; second++)
                AssertTexts(texts, FramedStream.TextsOf(read, NoGap, first, second), read, first, second);
        }
    }

    [Theory]
    [InlineData("WHERE_CHUNK,1", 0)]                         // in a read of its own
    [InlineData("WHERE_CHU~NK,1", 50)]                       // put together from several
    [InlineData("W~HERE_CHUNK,1", 50)]
    [InlineData("WHERE_CHUNK,1~2", 50)]
    [InlineData("WHERE_CHUNK,1~,localhost,5001", 50)]
    [InlineData("WHERE_CHUNK,1WHERE_CHUNK,2", 50)]           // the read didn't begin with it
    [InlineData("Hello~WHERE_CHUNK,1", 0)]
    [InlineData("\n~WHERE_CHUNK,1", 1000)]                   // a newline before
    [InlineData("WHERE_CHUNK,1\nWHERE_CHUNK,2", 1000)]
    [InlineData("WHERE_CHUNK,1\n~WHERE_~CHUNK,2", 1000)]
    [InlineData("WHERE_CHUNK,1,localhost", 50)]              // surplus that may go on
    [InlineData("WHERE_CHUNK,1,", 50)]
    [InlineData("WHERE_CHUNK,1,C", 50)]                      // also where it might be the head of a verb
    [InlineData("WHERE_CHUNK,1,5C", 50)]
    [InlineData("REQUEST_CHUNK,5,LOCAL", 50)]
    [InlineData("WHERE_CHUNK,", -1)]                         // no whole message
    [InlineData("WHERE_CHUNK", -1)]
    [InlineData("W", -1)]
    [InlineData("LOCAL_CHUNKS,1,localhost", -1)]
    [InlineData("LOCAL_CHUNKS,1,localhost,", -1)]
    [InlineData("Hello", -1)]
    [InlineData("\n", -1)]
    public void Patience_IsWhatTheProtocolSays(string reads, int milliseconds)
    {
        var stream = new FramedStream();
        foreach (string read in reads.Split('~')) stream.Read(read);
        Assert.Equal(
            milliseconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds), stream.ReadTimeout);
    }

    [Theory]
    [InlineData(512, 0)]
    [InlineData(513, 50)]
    public void ALongRead_MayHaveBeenCut(int bytes, int milliseconds)
    {
        const string head = "WHERE_CHUNK,1,";
        var stream = new FramedStream();
        stream.Read(head + new string('5', bytes - head.Length));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), stream.ReadTimeout);
    }

    [Fact]
    public void ACutMessage_GoesOnWithin50Ms_AndIsCompleteAfterThem()
    {
        var stream = new FramedStream();
        stream.Read("WHERE_");
        stream.Read("CHUNK,1", LongGap);
        stream.Read("2", TimeSpan.FromMilliseconds(49));
        Assert.Empty(stream.Texts);
        stream.Wait(TimeSpan.FromMilliseconds(51));
        Assert.Equal(["WHERE_CHUNK,12"], stream.Texts);
    }

    [Fact]
    public void ABareLastLine_IsCompleteAfterASecond()
    {
        var stream = new FramedStream();
        stream.Read("LOCAL_CHUNKS,1,localhost,5001\nWHERE_CHUNK,1");
        stream.Wait(TimeSpan.FromMilliseconds(999));
        Assert.Single(stream.Texts);
        stream.Wait(TimeSpan.FromMilliseconds(1001));
        Assert.Equal("LOCAL_CHUNKS,1,localhost,5001\n|WHERE_CHUNK,1|", Joined(stream.Texts));
        Assert.True(stream.UsesLines);
    }

    [Theory]
    [InlineData("WHERE_CHUNK,1\nWHERE_CHUNK,2", "WHERE_CHUNK,1\n|WHERE_CHUNK,2|")]
    [InlineData("WHERE_CHUNK,1\nWHERE_CH", "WHERE_CHUNK,1\n|WHERE_CH|")]
    [InlineData("WHERE_CHUNK,1WHERE_CHUNK,2", "WHERE_CHUNK,1|WHERE_CHUNK,2|")]
    [InlineData("Hello", "Hello|")]
    [InlineData("", "")]
    public void TheEndOfTheStream_EndsWhatIsThere(string read, string texts)
    {
        var stream = new FramedStream();
        stream.Read(read);
        stream.End();
        Assert.Equal(texts, Joined(stream.Texts));
        Assert.False(stream.IsOverlong);
    }

    [Fact]
    public void NothingButBytes_CompletesNonsense()
    {
        var stream = new FramedStream();
        stream.Read("WHERE_CHUNK,x");
        stream.Wait(TimeSpan.FromHours(1));
        Assert.Empty(stream.Texts);
        stream.Read("\n");
        Assert.Equal(["WHERE_CHUNK,x\n"], stream.Texts);
    }

    // Where lines are not in use, a sender's next send shows where its nonsense ended.
    [Theory]
    [InlineData("Hello", "WHERE_CHUNK,1")]
    [InlineData("WHERE_CHUNK,x", "LOCAL_CHUNKS,1,localhost,5001")]
    [InlineData("LOCAL_CHUNKS,1", "LOCAL_CHUNKS,2,localhost,5001")]
    [InlineData("WHERE_CHUNK,", "WHERE_CHUNK,5")]
    [InlineData("GET /index.html", " WHERE_CHUNK,5")]
    public void UnframedNonsense_EndsWhereTheNextReadBeginsWithAVerb(string nonsense, string message)
    {
        var stream = new FramedStream();
        stream.Read(nonsense);
        stream.Read(message, LongGap);
        stream.Wait(ShortGap);
        Assert.Equal([nonsense, message], stream.Texts);
    }

    [Fact]
    public void EachMessage_IsShownWithTheTerminatorThatItHad()
    {
        var stream = new FramedStream();
        stream.Read("WHERE_CHUNK,1");
        stream.Read("WHERE_CHUNK,2\nWHERE_CHUNK,3", ShortGap);
        stream.Read("WHERE_CHUNK,4WHERE_CHUNK,5\r\n", LineGap);
        Assert.Equal("WHERE_CHUNK,1|WHERE_CHUNK,2\n|WHERE_CHUNK,3|WHERE_CHUNK,4|WHERE_CHUNK,5\r\n|",
            Joined(stream.Texts));
    }

    [Theory]
    [InlineData(4095, false)]
    [InlineData(4096, true)]
    public void FourKibibytesWithoutAnEnd_AreTooMany(int bytes, bool isOverlong)
    {
        foreach (string head in new[] { "", "WHERE_CHUNK,", "WHERE_CHUNK,1,", "LOCAL_CHUNKS,1," })
        {
            string text = head + new string('x', bytes - head.Length);
            foreach (int readBytes in new[] { 100, 1000, 8192 })
            {
                var stream = new FramedStream();
                foreach (char[] read in text.Chunk(readBytes)) stream.Read(new string(read));
                Assert.Equal(isOverlong, stream.IsOverlong);
                Assert.Empty(stream.Texts);

                stream.Read("\n");
                Assert.Equal(isOverlong ? 0 : 1, stream.Texts.Count);
            }
        }
    }

    [Fact]
    public void ALineLongerThanFourKibibytes_IsTooLong_EvenInOneRead()
    {
        var stream = new FramedStream();
        stream.Read("WHERE_CHUNK,1\n" + new string('x', 4096) + "\nWHERE_CHUNK,2\n");
        Assert.True(stream.IsOverlong);
        Assert.Equal(["WHERE_CHUNK,1\n"], stream.Texts);
    }

    [Fact]
    public void ManyMessagesInOneRead_AreNotTooMany()
    {
        string read = string.Concat(Enumerable.Repeat("WHERE_CHUNK,1\n", 580));
        var stream = new FramedStream();
        stream.Read(read);
        Assert.Equal(580, stream.Texts.Count);
        Assert.False(stream.IsOverlong);
    }

    [Fact]
    public void Garbage_NeverThrows_AndEveryByteIsInOneTextOrStillUnread()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 3000; round++)
        {
            string garbage = RandomText.Garbage(random, random.Pick(10, 100, 1000, 6000));
            var stream = new FramedStream();
            int fed = 0;
            while (fed < garbage.Length && !stream.IsOverlong)
            {
                int bytes = Math.Min(garbage.Length - fed, random.Pick(1, random.Next(1, 30), random.Next(1, 3000)));
                stream.Read(garbage.Substring(fed, bytes),
                    random.Pick(NoGap, ShortGap, LongGap, TimeSpan.FromSeconds(2)));
                fed += bytes;
                Assert.Equal(garbage[..fed], string.Concat(stream.Texts) + stream.Unread);
            }
            stream.End();
            if (!stream.IsOverlong) Assert.Equal(garbage, string.Concat(stream.Texts));
        }
    }

    [Fact]
    public void AMessageInALineOfItsOwn_IsFound_AfterAnyGarbageThatANewlineEnds()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 3000; round++)
        {
            string garbage = RandomText.Garbage(random, random.Next(300)) + "\n";
            string stream = garbage + "WHERE_CHUNK,77\n";
            List<string> texts = FramedStream.TextsOf(stream, NoGap, RandomCuts(random, stream.Length));
            Assert.Equal("WHERE_CHUNK,77\n", texts[^1]);
            Assert.Equal(stream, string.Concat(texts));
        }
    }

    // Up to 20 cuts, in order.
    private static IEnumerable<int> RandomCuts(Random random, int length) =>
        Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(length)).Distinct().Order();

    private static string Joined(IEnumerable<string> texts) => string.Concat(texts.Select(text => text + "|"));

    private static void AssertTexts(string expected, IEnumerable<string> texts, string stream, params int[] cuts)
    {
        if (Joined(texts) == expected) return;
        foreach (int cut in cuts.Reverse()) stream = stream.Insert(cut, "~");
        Assert.Fail($"Cut at ~: {stream}\nExpected: {expected}\nActual:   {Joined(texts)}");
    }
}
