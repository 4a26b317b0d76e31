using System;
using System.Diagnostics;
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
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(1), LookPause = TimeSpan.FromMilliseconds(50);
    private readonly BackOff _patience =
        new(ClientLimits.DescriptionTimeoutMin, ClientLimits.DescriptionTimeoutMax);
    private readonly TimeSpan _startedAt = EventLoop.Now;
    private readonly RateLimit? _limit = RateLimit.Of(options.DownloadLimit);

    // Of the last attempt, or of the one that is under way: another thread's.
    private volatile ProgramException _problem = new(ExitCode.NoTracker, NoTracker(options));
    private ChunkSums? _found;
    private Exception? _failure;

    /// <summary>Returns the description when somebody has sent it.</summary>
    /// <exception cref="ProgramException">The time is up (-timeout), or the tracker is none of ours.</exception>
    public ChunkSums Find()
    {
        // Name servers, trackers and peers that are silent are waited for longer than the user may want to.
        var search = new Thread(Search) { IsBackground = true };
        search.Start();
        string told = "", before = "";
        while (!search.Join(LookPause))
        {
            ProgramException problem = _problem;
            TimeSpan waited = EventLoop.Now - _startedAt;
            if (waited > options.Timeout)
                throw new ProgramException(problem.ExitCode, $"{problem.Message}; the time is up");
            bool isNews = waited > TellAfter && problem.Message == before && problem.Message != told;
            before = problem.Message;
            if (!isNews) continue;
            Terminal.PrintError($"{options.Name}: waiting: {problem.Message}");
            told = problem.Message;
        }
        return _failure is null ? _found! : throw _failure;
    }

    private void Search()
    {
        var backOff = new BackOff(ClientLimits.TrackerPauseMin, ClientLimits.TrackerPauseMax);
        try
        {
            while ((_found = TryFind()) is null) Thread.Sleep(backOff.Next());
        }
        catch (Exception e)
        {
            _failure = e;
        }
    }

    private ChunkSums? TryFind()
    {
        options.Tracker.LookUp();
        using Socket? tracker = options.Tracker.Problem is null
            ? PlainConnection.TryConnect(options.TrackerAddresses, options.TrackerPort)
            : null;
        if (tracker is null) return Fail(ExitCode.NoTracker, NoTracker(options));
        if (!IsOurs(tracker))
        {
            throw new ProgramException(ExitCode.Usage, $"what listens at {options.TrackerName} is no P2PTracker of "
                + "this version, so nobody there describes the set: give the number of its chunks with -folder and "
                + "-chunks");
        }
        if (_problem.ExitCode == ExitCode.NoTracker)
        {
            Fail(ExitCode.NoTracker, $"what listens at {options.TrackerName} answers no question; see that it is a "
                + "tracker, and not stopped");
        }
        Span<byte> question = stackalloc byte[32];
        int length = SetSyntax.Write(question, 0);
        question[length++] = (byte)'\n';
        byte[] answer = PlainConnection.Exchange(
            tracker, question[..length], Limits.AnswerBytesMax, isLine: true, ClientLimits.SilenceTimeout);
        if (!SetSyntax.TryRead(answer, out ulong id, out ReadOnlySpan<byte> peers)) return null;
        string problem =
            "no client there has a description of its set; start one with -seed, or with a folder that split made";
        TimeSpan patience = _patience.Pause;
        bool wasTooSlow = false;
        var fields = new FieldReader(peers);
        while (MessageReader.TryReadPeer(ref fields, out ReadOnlySpan<byte> host, out int port))
        {
            Fail(ExitCode.Incomplete, "the description of the set is on its way from a client that has it");
            TimeSpan askedAt = EventLoop.Now;
            if (TryFetch(AddressesOf(host), port, id, patience) is { } sums) return sums;
            wasTooSlow |= EventLoop.Now - askedAt >= patience;
            problem = "none of the clients that have the description sends it";
        }
        if (wasTooSlow) _patience.Grow();
        return Fail(ExitCode.Incomplete, problem);
    }

    private static string NoTracker(ClientOptions options) => options.Tracker.Problem is { } unknown
        ? $"{unknown}; {TrackerHost.Cure}"
        : $"there is no tracker at {options.TrackerName}; start P2PTracker there, or give another with -tracker";

    private ChunkSums? Fail(int exitCode, string problem)
    {
        Debug.Assert(problem.Length > 0, "the user can read why nothing comes");
        _problem = new ProgramException(exitCode, problem);
        return null;
    }

    private ChunkSums? TryFetch(IPAddress[] addresses, int port, ulong id, TimeSpan patience)
    {
        // Another program may have got the port since the tracker's last word.
        if (Array.Exists(addresses, each => ReceiveQueueProbe.IsStrangersPort(each, port))) return null;
        using Socket? peer = PlainConnection.TryConnect(addresses, port, _limit?.UnreadMax(1) ?? 0);
        if (peer is null) return null;
        Span<byte> request = stackalloc byte[MessageWriter.BytesMax];
        int length = MessageWriter.RequestChunk(request, SetSyntax.DescriptionIndex);
        request[length++] = (byte)'\n';
        long bytesMax = Math.Min(options.ChunkBytesMax, ClientLimits.DescriptionBytesMax);
        byte[] text = PlainConnection.Exchange(peer, request[..length], bytesMax, isLine: false, patience, _limit);
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
