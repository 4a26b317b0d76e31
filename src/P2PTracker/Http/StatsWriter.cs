using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;

namespace P2P.Tracker.Http;

/// <summary>What the tracker counts.</summary>
/// <param name="Now">The time, by the clock of <see cref="SwarmPeer.GoneAt"/>.</param>
/// <param name="Uptime">The time since the tracker started.</param>
internal readonly record struct TrackerCounts(
    TimeSpan Now, TimeSpan Uptime, long Connections, long Announcements, long Refused, long Questions)
{
    /// <summary>Clients that have announced nothing.</summary>
    public int Waiting { get; init; }

    /// <summary>Connections closed for their address.</summary>
    public long NotAllowed { get; init; }
}

/// <summary>Writes the counters of the tracker and the state of the swarm: /stats.json for the page, /metrics for
/// Prometheus. Counters and connections are those of this moment; chunks are those of the <see cref="SwarmPicture"/>.
/// Pure.</summary>
internal sealed class StatsWriter(Swarm swarm, SwarmPicture picture, SwarmHistory history)
{
    /// <summary>Writes /stats.json; its members are explained in the README of this folder.</summary>
    /// <param name="have">The picture that the browser has: if it is still the latest, its cells are left out. 0: none,
    /// and it gets the history as well.</param>
    /// <param name="waiting">The clients that have announced nothing, as many as are shown.</param>
    public void WriteJson(Utf8Buffer json, in TrackerCounts counts, long have, List<WaitingClient> waiting)
    {
        json.Add("{\"tracker\":\"P2PTracker\",\"uptime_ms\":"u8).Add(Milliseconds(counts.Uptime));
        AddMember(json, "connections"u8, counts.Connections);
        AddMember(json, "not_allowed"u8, counts.NotAllowed);
        AddMember(json, "announcements"u8, counts.Announcements);
        AddMember(json, "refused"u8, counts.Refused);
        AddMember(json, "questions"u8, counts.Questions);
        AddMember(json, "peers"u8, swarm.PeerCount);
        AddMember(json, "connected"u8, swarm.Connected);
        AddMember(json, "waiting"u8, counts.Waiting);
        AddMember(json, "complete"u8, picture.CompletePeers);
        AddMember(json, "held"u8, swarm.Held);
        if (TimeLeft(counts) is { } left) AddMember(json, "left_ms"u8, Milliseconds(left));
        AddMember(json, "listed"u8, swarm.Announcements);
        AddMember(json, "listed_chunks"u8, picture.Available);
        AddMember(json, "chunks"u8, picture.Chunks);
        AddMember(json, "first"u8, picture.First);
        AddMember(json, "picture"u8, picture.Version);
        AddMember(json, "columns"u8, picture.Columns);
        AddMember(json, "chunks_per_column"u8, picture.ChunksPerColumn);
        json.Add(",\"rarest\":["u8);
        for (int i = 0; i < picture.RarestCount; i++)
        {
            (int chunkIndex, int count) = picture.Rarest[i];
            json.Add(i == 0 ? "["u8 : ",["u8).Add(chunkIndex).Add(","u8).Add(count).Add("]"u8);
        }
        json.Add("],\"holders\":["u8);
        AddHolders(json);
        if (have == 0)
        {
            json.Add("],\"history\":["u8);
            AddHistory(json);
        }
        json.Add("],\"waiting_rows\":["u8);
        bool isFirst = true;
        Span<byte> host = stackalloc byte[Limits.HostBytesMax];
        foreach (WaitingClient client in waiting)
        {
            int length = Encoding.ASCII.GetBytes(client.Host, host);
            json.Add(isFirst ? "\n{\"host\":"u8 : ",\n{\"host\":"u8).AddQuoted(host[..length]);
            isFirst = false;
            AddMember(json, "port"u8, client.Port);
            AddName(json, client.Name);
            AddMember(json, "ms"u8, Milliseconds(counts.Now - client.Since));
            json.Add("}"u8);
        }
        json.Add("],\"rows\":["u8);
        isFirst = true;
        for (int row = 0; row < picture.Rows.Length; row++)
        {
            if (picture.Rows[row] is not { } peer) continue;
            json.Add(isFirst ? "\n{\"host\":"u8 : ",\n{\"host\":"u8).AddQuoted(peer.HostText.Span);
            isFirst = false;
            AddMember(json, "port"u8, peer.Port);
            AddName(json, peer.Name);
            AddMember(json, "connections"u8, peer.Connections);
            if (peer.Connections == 0) AddMember(json, "gone_ms"u8, Milliseconds(counts.Now - peer.GoneAt));
            AddMember(json, "chunks"u8, picture.ChunksOf(peer));
            if (have != picture.Version) json.Add(",\"cells\":\""u8).AddBase64(picture.Cells(row)).Add("\""u8);
            json.Add("}"u8);
        }
        json.Add("]}\n"u8);
    }

    /// <summary>Writes /metrics in the text format of Prometheus, 0.0.4.</summary>
    public void WriteMetrics(Utf8Buffer text, in TrackerCounts counts)
    {
        AddMetric(text, "connections_total"u8, "counter"u8, "Connections accepted."u8, counts.Connections);
        AddMetric(
            text, "not_allowed_connections_total"u8, "counter"u8, "Connections closed for their address (-allow)."u8,
            counts.NotAllowed);
        AddMetric(text, "announcements_total"u8, "counter"u8, "Announcements read."u8, counts.Announcements);
        AddMetric(
            text, "refused_announcements_total"u8, "counter"u8, "Announcements not listed, for want of room."u8,
            counts.Refused);
        AddMetric(text, "questions_total"u8, "counter"u8, "Questions read."u8, counts.Questions);
        AddMetric(
            text, "allocated_bytes_total"u8, "counter"u8, "Memory ever allocated."u8, GC.GetTotalAllocatedBytes());
        AddMetric(text, "uptime_seconds"u8, "gauge"u8, "Time since the start."u8, Milliseconds(counts.Uptime) / 1000);
        AddMetric(text, "peers"u8, "gauge"u8, "Peers listed."u8, swarm.PeerCount);
        AddMetric(text, "connected_peers"u8, "gauge"u8, "Peers with an open connection."u8, swarm.Connected);
        AddMetric(
            text, "waiting_clients"u8, "gauge"u8, "Clients that have announced nothing yet."u8, counts.Waiting);
        AddMetric(text, "complete_peers"u8, "gauge"u8, "Connected peers with every chunk."u8, picture.CompletePeers);
        AddMetric(
            text, "chunks"u8, "gauge"u8, "Chunks of the set, as far as announced or asked for."u8, picture.Chunks);
        AddMetric(text, "listed_chunks"u8, "gauge"u8, "Chunks that a connected peer has."u8, picture.Available);
        AddMetric(
            text, "listed_announcements"u8, "gauge"u8, "Pairs of a chunk and a peer that has it."u8,
            swarm.Announcements);
        AddMetric(
            text, "held_announcements"u8, "gauge"u8, "Pairs of a chunk and a connected peer that has it."u8,
            swarm.Held);
        AddMetric(text, "rarest_chunk_peers"u8, "gauge"u8, "Connected peers that have the rarest chunk listed."u8,
            picture.RarestCount > 0 ? picture.Rarest[0].Peers : 0);
        AddHead(text, "peer_chunks"u8, "gauge"u8, "Chunks that a peer has, of the first 500 peers."u8);
        foreach (SwarmPeer? peer in picture.Rows)
        {
            if (peer is null) continue;
            AddName(text, "peer_chunks"u8).Add("{host="u8).AddQuoted(peer.HostText.Span)
                .Add(",port=\""u8).Add(peer.Port).Add("\"} "u8)
                .Add(picture.ChunksOf(peer)).Add("\n"u8);
        }
    }

    // Null if it can't be estimated: chunks that nobody has may never come.
    private TimeSpan? TimeLeft(in TrackerCounts counts)
    {
        if (picture.Chunks == 0 || picture.Available < picture.Chunks) return null;
        var now = new SwarmSample(
            counts.Uptime, counts.Announcements, counts.Questions, swarm.Held, swarm.Connected + counts.Waiting);
        return history.TimeLeft(now, Math.Max(0, (long)now.Clients * picture.Chunks - now.Held));
    }

    private void AddHolders(Utf8Buffer json)
    {
        bool isFirst = true;
        for (int holders = 0; holders < picture.Holders.Length; holders++)
        {
            int chunks = picture.Holders[holders];
            Debug.Assert(chunks >= 0, "less than no chunk has so many peers");
            if (chunks == 0) continue;
            json.Add(isFirst ? "["u8 : ",["u8).Add(holders).Add(","u8).Add(chunks).Add("]"u8);
            isFirst = false;
        }
    }

    private void AddHistory(Utf8Buffer json)
    {
        for (int i = 0; i < history.Count; i++)
        {
            ref readonly SwarmSample sample = ref history[i];
            json.Add(i == 0 ? "["u8 : ",["u8).Add(Milliseconds(sample.Uptime)).Add(","u8).Add(sample.Announcements)
                .Add(","u8).Add(sample.Questions).Add(","u8).Add(sample.Held).Add(","u8).Add(sample.Clients)
                .Add("]"u8);
        }
    }

    private static long Milliseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;

    private static void AddMember(Utf8Buffer json, ReadOnlySpan<byte> name, long value) =>
        json.Add(",\""u8).Add(name).Add("\":"u8).Add(value);

    private static void AddName(Utf8Buffer json, byte[]? name)
    {
        Debug.Assert(name is not { Length: 0 }, "a name is not empty");
        if (name is not null) json.Add(",\"name\":"u8).AddQuoted(name, isUtf8: true);
    }

    private static void AddMetric(
        Utf8Buffer text, ReadOnlySpan<byte> name, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> help, long value)
    {
        AddHead(text, name, kind, help);
        AddName(text, name).Add(" "u8).Add(value).Add("\n"u8);
    }

    private static void AddHead(
        Utf8Buffer text, ReadOnlySpan<byte> name, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> help)
    {
        AddName(text.Add("# HELP "u8), name).Add(" "u8).Add(help).Add("\n# TYPE "u8);
        AddName(text, name).Add(" "u8).Add(kind).Add("\n"u8);
    }

    private static Utf8Buffer AddName(Utf8Buffer text, ReadOnlySpan<byte> name) => text.Add("p2p_tracker_"u8).Add(name);
}
