using System;
using System.Linq;
using P2P.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>PROTOCOL 9.6: our tracker tells clients of ours, unasked, that a chunk has a new source.</summary>
public sealed class NewsTests(ITestOutputHelper output) : SystemTest(output)
{
    private static readonly string Begins = $"CHUNK_LOCATION_UNKNOWN,{LaneSyntax.NewsIndex}\n";

    [Fact]
    public void WhoAsksForNews_IsToldOfEachNewSource_AndNothingOfItIsLogged()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient reader = StartReader(tracker);
        NaiveClient other = Connect(tracker.Port);
        other.Announce(3, 5001);
        AssertReceives(reader, "GET_CHUNK_FROM,3\n");
        Connect(tracker.Port).Announce(3, 5002);
        AssertReceives(reader, "GET_CHUNK_FROM,3\n");
        other.Announce(3, 5001);        // again: no news
        other.Announce(4, 5001);
        AssertReceives(reader, "GET_CHUNK_FROM,4\n");

        Assert.Equal("GET_CHUNK_FROM,4,localhost,5001", other.Ask(4));
        Assert.Equal(CountLines("P2PTracker,WHERE_CHUNK,"), CountLines("P2PTracker,GET_CHUNK_FROM,"));
        Assert.DoesNotContain(Log.Lines, line => line.Contains($"{LaneSyntax.NewsIndex}") || line.Contains("NEWS"));
    }

    [Fact]
    public void WhatAClientHasItself_IsNoNewsToIt_NorIsAnyNewsToOneThatHasNotAsked()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient reader = StartReader(tracker), stranger = Connect(tracker.Port);
        stranger.Announce(9, 5009);
        AssertReceives(reader, "GET_CHUNK_FROM,9\n");
        reader.Send("LOCAL_CHUNKS,1,localhost,5001\n");
        Connect(tracker.Port).Announce(1, 5002);
        Connect(tracker.Port).Announce(2, 5002);
        // Of chunk 1 there was no news, and what is sent before the answer stands before it.
        AssertReceives(reader, "GET_CHUNK_FROM,2\n");
        Assert.Equal("GET_CHUNK_FROM,9,localhost,5009", stranger.Ask(9));
    }

    [Fact]
    public void AChunkWithManySources_IsNoNews()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient reader = StartReader(tracker);
        for (int i = 1; i <= Limits.NewsSourcesMax + 1; i++)
        {
            Connect(tracker.Port).Announce(1, 5000 + i);
            if (i <= Limits.NewsSourcesMax)
                AssertReceives(reader, "GET_CHUNK_FROM,1\n");
        }
        Connect(tracker.Port).Announce(2, 5001);
        AssertReceives(reader, "GET_CHUNK_FROM,2\n");
        Assert.Equal($"GET_CHUNK_FROM,1,{Peers(Limits.NewsSourcesMax + 1)}", Connect(tracker.Port).Ask(1));

        static string Peers(int count) =>
            string.Join(',', Enumerable.Range(1, count).Select(i => $"localhost,{5000 + i}"));
    }

    [Fact]
    public void WhereThereIsMoreNewsThanIsKept_AClientIsToldThatItHasMissedSome()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient reader = StartReader(tracker);
        string all = string.Concat(Enumerable.Range(1, 1000).Select(i => $"LOCAL_CHUNKS,{i},localhost,5001\n"));
        Connect(tracker.Port).Send(all);
        string received = "";
        while (!received.Contains(Begins))
            received += reader.Receive();
        Assert.All(received.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches(@"^(GET_CHUNK_FROM,\d+|CHUNK_LOCATION_UNKNOWN,2147483646)\z", line));
    }

    [Fact]
    public void HalfALine_IsNotTakenForAMessage_WhenNewsComes()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient reader = StartReader(tracker);
        reader.Send("WHERE_CHUNK,1");
        NaiveClient other = Connect(tracker.Port);
        other.Announce(12, 5001);
        AssertReceives(reader, "GET_CHUNK_FROM,12\n");
        reader.Send("2\n");
        AssertReceives(reader, "GET_CHUNK_FROM,12,localhost,5001\n");
        Assert.DoesNotContain("P2PTracker,WHERE_CHUNK,1", Log.Lines);
    }

    private int CountLines(string start) =>
        Log.Lines.Count(line => line.StartsWith(start, StringComparison.Ordinal));

    private NaiveClient StartReader(TrackerProcess tracker)
    {
        NaiveClient reader = Connect(tracker.Port);
        reader.Send("LANE,1\nNEWS\n");
        AssertReceives(reader, Begins);
        return reader;
    }

    private static void AssertReceives(NaiveClient client, string expected) =>
        Assert.Equal(expected, client.Receive(expected.Length));
}
