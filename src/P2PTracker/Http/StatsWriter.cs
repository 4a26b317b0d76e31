using System;
using System.Diagnostics;

namespace P2P.Tracker.Http;

/// <summary>What the tracker counts.</summary>
/// <param name="Now">The time, by the clock of <see cref="SwarmPeer.GoneAt"/>.</param>
/// <param name="Uptime">The time since the tracker started.</param>
internal readonly record struct TrackerCounts(
    TimeSpan Now, TimeSpan Uptime, long Connections, long Announcements, long Refused, long Questions);

/// <summary>Writes the counters of the tracker and the state of the swarm: /stats.json for the page, /metrics for
/// Prometheus. Counters and connections are those of this moment; chunks are those of the <see cref="SwarmPicture"/>.
/// Pure.</summary>
internal sealed class StatsWriter(Swarm swarm, SwarmPicture picture)
{
    /// <summary>Writes /stats.json; its members are explained in the README of this folder.</summary>
    /// <param name="have">The picture that the browser has: if it is still the latest, its cells are left out.</param>
    public void WriteJson(Utf8Buffer json, in TrackerCounts counts, long have)
    {
        CountPeers(out int peers, out int connected);
        json.Add("{\"tracker\":\"P2PTracker\",\"uptime_ms\":"u8).Add(Milliseconds(counts.Uptime));
        AddMember(json, "connections"u8, counts.Connections);
        AddMember(json, "announcements"u8, counts.Announcements);
        AddMember(json, "refused"u8, counts.Refused);
        AddMember(json, "questions"u8, counts.Questions);
        AddMember(json, "peers"u8, peers);
        AddMember(json, "connected"u8, connected);
        AddMember(json, "complete"u8, picture.CompletePeers);
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
        json.Add("],\"rows\":["u8);
        bool isFirst = true;
        for (int row = 0; row < picture.Rows.Length; row++)
        {
            if (picture.Rows[row] is not { } peer) continue;
            json.Add(isFirst ? "\n{\"host\":"u8 : ",\n{\"host\":"u8).AddQuoted(peer.HostText.Span);
            isFirst = false;
            AddMember(json, "port"u8, peer.Port);
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
        CountPeers(out int peers, out int connected);
        AddMetric(text, "connections_total"u8, "counter"u8, "Connections accepted."u8, counts.Connections);
        AddMetric(text, "announcements_total"u8, "counter"u8, "Announcements read."u8, counts.Announcements);
        AddMetric(
            text, "refused_announcements_total"u8, "counter"u8, "Announcements not listed, for want of room."u8,
            counts.Refused);
        AddMetric(text, "questions_total"u8, "counter"u8, "Questions read."u8, counts.Questions);
        AddMetric(
            text, "allocated_bytes_total"u8, "counter"u8, "Memory ever allocated."u8, GC.GetTotalAllocatedBytes());
        AddMetric(text, "uptime_seconds"u8, "gauge"u8, "Time since the start."u8, Milliseconds(counts.Uptime) / 1000);
        AddMetric(text, "peers"u8, "gauge"u8, "Peers listed."u8, peers);
        AddMetric(text, "connected_peers"u8, "gauge"u8, "Peers with an open connection."u8, connected);
        AddMetric(text, "complete_peers"u8, "gauge"u8, "Connected peers with every chunk."u8, picture.CompletePeers);
        AddMetric(
            text, "chunks"u8, "gauge"u8, "Chunks of the set, as far as announced or asked for."u8, picture.Chunks);
        AddMetric(text, "listed_chunks"u8, "gauge"u8, "Chunks that a connected peer has."u8, picture.Available);
        AddMetric(
            text, "listed_announcements"u8, "gauge"u8, "Pairs of a chunk and a peer that has it."u8,
            swarm.Announcements);
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

    private void CountPeers(out int peers, out int connected)
    {
        peers = swarm.PeerCount;
        connected = 0;
        foreach (SwarmPeer? peer in swarm.Peers)
        {
            if (peer is { Connections: > 0 }) connected++;
        }
        Debug.Assert(connected <= peers, "a peer is connected and not listed");
    }

    private static long Milliseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;

    private static void AddMember(Utf8Buffer json, ReadOnlySpan<byte> name, long value) =>
        json.Add(",\""u8).Add(name).Add("\":"u8).Add(value);

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
