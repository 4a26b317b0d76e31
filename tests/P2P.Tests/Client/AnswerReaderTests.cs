using System;
using System.Collections.Generic;
using System.Linq;
using P2P.Client;
using P2P.Tests.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Client;

/// <summary>PROTOCOL 2.7, reading answers.</summary>
public sealed class AnswerReaderTests(ITestOutputHelper output)
{
    private static readonly TimeSpan NoGap = TimeSpan.Zero;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan LongQuiet = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001", "GetChunkFrom 1 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001,10.0.0.1,5002", "GetChunkFrom 1 localhost,5001,10.0.0.1,5002")]
    [InlineData("GET_CHUNK_FROM,1,", "GetChunkFrom 1 ")]
    [InlineData("GET_CHUNK_FROM,1", "GetChunkFrom 1 ")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,1", "ChunkLocationUnknown 1")]
    public void AnAnswer_MayEndInANewline_InAComma_OrInNothing(string answer, string shown)
    {
        foreach (string end in new[] { "\n", "\r\n", ",\n", ",\r\n", "\n\n" })
            Assert.Equal([shown], new AnswerStream().Read(answer + end).Shown);
        foreach (string end in new[] { "", ",", "\r", " " })
        {
            AnswerStream stream = new AnswerStream().Read(answer + end);
            Assert.Equal(1, stream.WaitingChunkIndex);
            Assert.Empty(stream.Shown);
            Assert.Equal([shown], stream.Wait(Quiet).Shown);
            Assert.Equal(0, stream.WaitingChunkIndex);
        }
    }

    [Theory]
    [InlineData("Connected", "")]
    [InlineData("Connected\n", "")]
    [InlineData("Connected", "\n")]
    [InlineData("\n\n", "")]
    [InlineData("Welcome to the tracker, CHUNK_LOVER\r\n", "")]
    [InlineData("Connected to P2PTracker, GET_CHUNK", "")]
    [InlineData("WHERE_CHUNK,1", "")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001\n", "")]
    [InlineData("\0\u00ff", "\u00e9")]
    public void AGreeting_IsSkipped_AloneAsJoinedToTheAnswer(string greeting, string rest)
    {
        foreach (TimeSpan gap in new[] { NoGap, Quiet, LongQuiet })
        {
            AnswerStream alone = new AnswerStream().Read(greeting + rest).Read("GET_CHUNK_FROM,1,localhost,5001", gap);
            Assert.Equal(["GetChunkFrom 1 localhost,5001"], alone.Wait(Quiet).Shown);
            AnswerStream inPieces = new AnswerStream().Read(greeting).Read(rest + "CHUNK_LOCATION_UNKNOWN,1", gap);
            Assert.Equal(["ChunkLocationUnknown 1"], inPieces.Wait(Quiet).Shown);
        }
        AnswerStream joined = new AnswerStream().Read($"{greeting}{rest}GET_CHUNK_FROM,1,localhost,5001");
        Assert.Equal(["GetChunkFrom 1 localhost,5001"], joined.Wait(Quiet).Shown);
    }

    [Theory]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001Connected", "GetChunkFrom 1 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001 Connected", "GetChunkFrom 1 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001,Connected", "GetChunkFrom 1 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001\nConnected\n", "GetChunkFrom 1 localhost,5001")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,1Connected", "ChunkLocationUnknown 1")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,1Connected\n", "ChunkLocationUnknown 1")]
    public void AGreeting_IsSkipped_JoinedBehindTheAnswer(string read, string shown) =>
        Assert.Equal([shown], new AnswerStream().Read(read).Wait(LongQuiet).Shown);

    public static TheoryData<string, string> Streams => new()
    {
        { "GET_CHUNK_FROM,12,localhost,5001,127.0.0.1,65535", "GetChunkFrom 12 localhost,5001,127.0.0.1,65535" },
        { "GET_CHUNK_FROM,12,localhost,5001\n", "GetChunkFrom 12 localhost,5001" },
        { "GET_CHUNK_FROM,12,localhost,5001,\r\n", "GetChunkFrom 12 localhost,5001" },
        { "CHUNK_LOCATION_UNKNOWN,12", "ChunkLocationUnknown 12" },
        { "Connected\nGET_CHUNK_FROM,12,localhost,5001\n", "GetChunkFrom 12 localhost,5001" },
        { "ConnectedCHUNK_LOCATION_UNKNOWN,12\n", "ChunkLocationUnknown 12" },
        { "GET_CHUNK_FROM,1,localhost,5001CHUNK_LOCATION_UNKNOWN,22",
            "GetChunkFrom 1 localhost,5001|ChunkLocationUnknown 22" },
        { "CHUNK_LOCATION_UNKNOWN,1\r\n\nGET_CHUNK_FROM,22,localhost,5001\n",
            "ChunkLocationUnknown 1|GetChunkFrom 22 localhost,5001" },
        { "GET_CHUNK_FROM,1,::1,5001,GET_CHUNK_FROM,22,::1,5002,", "GetChunkFrom 1 ::1,5001|GetChunkFrom 22 ::1,5002" },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void Answers_CutAnywhere_AreShownOnce(string stream, string shown)
    {
        for (int first = 1; first < stream.Length; first++)
        {
            for (int second = first; second < stream.Length; second++)
            {
                AnswerStream read = new AnswerStream().Read(stream[..first]).Read(stream[first..second])
                    .Read(stream[second..]).End();
                Assert.Equal(shown, string.Join('|', read.Shown));
            }
        }
    }

    // What is there at a quiet moment is all there is to go by; but then it is mended by what comes.
    [Theory]
    [MemberData(nameof(Streams))]
    public void Answers_CutAnywhereByAQuietMoment_AreRightInTheEnd(string stream, string shown)
    {
        for (int cut = 1; cut < stream.Length; cut++)
        {
            AnswerStream read = new AnswerStream().Read(stream[..cut]).Read(stream[cut..], LongQuiet).End();
            foreach (string expected in shown.Split('|'))
            {
                string answered = string.Join(' ', expected.Split(' ')[..2]);      // kind and index
                string? last =
                    read.Shown.LastOrDefault(each => (each + " ").StartsWith(answered + " ", StringComparison.Ordinal));
                Assert.True(expected == last,
                    $"cut at ~: {stream.Insert(cut, "~")}\nshown: {string.Join('|', read.Shown)}");
            }
        }
    }

    // Else a question that was asked again would seem answered by the end of the old answer.
    [Theory]
    [MemberData(nameof(Streams))]
    public void Answers_CutAnywhereByAQuietMoment_AreNotShownAgainUnlessTheyChanged(string stream, string shown)
    {
        Assert.NotEmpty(shown);
        for (int cut = 1; cut < stream.Length; cut++)
        {
            AnswerStream read = new AnswerStream().Read(stream[..cut]).Read(stream[cut..], LongQuiet).End();
            bool isEachNew = read.Shown.Distinct().Count() == read.Shown.Count;
            Assert.True(isEachNew, $"cut at ~: {stream.Insert(cut, "~")}\nshown: {string.Join('|', read.Shown)}");
        }
    }

    [Fact]
    public void Answers_DribbledByteByByte_AreShownOnce()
    {
        var stream = new AnswerStream();
        foreach (char c in "GET_CHUNK_FROM,12,localhost,5001,localhost,5002")
            stream.Read(c.ToString(), TimeSpan.FromMilliseconds(5));
        Assert.Empty(stream.Shown);
        Assert.Equal(["GetChunkFrom 12 localhost,5001,localhost,5002"], stream.Wait(Quiet).Shown);
    }

    [Fact]
    public void SeveralAnswersToOneQuestion_EachLongerThanTheLast_AreAllShown()
    {
        foreach (string end in new[] { "", "\n", "," })
        {
            var stream = new AnswerStream();
            string answer = "GET_CHUNK_FROM,1";
            List<string> expected = [];
            for (int port = 5001; port <= 5004; port++)
            {
                answer += $",localhost,{port}";
                expected.Add($"GetChunkFrom 1 {answer["GET_CHUNK_FROM,1,".Length..]}");
                stream.Read(answer + end, LongQuiet);
            }
            Assert.Equal(expected, stream.End().Shown);
        }
    }

    [Fact]
    public void AnAnswerThatGoesOnAfterAQuietMoment_IsShownAgain_AndTheNextQuietMomentIsLonger()
    {
        AnswerStream stream = new AnswerStream().Read("GET_CHUNK_FROM,1,localhost,5001");
        Assert.Equal(TimeSpan.FromMilliseconds(50), stream.ReadTimeout);
        stream.Read(",localhost,5002", Quiet);
        Assert.Equal(["GetChunkFrom 1 localhost,5001"], stream.Shown);
        stream.Wait(Quiet);
        Assert.Equal(["GetChunkFrom 1 localhost,5001", "GetChunkFrom 1 localhost,5001,localhost,5002"], stream.Shown);

        Assert.Equal(TimeSpan.FromSeconds(1), stream.ReadTimeout);
        stream.Read("GET_CHUNK_FROM,2,localhost,5001").Wait(TimeSpan.FromMilliseconds(999));
        Assert.Equal(2, stream.WaitingChunkIndex);
        Assert.Equal(2, stream.Shown.Count);
        stream.Wait(TimeSpan.FromMilliseconds(1001));
        Assert.Equal("GetChunkFrom 2 localhost,5001", stream.Shown[^1]);
    }

    [Fact]
    public void ATrackerThatAnsweredInOnePieceThreeTimes_IsTrustedToDoSoAgain()
    {
        var stream = new AnswerStream();
        for (int chunkIndex = 1; chunkIndex <= 4; chunkIndex++)
        {
            stream.Read($"CHUNK_LOCATION_UNKNOWN,{chunkIndex}");
            // Only the next answer proves that one was whole.
            if (chunkIndex < 4) Assert.Equal(chunkIndex - 1, stream.Shown.Count);
        }
        Assert.Equal(Enumerable.Range(1, 4).Select(chunkIndex => $"ChunkLocationUnknown {chunkIndex}"), stream.Shown);
        Assert.Equal(5, stream.Read("GET_CHUNK_FROM,5,localhost,5001,").Shown.Count);
        Assert.Equal(0, stream.WaitingChunkIndex);
    }

    [Theory]
    [InlineData("GET_CHUNK_FROM,9,localhost,50")]
    [InlineData("GET_CHUNK_FROM,9,localhost,5001")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,9")]
    public void TheTrust_GoesWithTheFirstAnswerInPieces(string head)
    {
        var stream = new AnswerStream();
        for (int chunkIndex = 1; chunkIndex <= 5; chunkIndex++) stream.Read($"CHUNK_LOCATION_UNKNOWN,{chunkIndex}");
        stream.Read(head);
        Assert.Equal(6, stream.Shown.Count);
        stream.Read(head.StartsWith('C') ? "9" : ",localhost,5002");

        int before = stream.Shown.Count;
        stream.Read("GET_CHUNK_FROM,10,localhost,5001");
        Assert.Equal(10, stream.WaitingChunkIndex);
        Assert.Equal(before, stream.Shown.Count);
    }

    // A read may end anywhere in a line, and what is there may look whole.
    [Theory]
    [InlineData("GET_CHUNK_FROM,6,localhost,50", "01", "GetChunkFrom 6 localhost,5001")]
    [InlineData("GET_CHUNK_FROM,6,localhost,5001", ",localhost,5002", "GetChunkFrom 6 localhost,5001,localhost,5002")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,6", "7", "ChunkLocationUnknown 67")]
    public void ATrackerThatSendsLines_IsWaitedForUntilTheLineEnds(string head, string tail, string shown)
    {
        var stream = new AnswerStream();
        for (int chunkIndex = 1; chunkIndex <= 5; chunkIndex++) stream.Read($"CHUNK_LOCATION_UNKNOWN,{chunkIndex}\n");
        stream.Read(head);
        Assert.Equal(5, stream.Shown.Count);
        stream.Read(tail + "\n");
        Assert.Equal([shown], stream.Shown[5..]);
    }

    [Theory]
    [InlineData("GET_CHUNK_FROM,9,localhost,")]
    [InlineData("GET_CHUNK_FROM,9,localhost")]
    [InlineData("GET_CHUNK_FROM,9,")]
    [InlineData("GET_CHUNK_FROM,9")]
    public void ATrustedTracker_IsStillWaitedFor_WhereItsAnswerDoesNotLookWhole(string head)
    {
        var stream = new AnswerStream();
        for (int chunkIndex = 1; chunkIndex <= 5; chunkIndex++) stream.Read($"CHUNK_LOCATION_UNKNOWN,{chunkIndex}");
        stream.Read(head);
        Assert.Equal(5, stream.Shown.Count);
        Assert.Equal(9, stream.WaitingChunkIndex);
    }

    [Theory]
    [InlineData("GET_CHUNK_FROM,x,localhost,5001\n")]
    [InlineData("GET_CHUNK_FROM\n")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,99999999999\n")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,-1\n")]
    [InlineData("chunk_location_unknown,1\n")]
    public void WhatIsNoAnswer_IsSkipped(string read)
    {
        Assert.Equal(["ChunkLocationUnknown 2"],
            new AnswerStream().Read(read).Read("CHUNK_LOCATION_UNKNOWN,2\n").Shown);
        Assert.Equal(["ChunkLocationUnknown 2"], new AnswerStream().Read(read + "CHUNK_LOCATION_UNKNOWN,2\n").Shown);
    }

    [Fact]
    public void ALongAnswer_IsReadWhole_AndOneBeyond64KibibytesIsDropped()
    {
        string[] peers = [.. Enumerable.Range(10_001, 4000).Select(port => $",localhost,{port}")];
        string longest = "GET_CHUNK_FROM,1" + string.Concat(peers);
        var stream = new AnswerStream();
        foreach (char[] read in longest.Chunk(8192)) stream.Read(new string(read));
        stream.Read("\nCHUNK_LOCATION_UNKNOWN,2\n");
        Assert.Equal(["GetChunkFrom 1 " + string.Concat(peers)[1..], "ChunkLocationUnknown 2"], stream.Shown);

        string tooLong = longest + string.Concat(peers);
        Assert.InRange(tooLong.Length, AnswerReader.AnswerBytesMax, 2 * AnswerReader.AnswerBytesMax);
        stream.Shown.Clear();
        foreach (char[] read in tooLong.Chunk(8192)) stream.Read(new string(read));
        stream.Read("\nCHUNK_LOCATION_UNKNOWN,3\n");
        Assert.Equal(["ChunkLocationUnknown 3"], stream.Shown);
    }

    [Fact]
    public void Garbage_NeverThrows_AndAnAnswerBehindItIsFound()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 2000; round++)
        {
            var stream = new AnswerStream();
            for (int reads = random.Next(20); reads > 0; reads--)
                stream.Read(RandomText.Garbage(random, random.Pick(1, 10, 100, 1000)),
                    random.Pick(NoGap, Quiet, LongQuiet));
            stream.Read("\nGET_CHUNK_FROM,77,localhost,5001\n");
            Assert.Equal("GetChunkFrom 77 localhost,5001", stream.Shown[^1]);
        }
    }

    [Fact]
    public void RandomAnswersAsLines_CutAnyhow_AreAllShownOnceAndInOrder()
    {
        Random random = SeededRandom.Create(output);
        for (int round = 0; round < 500; round++)
        {
            string text = "";
            List<string> expected = [];
            for (int answers = random.Next(1, 10); answers > 0; answers--)
            {
                int index = RandomText.Index(random);
                string peers = string.Concat(
                    Enumerable.Range(0, random.Next(4)).Select(_ => $",localhost,{RandomText.Port(random)}"));
                text += peers.Length == 0 ? $"CHUNK_LOCATION_UNKNOWN,{index}" : $"GET_CHUNK_FROM,{index}{peers}";
                text += random.Pick("\n", "\r\n", ",\n", "\n\n", "\nConnected\n");
                expected.Add(
                    peers.Length == 0 ? $"ChunkLocationUnknown {index}" : $"GetChunkFrom {index} {peers[1..]}");
            }
            var stream = new AnswerStream();
            while (text.Length > 0)
            {
                int bytes = Math.Min(text.Length, random.Next(1, 60));
                stream.Read(text[..bytes]);
                text = text[bytes..];
            }
            Assert.Equal(expected, stream.Shown);
        }
    }
}
