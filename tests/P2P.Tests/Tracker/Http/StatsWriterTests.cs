using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using P2P.Tracker;
using P2P.Tracker.Http;
using Xunit;

namespace P2P.Tests.Tracker.Http;

/// <summary>/stats.json and /metrics: right, and readable whatever a peer is called.</summary>
public sealed class StatsWriterTests
{
    private const string Hostile = "</script><img/src=x>\"\\{}\n\u0001%&'é";
    private readonly Swarm _swarm = new();
    private readonly SwarmPicture _picture;
    private readonly SwarmHistory _history = new();
    private readonly List<WaitingClient> _waiting = [];
    private readonly StatsWriter _writer;

    public StatsWriterTests()
    {
        _picture = new SwarmPicture(_swarm);
        _writer = new StatsWriter(_swarm, _picture, _history);
    }

    [Fact]
    public void TheJson_TellsWhatTheSwarmIs()
    {
        Announce("localhost", 4001, 1, 2, 9).OnConnected();
        SwarmPeer gone = Announce("10.0.0.7", 4002, 9);
        gone.OnConnected();
        gone.OnDisconnected(TimeSpan.FromSeconds(7));

        JsonNode json = Json(have: 0);
        string[] names =
        [
            "tracker", "uptime_ms", "connections", "announcements", "refused", "questions", "peers", "connected",
            "complete", "listed", "listed_chunks", "chunks", "columns", "chunks_per_column", "not_allowed",
        ];
        Assert.Equal(
            "P2PTracker 3500 5 6 7 8 2 1 0 4 3 9 9 1 9", string.Join(' ', names.Select(name => $"{json[name]}")));
        Assert.Equal("[[1,1],[2,1],[9,1]]", json["rarest"]!.ToJsonString());
        Assert.Equal(
            """[{"host":"localhost","port":4001,"connections":1,"chunks":3,"cells":"wIA="},"""
            + """{"host":"10.0.0.7","port":4002,"connections":0,"gone_ms":3000,"chunks":1,"cells":"AIA="}]""",
            json["rows"]!.ToJsonString(
                new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Null(Json((long)json["picture"]!)["rows"]![0]!["cells"]);
    }

    [Fact]
    public void TheJson_TellsHowManyPeersHaveTheChunks_WhoWaits_AndWhatHasBeen()
    {
        Announce("localhost", 4001, 1, 2, 4).OnConnected();
        Announce("10.0.0.7", 4002, 4, 5);
        _waiting.Add(new WaitingClient("10.0.0.8", 50_123, TimeSpan.FromSeconds(8)));
        _history.Add(new SwarmSample(TimeSpan.FromSeconds(1), 2, 3, 4, 5));
        _history.Add(new SwarmSample(TimeSpan.FromSeconds(2), 6, 7, 2, 2));

        JsonNode json = Json(have: 0);
        Assert.Equal("1 3", $"{json["waiting"]} {json["held"]}");
        Assert.Equal("[[0,2],[1,3]]", json["holders"]!.ToJsonString());
        Assert.Equal("[[1000,2,3,4,5],[2000,6,7,2,2]]", json["history"]!.ToJsonString());
        Assert.Equal("""[{"host":"10.0.0.8","port":50123,"ms":2000}]""", json["waiting_rows"]!.ToJsonString());
        Assert.Null(json["left_ms"]);               // nobody has the chunks 3 and 5
        Assert.Equal("1", Metrics()["p2p_tracker_waiting_clients"]);
        JsonNode again = Json((long)json["picture"]!);
        Assert.Null(again["history"]);
        Assert.Equal(json["holders"]!.ToJsonString(), again["holders"]!.ToJsonString());

        // In 1.5 seconds 5 chunks have come; of 2 clients' 10 there are now 7.
        Announce("localhost", 4001, 3, 5);
        SwarmPeer other = Announce("localhost", 4003, 1, 2);
        other.OnConnected();
        _waiting.Clear();
        json = Json(have: 0);
        Assert.Equal("7 900", $"{json["held"]} {json["left_ms"]}");
        Announce("localhost", 4003, 3, 4, 5);
        Assert.Equal("10 0", $"{Json(0)["held"]} {Json(0)["left_ms"]}");
        other.OnDisconnected(TimeSpan.FromSeconds(9));
        Assert.Equal("5 1", $"{Json(0)["held"]} {Json(0)["connected"]}");
    }

    [Fact]
    public void AnEmptySwarm_IsJsonToo()
    {
        JsonNode json = Json(have: 0);
        Assert.Equal((0, 0), ((int)json["chunks"]!, json["rows"]!.AsArray().Count));
    }

    [Fact]
    public void AHostilePeersName_StaysText()
    {
        Announce(Hostile, 4001, 1);
        Assert.Equal("</script><img/src=x>\"\\{}??%&'?", (string?)Json(0)["rows"]![0]!["host"]);
        Dictionary<string, string> metrics = Metrics();
        Assert.Equal("1",
            metrics["p2p_tracker_peer_chunks{host=\"</script><img/src=x>\\\"\\\\{}??%&'?\",port=\"4001\"}"]);
    }

    [Fact]
    public void AHostileName_StaysText_AndABrokenOneIsTextToo()
    {
        SwarmPeer peer = Announce("localhost", 4001, 1);
        byte[] name = Encoding.UTF8.GetBytes("</script><img/src=x>\"\\{}%&'\u00e9\U0001F600");
        peer.OnConnected(new OurClient { Name = name });
        _waiting.Add(new WaitingClient("10.0.0.8", 50_123, TimeSpan.Zero) { Name = "\"b\\"u8.ToArray() });
        JsonNode json = Json(0);
        Assert.Equal("</script><img/src=x>\"\\{}%&'\u00e9\U0001F600", (string?)json["rows"]![0]!["name"]);
        Assert.Equal("\"b\\", (string?)json["waiting_rows"]![0]!["name"]);
        peer.OnConnected();
        Assert.Null(Json(0)["rows"]![0]!["name"]);
    }

    [Fact]
    public void TheMetrics_AreInPrometheusFormat()
    {
        Announce("localhost", 4001, 1, 2, 9).OnConnected();
        Dictionary<string, string> metrics = Metrics();
        string[] names =
        [
            "connections_total", "announcements_total", "refused_announcements_total", "questions_total",
            "uptime_seconds", "peers", "connected_peers", "rarest_chunk_peers", "not_allowed_connections_total",
        ];
        Assert.Equal("5 6 7 8 3 1 1 1 9", string.Join(' ', names.Select(name => metrics[$"p2p_tracker_{name}"])));
        Assert.Equal("3", metrics["p2p_tracker_peer_chunks{host=\"localhost\",port=\"4001\"}"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100_000)]
    public void Base64_IsAsOthersReadIt(int bytes)
    {
        byte[] random = new byte[bytes];
        new Random(bytes).NextBytes(random);
        Utf8Buffer buffer = new Utf8Buffer().Add("x"u8).AddBase64(random).Add(-5);
        Assert.Equal($"x{Convert.ToBase64String(random)}-5", Encoding.ASCII.GetString(buffer.Text));
    }

    // Every one of its characters takes two bytes; whatever the buffer's size is, some of these reach its end.
    [Fact]
    public void QuotedText_FitsWhereverTheBufferEnds()
    {
        var text = new Utf8Buffer();
        var expected = new StringBuilder();
        for (int count = 1; count < 250; count++)
        {
            text.AddQuoted(Encoding.ASCII.GetBytes(new string('"', count)));
            expected.Append('"').Insert(expected.Length, "\\\"", count).Append('"');
        }
        Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(text.Text));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnAnswer_SaysHowLongItsBodyIs(bool isHead)
    {
        foreach (int length in new[] { 0, 1, 10, 123_456 })
        {
            var buffer = new Utf8Buffer();
            int begun = HttpResponse.Begin(buffer, HttpStatus.Ok, HttpTarget.Page);
            HttpResponse.End(buffer.Add(new byte[length]), begun, isHead);
            string text = Encoding.ASCII.GetString(buffer.Text);
            Assert.Matches($@"\r\nContent-Length: +{length}\r\n\r\n", text);
            Assert.Equal(isHead ? 0 : length, text.Length - text.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4);
        }
    }

    private TimeSpan _now = TimeSpan.FromDays(1);

    private SwarmPeer Announce(string host, int port, params IEnumerable<int> chunks)
    {
        SwarmPeer peer = _swarm.GetPeer(host, port)!;
        foreach (int chunk in chunks)
            _swarm.TryAnnounce(chunk, peer);
        return peer;
    }

    private static TrackerCounts Counts =>
        new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3.5), 5, 6, 7, 8) { NotAllowed = 9 };

    private JsonNode Json(long have)
    {
        Assert.True(_picture.MakeSlice(_now += TimeSpan.FromDays(1)));
        var buffer = new Utf8Buffer();
        _writer.WriteJson(buffer, Counts with { Waiting = _waiting.Count }, have, _waiting);
        return JsonNode.Parse(buffer.Text)!;
    }

    // Every sample has its HELP and TYPE before it, each once.
    private Dictionary<string, string> Metrics()
    {
        Assert.True(_picture.MakeSlice(_now += TimeSpan.FromDays(1)));
        var buffer = new Utf8Buffer();
        _writer.WriteMetrics(buffer, Counts with { Waiting = _waiting.Count });
        return Parse(Encoding.ASCII.GetString(buffer.Text));
    }

    /// <summary>Reads the text format, and fails where it isn't one.</summary>
    internal static Dictionary<string, string> Parse(string text)
    {
        Assert.EndsWith("\n", text);
        var described = new HashSet<string>();
        var samples = new Dictionary<string, string>();
        string help = "";
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (Regex.Match(line, @"^# HELP (p2p_tracker_[a-z_]+) \S.*$") is { Success: true } named)
                Assert.True(described.Add(help = named.Groups[1].Value), line);
            else if (line.StartsWith('#'))
                Assert.Equal(
                    $"# TYPE {help} {(help.EndsWith("_total", StringComparison.Ordinal) ? "counter" : "gauge")}", line);
            else
            {
                Match sample = Regex.Match(line,
                    """^(([a-z0-9_]+)(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})?) (\d+)$""");
                Assert.True(sample.Success, line);
                Assert.Equal(help, sample.Groups[2].Value);
                samples.Add(sample.Groups[1].Value, sample.Groups[7].Value);
            }
        }
        return samples;
    }
}
