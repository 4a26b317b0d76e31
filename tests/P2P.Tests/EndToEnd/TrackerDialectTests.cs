using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text.RegularExpressions;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>PROTOCOL 2.1 to 2.3: both dialects, as they come and go on a socket of the native tracker.</summary>
public sealed class TrackerDialectTests(ITestOutputHelper output) : SystemTest(output)
{
    /// <summary>A bare line is taken after a second; a busy machine may stretch a pause until that is over.</summary>
    private static readonly TimeSpan PauseTolerated = TimeSpan.FromMilliseconds(950);

    [Theory]
    [InlineData("WHERE_CHUNK,7", "CHUNK_LOCATION_UNKNOWN,7")]
    [InlineData("WHERE_CHUNK,7\n", "CHUNK_LOCATION_UNKNOWN,7\n")]
    [InlineData("WHERE_CHUNK,7\r\n", "CHUNK_LOCATION_UNKNOWN,7\n")]
    [InlineData(" \tWHERE_CHUNK,7\t \r\n", "CHUNK_LOCATION_UNKNOWN,7\n")]
    [InlineData("WHERE_CHUNK,7,localhost,5001\n", "CHUNK_LOCATION_UNKNOWN,7\n")]
    [InlineData("WHERE_CHUNK,2147483647\n", "CHUNK_LOCATION_UNKNOWN,2147483647\n")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001\nWHERE_CHUNK,1\n", "GET_CHUNK_FROM,1,localhost,5001\n")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001\r\nWHERE_CHUNK,1\r\n", "GET_CHUNK_FROM,1,localhost,5001\n")]
    [InlineData("LOCAL_CHUNKS,1,localhost,65535,surplus,9\nWHERE_CHUNK,1\n", "GET_CHUNK_FROM,1,localhost,65535\n")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001LOCAL_CHUNKS,2,localhost,5002WHERE_CHUNK,2WHERE_CHUNK,1",
        "GET_CHUNK_FROM,2,localhost,5002GET_CHUNK_FROM,1,localhost,5001")]
    [InlineData("\n\nWHERE_CHUNK,7\n\n", "CHUNK_LOCATION_UNKNOWN,7\n")]
    [InlineData("WHERE_CHUNK,0", "CHUNK_LOCATION_UNKNOWN,0")]
    [InlineData("WHERE_CHUNK,0\nWHERE_CHUNK,0\n", "CHUNK_LOCATION_UNKNOWN,0\nCHUNK_LOCATION_UNKNOWN,0\n")]
    [InlineData("LOCAL_CHUNKS,0,localhost,5001\nWHERE_CHUNK,0\n", "GET_CHUNK_FROM,0,localhost,5001\n")]
    [InlineData("LOCAL_CHUNKS,0,localhost,5001WHERE_CHUNK,0", "GET_CHUNK_FROM,0,localhost,5001")]
    [InlineData("WHERE_CHUNK,7\0", "CHUNK_LOCATION_UNKNOWN,7")]
    [InlineData("WHERE_CHUNK,7\n\0WHERE_CHUNK,8\n\0", "CHUNK_LOCATION_UNKNOWN,7\nCHUNK_LOCATION_UNKNOWN,8\n")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001\0LOCAL_CHUNKS,2,localhost,5002\0WHERE_CHUNK,2\0WHERE_CHUNK,1\0",
        "GET_CHUNK_FROM,2,localhost,5002GET_CHUNK_FROM,1,localhost,5001")]
    [InlineData("\0\0WHERE_CHUNK,7 \0\0\r\n", "CHUNK_LOCATION_UNKNOWN,7\n")]
    public void WhatAClientSends_IsAnsweredInItsDialect(string sent, string answer)
    {
        NaiveClient client = Connect(StartTracker().Port);

        client.Send(sent);
        Assert.Equal(answer, client.Receive(answer.Length));

        AssertNothingMoreComes(client);
    }

    [Theory]
    [InlineData("WHERE_CHUNK,-1")]
    [InlineData("WHERE_CHUNK,2147483648")]
    [InlineData("WHERE_CHUNK,99999999999999999999")]
    [InlineData("WHERE_CHUNK,x")]
    [InlineData("WHERE_CHUNK,")]
    [InlineData("WHERE_CHUNK")]
    [InlineData("WHERE_CHUNK, 1")]
    [InlineData("WHERE_CHUNK,1 2")]
    [InlineData("WHERE_CHUNKS,1")]
    [InlineData("XWHERE_CHUNK,1")]
    [InlineData("Hello, tracker!")]
    [InlineData("LOCAL_CHUNKS,1,localhost,0")]
    [InlineData("LOCAL_CHUNKS,1,localhost,65536")]
    [InlineData("LOCAL_CHUNKS,1,localhost,")]
    [InlineData("LOCAL_CHUNKS,1,localhost")]
    [InlineData("LOCAL_CHUNKS,1,,5001")]
    [InlineData("LOCAL_CHUNKS,1,local host,5001")]
    [InlineData("GET_CHUNK_FROM,1,localhost,5001")]
    [InlineData("CHUNK_LOCATION_UNKNOWN,1")]
    [InlineData("REQUEST_CHUNK,1")]
    public void WhatIsNoMessageToATracker_IsDropped_AndTheConnectionGoesOn(string noMessage)
    {
        NaiveClient client = Connect(StartTracker().Port);

        client.Send($"{noMessage}\nWHERE_CHUNK,1\nWHERE_CHUNK,2\n");

        const string Answers = "CHUNK_LOCATION_UNKNOWN,1\nCHUNK_LOCATION_UNKNOWN,2\n";
        Assert.Equal(Answers, client.Receive(Answers.Length));
        Assert.DoesNotContain(Log.Lines, line => line.StartsWith("P2PTracker,LOCAL_CHUNKS", StringComparison.Ordinal));
        AssertNothingMoreComes(client);
    }

    [Fact]
    public void NothingIsSentUnasked()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Send("LOCAL_CHUNKS,1,localhost,5001");
        Log.WaitFor("P2PTracker,LOCAL_CHUNKS,1,localhost,5001");
        client.Send("LOCAL_CHUNKS,2,localhost,5001");
        Log.WaitFor("P2PTracker,LOCAL_CHUNKS,2,localhost,5001");

        // Whatever had been sent before, this recv would return it.
        Assert.Equal("GET_CHUNK_FROM,2,localhost,5001", client.Ask(2));
        AssertNothingMoreComes(client);
    }

    [Fact]
    public void AThousandQuestionsInOneSend_AreEachAnsweredInTheirOrder()
    {
        NaiveClient client = Connect(StartTracker().Port);

        client.Send(string.Concat(Enumerable.Range(1, 1000).Select(i => $"WHERE_CHUNK,{i}\n")));

        string answers = string.Concat(Enumerable.Range(1, 1000).Select(i => $"CHUNK_LOCATION_UNKNOWN,{i}\n"));
        Assert.Equal(answers, client.Receive(answers.Length));
    }

    [Fact]
    public void AThousandUnframedAnnouncementsWithoutAPause_AreAllUnderstood()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        for (int i = 1; i <= 1000; i++)
            client.Send($"LOCAL_CHUNKS,{i},localhost,5001");          // TCP joins and cuts them as it likes

        Assert.Equal("GET_CHUNK_FROM,1000,localhost,5001", client.Ask(1000));
        NaiveClient asker = Connect(tracker.Port);
        for (int i = 1; i <= 1000; i++)
            Assert.Equal($"GET_CHUNK_FROM,{i},localhost,5001", asker.Ask(i));
    }

    [Fact]
    public void AStreamOfLinesCutAnywhere_MeansTheSame()
    {
        const string Sent = "LOCAL_CHUNKS,12,localhost,5001\nWHERE_CHUNK,12\nWHERE_CHUNK,34\r\n";
        const string Answers = "GET_CHUNK_FROM,12,localhost,5001\nCHUNK_LOCATION_UNKNOWN,34\n";
        TrackerProcess tracker = StartTracker();
        for (int cut = 1; cut < Sent.Length; cut++)
        {
            AssertUnderstood(tracker, client =>
            {
                // "WHERE_CHUNK,12" in one read of its own, on a connection without any line end yet, is a message.
                client.Send("\n");
                var watch = Stopwatch.StartNew();
                client.SendAlone(Sent[..cut]);
                client.Send(Sent[cut..]);
                return watch.Elapsed;
            }, Answers);
        }
    }

    [Fact]
    public void AMessageInTwoReads_IsAnsweredAfterFiftyMillisecondsWithoutAByte()
    {
        TrackerProcess tracker = StartTracker();
        foreach (int _ in Patience.Attempts("an answer within 500 ms"))
        {
            using var client = new NaiveClient(tracker.Port);
            client.SendAlone("WHERE_CHU");
            var watch = Stopwatch.StartNew();
            client.Send("NK,7");
            Assert.Equal("CHUNK_LOCATION_UNKNOWN,7", client.Receive());
            Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(50));
            if (watch.Elapsed < TimeSpan.FromMilliseconds(500))
                return;
        }
    }

    [Fact]
    public void AMessageInOneRead_IsAnsweredAtOnce()
    {
        NaiveClient client = Connect(StartTracker().Port);
        foreach (int i in Patience.Attempts("an answer sooner than a message that was cut gets one"))
        {
            var watch = Stopwatch.StartNew();
            Assert.Equal($"CHUNK_LOCATION_UNKNOWN,{i}", client.Ask(i));
            if (watch.Elapsed < TimeSpan.FromMilliseconds(40))
                return;
        }
    }

    [Fact]
    public void OfLinesWhoseLastIsBare_TheLastIsTakenAfterASecond()
    {
        NaiveClient client = Connect(StartTracker().Port);

        var watch = Stopwatch.StartNew();
        client.Send("LOCAL_CHUNKS,1,localhost,5001\nLOCAL_CHUNKS,2,localhost,5002\nWHERE_CHUNK,2");

        Assert.Equal("GET_CHUNK_FROM,2,localhost,5002", client.Receive().TrimEnd('\n'));
        Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(1));
        client.Send("WHERE_CHUNK,1\n");
        Assert.Equal("GET_CHUNK_FROM,1,localhost,5001\n", client.Receive());
    }

    [Fact]
    public void ALineCutInItsLastNumber_WaitsLongerOnceLineEndsWereSeen()
    {
        AssertUnderstood(StartTracker(), client =>
        {
            client.Send("WHERE_CHUNK,5\n");
            Assert.Equal("CHUNK_LOCATION_UNKNOWN,5\n", client.Receive());
            var watch = Stopwatch.StartNew();
            client.SendAlone("WHERE_CHUNK,1");
            Patience.Pause(TimeSpan.FromMilliseconds(300));
            client.Send("2\n");
            return watch.Elapsed;
        }, "CHUNK_LOCATION_UNKNOWN,12\n");
    }

    [Theory]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001\nWHERE_CHUNK,1")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001WHERE_CHUNK,1")]
    public void TheEndOfTheStream_EndsTheLastMessage_AtOnce(string sent)
    {
        TrackerProcess tracker = StartTracker();
        foreach (int _ in Patience.Attempts("an answer sooner than a bare line gets one"))
        {
            using var client = new NaiveClient(tracker.Port);
            var watch = Stopwatch.StartNew();
            client.Send(sent);
            client.HalfClose();

            Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", client.ReceiveToEnd(out bool reset).TrimEnd('\n'));
            Assert.False(reset, "the tracker reset the connection");
            if (watch.Elapsed < TimeSpan.FromMilliseconds(800))
                return;
        }
    }

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("WHERE_CHUNK,-1\n")]
    [InlineData("LOCAL_CHUNKS,1,localhost,5001,surplus\0\u0001\u00ff\nWHERE_CHUNK,x\n")]
    public void After100BadMessages_TheConnectionIsClosed_AndNoOtherNotices(string bad)
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient other = Connect(tracker.Port);
        other.Announce(1, 5001);
        NaiveClient client = Connect(tracker.Port);

        client.Send(string.Concat(Enumerable.Repeat("nonsense\n", 99)) + "WHERE_CHUNK,7\n");
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,7\n", client.Receive());
        client.Send(bad);
        SendUntilClosed(client, "WHERE_CHUNK,8\n"u8.ToArray());

        Assert.Equal("", client.ReceiveToEnd(out _));
        Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", other.Ask(1));
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,1000", Connect(tracker.Port).Ask(1000));
    }

    [Fact]
    public void FourKibibytesWithoutAnEnd_CloseTheConnection_AndNoOtherNotices()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient other = Connect(tracker.Port);
        other.Announce(1, 5001);

        NaiveClient client = Connect(tracker.Port);
        client.Send(new string('A', 3000) + "\nWHERE_CHUNK,7\n");     // less: one bad message
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,7\n", client.Receive());
        client.Send(new string('A', 5000));

        Assert.Equal("", client.ReceiveToEnd(out _));
        Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", other.Ask(1));
    }

    [Fact]
    public void RandomGarbage_HarmsNobodyElse()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient other = Connect(tracker.Port);
        other.Announce(1, 5001);
        for (int i = 0; i < 50; i++)
        {
            using var client = new NaiveClient(tracker.Port);
            byte[] garbage = new byte[Random.Next(1, 20000)];
            Random.NextBytes(garbage);
            SendUntilClosed(client, garbage);
            Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", other.Ask(1));
        }
        Assert.False(tracker.HasExited);
        Assert.Empty(tracker.Errors.All);
    }

    [Fact]
    public void ConnectionsOfBothDialects_ServeSideBySide()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient unframed = Connect(tracker.Port);
        NaiveClient line = Connect(tracker.Port);
        line.Send("LOCAL_CHUNKS,1,localhost,5001\nLOCAL_CHUNKS,2,localhost,5001\nWHERE_CHUNK,3\n");
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,3\n", line.Receive());
        unframed.Announce(3, 5003);

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("GET_CHUNK_FROM,1,localhost,5001", unframed.Ask(1));
            line.Send("WHERE_CHUNK,3\n");
            Assert.Equal("GET_CHUNK_FROM,3,localhost,5003\n", line.Receive());
        }
    }

    [Fact]
    public void EveryLogLine_IsOneOfTheFormsOfTheSpecification()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Send("nonsense\n LOCAL_CHUNKS,1,127.0.0.1,5001,surplus \r\n\tWHERE_CHUNK,1 \nWHERE_CHUNK,2,5,6\n");
        const string Answers = "GET_CHUNK_FROM,1,localhost,5001\nCHUNK_LOCATION_UNKNOWN,2\n";
        Assert.Equal(Answers, client.Receive(Answers.Length));

        Assert.Equal(
        [
            "P2PTracker,LOCAL_CHUNKS,1,localhost,5001",
            "P2PTracker,WHERE_CHUNK,1",
            "P2PTracker,GET_CHUNK_FROM,1,localhost,5001",
            "P2PTracker,WHERE_CHUNK,2",
            "P2PTracker,CHUNK_LOCATION_UNKNOWN,2",
        ], Log.Lines);
        Assert.DoesNotMatch(new Regex(@"[^\S\n]"), Log.Text);
    }

    /// <summary>Ends the stream and reads to its end: there must be nothing, and no reset.</summary>
    private static void AssertNothingMoreComes(NaiveClient client)
    {
        client.HalfClose();
        Assert.Equal("", client.ReceiveToEnd(out bool reset));
        Assert.False(reset, "the tracker reset the connection");
    }

    private static void SendUntilClosed(NaiveClient client, byte[] bytes)
    {
        try
        {
            client.Send(bytes);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The tracker has seen enough and closed: its right.
        }
    }

    /// <summary>Sends until the machine let it do so in time, and only then looks at the answer.</summary>
    /// <param name="send">Returns the longest pause between two of its pieces.</param>
    private static void AssertUnderstood(TrackerProcess tracker, Func<NaiveClient, TimeSpan> send, string answer)
    {
        foreach (int _ in Patience.Attempts("a pause of less than a second"))
        {
            using var client = new NaiveClient(tracker.Port);
            if (send(client) > PauseTolerated)
                continue;
            Assert.Equal(answer, client.Receive(answer.Length));
            AssertNothingMoreComes(client);
            return;
        }
    }
}
