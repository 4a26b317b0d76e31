using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using P2P.Cli;
using P2P.Protocol;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Fetches the description of the swarm's set before the client begins (PROTOCOL 10.3): asks the tracker who has it,
/// and takes it from the first of them who sends it whole. It waits for the tracker, and for a client that has a
/// description, as long as it takes. Nothing of this is logged.
/// </summary>
internal sealed class SetFinder(ClientOptions options)
{
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(1);
    private readonly BackOff _backOff = new(ClientLimits.TrackerPauseMin, ClientLimits.TrackerPauseMax);
    private readonly BackOff _patience =
        new(ClientLimits.DescriptionTimeoutMin, ClientLimits.DescriptionTimeoutMax);

    private readonly TimeSpan _startedAt = EventLoop.Now;
    private string _problem = "";
    private string _told = "";
    private int _exitCode;

    /// <summary>Returns the description when somebody has sent it.</summary>
    /// <exception cref="ProgramException">The time is up (-timeout), or the tracker is none of ours.</exception>
    public ChunkSums Find()
    {
        while (true)
        {
            if (TryFind() is { } sums) return sums;
            TimeSpan waited = EventLoop.Now - _startedAt;
            if (waited > options.Timeout) throw new ProgramException(_exitCode, $"{_problem}; the time is up");
            if (waited > TellAfter && _problem != _told) Terminal.PrintError($"{options.Name}: waiting: {_problem}");
            if (waited > TellAfter) _told = _problem;
            Thread.Sleep(_backOff.Next());
        }
    }

    private ChunkSums? TryFind()
    {
        _exitCode = ExitCode.NoTracker;
        options.Tracker.LookUp();
        if (options.Tracker.Problem is { } unknown)
        {
            _problem = $"{unknown}; {TrackerHost.Cure}";
            return null;
        }
        _problem =
            $"there is no tracker at {options.TrackerName}; start P2PTracker there, or give another with -tracker";
        using Socket? tracker = PlainConnection.TryConnect(options.TrackerAddresses, options.TrackerPort);
        if (tracker is null) return null;
        if (!IsOurs(tracker))
        {
            throw new ProgramException(ExitCode.Usage, $"what listens at {options.TrackerName} is no P2PTracker of "
                + "this version, so nobody there describes the set: give the number of its chunks with -folder and "
                + "-chunks");
        }
        Span<byte> question = stackalloc byte[32];
        int length = SetSyntax.Write(question, 0);
        question[length++] = (byte)'\n';
        byte[] answer = PlainConnection.Exchange(
            tracker, question[..length], Limits.AnswerBytesMax, isLine: true, ClientLimits.SilenceTimeout);
        if (!SetSyntax.TryRead(answer, out ulong id, out ReadOnlySpan<byte> peers)) return null;
        _exitCode = ExitCode.Incomplete;
        _problem =
            "no client there has a description of its set; start one with -seed, or with a folder that split made";
        TimeSpan limit = _patience.Pause;
        bool wasTooSlow = false;
        var fields = new FieldReader(peers);
        while (MessageReader.TryReadPeer(ref fields, out ReadOnlySpan<byte> host, out int port))
        {
            TimeSpan askedAt = EventLoop.Now;
            if (TryFetch(AddressesOf(host), port, id, limit) is { } sums) return sums;
            wasTooSlow |= EventLoop.Now - askedAt >= limit;
            _problem = "none of the clients that have the description sends it";
        }
        if (wasTooSlow) _patience.Grow();
        return null;
    }

    private ChunkSums? TryFetch(IPAddress[] addresses, int port, ulong id, TimeSpan limit)
    {
        // Another program may have got the port since the tracker's last word.
        if (Array.Exists(addresses, each => ReceiveQueueProbe.IsStrangersPort(each, port))) return null;
        using Socket? peer = PlainConnection.TryConnect(addresses, port);
        if (peer is null) return null;
        Span<byte> request = stackalloc byte[MessageWriter.BytesMax];
        int length = MessageWriter.RequestChunk(request, SetSyntax.DescriptionIndex);
        request[length++] = (byte)'\n';
        long bytesMax = Math.Min(options.ChunkBytesMax, ClientLimits.DescriptionBytesMax);
        byte[] text = PlainConnection.Exchange(peer, request[..length], bytesMax, isLine: false, limit);
        return ChunkSums.TryReadDescription(text, id);
    }

    private bool IsOurs(Socket tracker)
    {
        if (!options.IsTrackerLocal) return tracker.HasPeerSmallBuffer();
        var probe = new ReceiveQueueProbe((IPEndPoint)tracker.LocalEndPoint!, (IPEndPoint)tracker.RemoteEndPoint!);
        probe.HasReadAll(0);
        return probe.IsOurTracker;
    }

    // The tracker lists the peers of its own machine as localhost only to clients of that machine.
    private IPAddress[] AddressesOf(ReadOnlySpan<byte> host)
    {
        if (HostName.IsLoopback(host)) return options.IsTrackerLocal ? HostTable.Localhost : options.TrackerAddresses;
        return IPAddress.TryParse(Encoding.ASCII.GetString(host), out IPAddress? address) ? [address] : [];
    }
}
