using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using P2P.Tests.Faults;
using P2P.Tests.Support;
using P2P.Tests.Tracker.Http;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>The native tracker as a web server: what it answers, whom it refuses,
/// and that its clients never notice.</summary>
[Waits(30)]
public sealed class HttpTests(ITestOutputHelper output) : SystemTest(output)
{
    private const string Rest = " HTTP/1.1\r\nHost: localhost:5100\r\nUser-Agent: test\r\n\r\n";

    [Theory]
    [InlineData("/", "text/html; charset=utf-8", "<!DOCTYPE html>")]
    [InlineData("/?x", "text/html; charset=utf-8", "<!DOCTYPE html>")]
    [InlineData("/stats.json", "application/json", "{\"tracker\":\"P2PTracker\"")]
    [InlineData("/metrics", "text/plain; version=0.0.4; charset=utf-8", "# HELP p2p_tracker_connections_total ")]
    public void ThePagesAreThere_AndHeadTellsAsMuchWithoutThem(string path, string type, string begin)
    {
        TrackerProcess tracker = StartTracker();
        (string head, string body) = Get(tracker, $"GET {path}{Rest}");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head);
        Assert.Contains($"\r\nContent-Type: {type}\r\n", head);
        Assert.Contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'sha256-", head);
        Assert.Contains("\r\nX-Content-Type-Options: nosniff\r\n", head);
        Assert.Contains("\r\nCache-Control: no-store\r\n", head);
        Assert.Contains("\r\nConnection: close\r\n", head);
        Assert.StartsWith(begin, body);
        Assert.Equal(body.Length, LengthIn(head));

        (string headAlone, string nothing) = Get(tracker, $"HEAD {path}{Rest}");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", headAlone);
        Assert.InRange(LengthIn(headAlone), body.Length - 50, body.Length + 50);      // a counter may have grown
        Assert.Equal("", nothing);
    }

    [Fact]
    public void OtherPaths_AreNotFound()
    {
        (string head, string body) = Get(StartTracker(), $"GET /favicon.ico{Rest}");
        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", head);
        Assert.Single(body.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void TheNumbers_AreThoseOfTheSwarm()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Announce(1, 5001);
        client.Announce(3, 5001);
        Connect(tracker.Port).Announce(3, 5002);

        JsonNode json = JsonNode.Parse(Get(tracker, $"GET /stats.json{Rest}").Body)!;
        Assert.Equal("3 3 2 2 3 2 3",
            $"{json["announcements"]} {json["questions"]} {json["peers"]} {json["connected"]} {json["listed"]} "
            + $"{json["listed_chunks"]} {json["chunks"]}");
        Assert.Equal("[[1,1],[3,2]]", json["rarest"]!.ToJsonString());
        Assert.Equal(["5001 oA==", "5002 IA=="],
            json["rows"]!.AsArray().Select(row => $"{row!["port"]} {row["cells"]}"));
        JsonNode again = JsonNode.Parse(Get(tracker, $"GET /stats.json?have={json["picture"]}{Rest}").Body)!;
        Assert.All(again["rows"]!.AsArray(), row => Assert.Null(row!["cells"]));

        Dictionary<string, string> metrics = StatsWriterTests.Parse(Get(tracker, $"GET /metrics{Rest}").Body);
        Assert.Equal("3 2", $"{metrics["p2p_tracker_questions_total"]} {metrics["p2p_tracker_peers"]}");
        Assert.DoesNotContain("GET ", string.Join('\n', Log.Lines.Where(line => !line.Contains("GET_CHUNK_FROM"))));
    }

    [Fact]
    public void WhoHasAnnouncedNothing_IsToldApart_AndTheHistoryIsThereForAPageThatIsOpenedLate()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.Announce(1, 5001);
        client.Announce(2, 5001);
        Connect(tracker.Port).Announce(2, 5002);
        NaiveClient newcomer = Connect(tracker.Port);
        newcomer.Ask(1);
        JsonNode json = Stats("");
        Assert.Equal("1 2 3 [[1,1],[2,1]]",
            $"{json["waiting"]} {json["connected"]} {json["held"]} {json["holders"]!.ToJsonString()}");
        Assert.Equal("localhost", (string?)Assert.Single(json["waiting_rows"]!.AsArray())!["host"]);
        Assert.Equal(2, json["rows"]!.AsArray().Count);

        foreach (int _ in Patience.Attempts("a sample of these clients"))
        {
            json = Stats("");
            if (json["history"]!.AsArray().Count > 1)
                break;
        }
        Assert.Equal(["0 0 0 0", "3 4 3 3"], json["history"]!.AsArray().Take(2)
            .Select(each => string.Join(' ', each!.AsArray().Skip(1).Select(number => $"{number}"))));
        Assert.Null(Stats($"?have={json["picture"]}")["history"]);

        newcomer.Announce(1, 5003);
        Assert.Equal("0 3 4", $"{Stats("")["waiting"]} {Stats("")["connected"]} {Stats("")["held"]}");
        Assert.Empty(Stats("")["waiting_rows"]!.AsArray());

        // Requests that come faster than they end are refused.
        JsonNode Stats(string query)
        {
            string body = "";
            foreach (int _ in Patience.Attempts("an answer"))
            {
                (string head, body) = Get(tracker, $"GET /stats.json{query}{Rest}");
                if (head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                    break;
            }
            return JsonNode.Parse(body)!;
        }
    }

    [Fact]
    public void AClientThatOnlyAsksAndLeaves_WaitsNoLonger()
    {
        TrackerProcess tracker = StartTracker();
        using (var newcomer = new NaiveClient(tracker.Port))
            newcomer.Ask(1);
        foreach (int _ in Patience.Attempts("nobody to wait"))
        {
            if (Get(tracker, $"GET /stats.json{Rest}").Body.Contains("\"waiting\":0,"))
                return;
        }
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nx=1")]
    [InlineData("DELETE /stats.json HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("OPTIONS /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    public void AnotherMethod_IsNotAllowed(string request)
    {
        (string head, string body) = Get(StartTracker(), request);
        Assert.StartsWith(
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\nAllow: GET, HEAD\r\n", head);
        Assert.Single(body.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void WhoHasGone_IsNoSource_AndWhatIsAskedForCountsAsAChunk()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient waiting = Connect(tracker.Port);
        waiting.Announce(1, 5002);
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,9", waiting.Ask(9));
        using (var seed = new Announcer(tracker.Port, 5001))
        {
            seed.Announce(Enumerable.Range(1, 9));
            Assert.Equal("2 2 1 9 9 [[2,1],[3,1],[4,1],[5,1],[6,1],[7,1],[8,1],[9,1],[1,2]]", Summary());
        }

        // A picture is shown for half a second.
        foreach (int _ in Patience.Attempts("a picture without the seed"))
        {
            if (Summary().StartsWith("2 1 0 ", StringComparison.Ordinal))
                break;
        }
        Assert.Equal("2 1 0 1 9 [[2,0],[3,0],[4,0],[5,0],[6,0],[7,0],[8,0],[9,0],[1,1]]", Summary());
        Dictionary<string, string> metrics = StatsWriterTests.Parse(Get(tracker, $"GET /metrics{Rest}").Body);
        Assert.Equal("0 1 0",
            $"{metrics["p2p_tracker_complete_peers"]} {metrics["p2p_tracker_listed_chunks"]} "
            + $"{metrics["p2p_tracker_rarest_chunk_peers"]}");

        JsonNode Stats() => JsonNode.Parse(Get(tracker, $"GET /stats.json{Rest}").Body)!;

        string Summary()
        {
            JsonNode json = Stats();
            return $"{json["peers"]} {json["connected"]} {json["complete"]} {json["listed_chunks"]} {json["chunks"]} "
                + json["rarest"]!.ToJsonString();
        }
    }

    [Fact]
    public void ARequestInPieces_CutAnywhere_IsUnderstood()
    {
        TrackerProcess tracker = StartTracker();
        string text = $"HEAD /{Rest}";
        for (int cut = 1; cut < text.Length; cut++)
        {
            using var client = new NaiveClient(tracker.Port);
            client.SendAlone(text[..cut]);
            client.Send(text[cut..]);
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", client.ReceiveToEnd(out bool reset));
            Assert.False(reset);
        }
    }

    [Theory]
    [InlineData("GET_CHUNK_FROM,1,localhost,4000\n")]
    [InlineData("get / HTTP/1.1\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\n")]
    [InlineData("GET http://localhost/ HTTP/1.1\r\n")]
    [InlineData("Hello\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("WHERE_CHUNK,5\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    public void WhatOnlyLooksLikeARequest_IsABadMessage_AsEver(string text)
    {
        NaiveClient client = Connect(StartTracker().Port);
        client.Send(text + "WHERE_CHUNK,7\n");
        string answers = (text.StartsWith("WHERE", StringComparison.Ordinal) ? "CHUNK_LOCATION_UNKNOWN,5\n" : "")
            + "CHUNK_LOCATION_UNKNOWN,7\n";
        Assert.Equal(answers, client.Receive(answers.Length));
    }

    [Fact]
    public void AChunkFromInTwoPieces_IsNoRequest()
    {
        TrackerProcess tracker = StartTracker();
        NaiveClient client = Connect(tracker.Port);
        client.SendAlone("GET");
        client.Send("_CHUNK_FROM,1,localhost,4000\nWHERE_CHUNK,7\n");
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,7\n", client.Receive(25));
    }

    [Fact]
    public void SwitchedOff_ARequestIsABadMessage()
    {
        NaiveClient client = Connect(StartTracker("-http", "off").Port);
        client.Send($"GET /{Rest}WHERE_CHUNK,7\n");
        Assert.Equal("CHUNK_LOCATION_UNKNOWN,7\n", client.Receive(25));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400 Bad Request")]
    [InlineData("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403 Forbidden")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: 10.0.0.1:5100\r\n\r\n", "403 Forbidden")]
    [InlineData("GET / HTTP/3\r\n", "400 Bad Request")]
    public void ARequestUnderAnotherName_OrWithout_IsRefused(string request, string status)
    {
        (string head, string body) = Get(StartTracker(), request);
        Assert.StartsWith($"HTTP/1.1 {status}\r\n", head);
        Assert.DoesNotContain("<", body);
    }

    [Fact]
    public void ForAnybody_TheNameDoesNotMatter() =>
        Assert.StartsWith("HTTP/1.1 200",
            Get(StartTracker("-http", "any"), "GET / HTTP/1.1\r\nHost: my.machine\r\n\r\n").Head);

    [RootFact]
    public void FromAnotherAddress_ItIsRefused_UnlessForAnybody() => OtherMachine.WithOwnNetwork(() =>
    {
        foreach ((string[] more, string status) in new[] { (new string[0], "403"), (["-http", "any"], "200") })
        {
            TrackerProcess tracker = StartTracker(["-bind", "0.0.0.0", .. more]);
            using var other = new NaiveClient(tracker.Port, OtherMachine.OtherAddress);
            other.Send($"GET /stats.json{Rest}");
            Assert.StartsWith($"HTTP/1.1 {status} ", other.ReceiveToEnd(out _));
            using var own = new NaiveClient(tracker.Port, IPAddress.Loopback);
            own.Send($"GET /stats.json{Rest}");
            Assert.StartsWith("HTTP/1.1 200 ", own.ReceiveToEnd(out _));
        }
    });

    [Fact]
    public void AHeadWithoutEnd_IsRefused()
    {
        TrackerProcess tracker = StartTracker();
        (string head, string _) = Get(tracker, $"GET / HTTP/1.1\r\nHost: localhost\r\nX: {new string('x', 6000)}");
        Assert.StartsWith("HTTP/1.1 431 ", head);
    }

    [Fact]
    public void The33rdAtOnce_IsToldToTryAgain_AndThoseThatStallHave5Seconds()
    {
        TrackerProcess tracker = StartTracker();
        foreach (int _ in Patience.Attempts("33 requests before the first one's 5 s are over"))
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            NaiveClient[] stalling = Enumerable.Range(0, 32).Select(_ => Connect(tracker.Port)).ToArray();
            foreach (NaiveClient client in stalling)
                client.SendAlone("GET / HT");
            string head = Get(tracker, $"GET /{Rest}").Head;
            if (watch.Elapsed > TimeSpan.FromSeconds(5))
                continue;
            Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", head);
            Assert.Equal("CHUNK_LOCATION_UNKNOWN,9", Connect(tracker.Port).Ask(9));
            foreach (NaiveClient client in stalling)
            {
                Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", client.ReceiveToEnd(out bool _));
                client.Dispose();
            }
            Assert.True(watch.Elapsed >= TimeSpan.FromSeconds(5));
            AskUntilThereIsRoom(tracker);
            return;
        }
    }

    [Fact]
    public void OneThatNeverReadsItsAnswer_IsClosed()
    {
        TrackerProcess tracker = StartTracker();
        // 500 peers with 4096 chunks: an answer of 380 KB, more than the kernel takes for one who reads nothing.
        for (int peer = 0; peer < 500; peer++)
        {
            using var announcer = new Announcer(tracker.Port, 10_000 + peer);
            announcer.Announce(1, 4096);
        }
        using var lazy =
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        lazy.Connect(IPAddress.Loopback, tracker.Port);
        lazy.Send(Encoding.ASCII.GetBytes($"GET /stats.json{Rest}"));
        Assert.StartsWith("HTTP/1.1 200", Get(tracker, $"GET /stats.json{Rest}").Head);
        Assert.True(lazy.Poll(Patience.Limit, SelectMode.SelectError));         // the reset
        Assert.Equal("GET_CHUNK_FROM,1,localhost,10000", Connect(tracker.Port).Ask(1)[..32]);
    }

    [Fact]
    public void WhoeverLeavesInTheMiddle_LeavesNothingBehind()
    {
        TrackerProcess tracker = StartTracker();
        for (int i = 0; i < 100; i++)
        {
            using var connection = new RawConnection(tracker.Port);
            connection.TrySend(i % 2 == 0 ? $"GET /{Rest}" : "GET / HTTP");
        }
        // More than 32 of them have left: each gives its place back as soon as the tracker sees that,
        // or this would be refused for ever.
        AskUntilThereIsRoom(tracker);
        Assert.Empty(tracker.Errors.All);
    }

    [Fact]
    public void AWrongChoice_IsTold()
    {
        NativeProcess tracker = Own(new NativeProcess(NativePrograms.Tracker, Folder.Path, "-http", "everybody"));
        Assert.Equal(2, tracker.WaitForExit());
        Assert.Equal(
            "P2PTracker: -http 'everybody' is none of loopback, any and off (see -help)",
            Assert.Single(tracker.Errors.All));
    }

    // The tracker sees in its own time that somebody has left.
    private void AskUntilThereIsRoom(TrackerProcess tracker)
    {
        foreach (int _ in Patience.Attempts("room for one more request"))
        {
            string head = Get(tracker, $"GET /{Rest}").Head;
            if (head.StartsWith("HTTP/1.1 200 OK\r\n", StringComparison.Ordinal))
                return;
            Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", head);
        }
    }

    // The user's name, not that of the folder; cut to 64 bytes between two characters.
    [Theory]
    [InlineData("al\"ice<b>\\", 1, 1)]
    [InlineData("x", 32, 31)]
    public void AClientThatItsUserNames_IsShownByThatName_AndTheLogIsAsBefore(string start, int given, int kept)
    {
        string name = start + new string('\u00e9', given), shown = start + new string('\u00e9', kept);
        TrackerProcess tracker = StartTracker();
        var chunks = new ChunkSet(Random, 2, 1000);
        chunks.DealTo(Folder.MakeFolder("seed"), 1);
        chunks.DealTo(Folder.MakeFolder("empty"));
        foreach (string[] more in new string[][] { ["seed", "-name", name], ["seed"], ["empty", "-name", name] })
        {
            ClientProcess client = Own(new ClientProcess(Folder.Path, more.Length > 1 ? name : "seed", Folder[more[0]],
                ["-folder", Folder[more[0]], "-tracker", $"localhost:{tracker.Port}", .. more[1..]]));
            string kind = more[0] == "seed" ? "rows" : "waiting_rows";
            foreach (int _ in Patience.Attempts("the client to be shown"))
            {
                (string head, string body) = Get(tracker, $"GET /stats.json{Rest}");
                if (head.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal)) continue;       // it is asked too often
                JsonNode json = JsonNode.Parse(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(body)))!;
                JsonNode? row = json[kind]!.AsArray().FirstOrDefault(
                    each => more[0] == "empty" || (int)each!["port"]! == client.Port);
                if (row is null) continue;
                Assert.Equal(more.Length > 1 ? shown : null, (string?)row["name"]);
                break;
            }
            client.Terminate();
            client.WaitForExit();
        }
        Assert.DoesNotContain(Log.Lines, line => line.Contains("NAME"));
        Assert.All(Log.Lines, line => Assert.Matches("^.+,(LOCAL_CHUNKS|WHERE_CHUNK|CHUNK_LOCATION_UNKNOWN|"
            + "GET_CHUNK_FROM),[12](,localhost,[0-9]+)*$", line));
    }

    private (string Head, string Body) Get(TrackerProcess tracker, string request)
    {
        using var client = new NaiveClient(tracker.Port);
        client.Send(request);
        string answer = client.ReceiveToEnd(out bool reset);
        Assert.False(reset);
        int end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, answer);
        return (answer[..end] + "\r\n", answer[(end + 4)..]);
    }

    private static int LengthIn(string head) =>
        int.Parse(Regex.Match(head, @"\r\nContent-Length: +(\d+)\r\n").Groups[1].Value);
}
