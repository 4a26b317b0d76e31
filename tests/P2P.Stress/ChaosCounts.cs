using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>What must not happen.</summary>
internal enum Violation
{
    WrongBytes,
    HungClients,
    LeftoverFiles,
    ChunksFetchedTwice,
    TornLogLines,
    SecondClientsNotRefused,

    /// <summary>A file or folder that a receiver gave its final name is not the original.</summary>
    WrongTargets,
    UndocumentedExits,
    FailedAssertions,
    OtherFaults,
}

/// <summary>What happened, in one round or in all. Bad transfers are counted from the bad peers' threads.</summary>
internal sealed class ChaosCounts
{
    private readonly long[] _violations = new long[Enum.GetValues<Violation>().Length];
    private readonly List<string> _findings = [];
    private readonly SortedDictionary<int, int> _kills = [];     // by signal
    private int _badTransfers;

    /// <summary>Ends of clients that still lacked chunks.</summary>
    public int EndsBeforeComplete { get; set; }

    public int Stops { get; set; }
    public int SecondClients { get; set; }
    public int FullDisks { get; set; }
    public int TrackerRestarts { get; set; }
    public long LogLines { get; set; }

    /// <summary>Requests for a chunk that another source had sent while the connection was being made.</summary>
    public int Overtaken { get; set; }

    /// <summary>Files and folders that receivers have put together.</summary>
    public int Targets { get; set; }

    /// <summary>Originals that were changed under their seeds.</summary>
    public int ChangedOriginals { get; set; }

    public long ChunksFetched { get; set; }
    public long Bytes { get; set; }

    /// <summary>Clients ended by a signal before their time, whichever signal it was.</summary>
    public int Kills => _kills.Values.Sum();

    /// <summary>Nothing of what must not happen.</summary>
    public bool IsGood => _violations.All(count => count == 0);

    /// <summary>Each violation, with what is needed to look into it.</summary>
    public IReadOnlyList<string> Findings => _findings;

    public void OnBadTransfer() => Interlocked.Increment(ref _badTransfers);

    public void OnKill(int signal, int count = 1) => _kills[signal] = _kills.GetValueOrDefault(signal) + count;

    /// <summary>Counts a violation.</summary>
    /// <param name="finding">What is needed to look into it; several lines.</param>
    public void Add(Violation violation, string finding, long count = 1)
    {
        _violations[(int)violation] += count;
        _findings.Add($"  {Words(violation)}: {finding.TrimEnd().ReplaceLineEndings("\n    ")}");
    }

    /// <summary>Adds a round's numbers; its findings stay with it.</summary>
    public void Add(ChaosCounts round)
    {
        for (int i = 0; i < _violations.Length; i++)
            _violations[i] += round._violations[i];
        foreach ((int signal, int count) in round._kills)
            OnKill(signal, count);
        EndsBeforeComplete += round.EndsBeforeComplete;
        Stops += round.Stops;
        SecondClients += round.SecondClients;
        FullDisks += round.FullDisks;
        TrackerRestarts += round.TrackerRestarts;
        _badTransfers += round._badTransfers;
        LogLines += round.LogLines;
        Overtaken += round.Overtaken;
        Targets += round.Targets;
        ChangedOriginals += round.ChangedOriginals;
        ChunksFetched += round.ChunksFetched;
        Bytes += round.Bytes;
    }

    public override string ToString() =>
        $"{Kills} kills ({string.Join(", ", _kills.Select(each => $"{each.Value} {ChaosSwarm.NameOf(each.Key)}"))}; "
        + $"{EndsBeforeComplete} ends before complete), {Stops} stops, {TrackerRestarts} tracker restarts, "
        + $"{_badTransfers} bad transfers, {FullDisks} full disks, {SecondClients} second clients, "
        + (Targets > 0 ? $"{Targets} targets whole, {ChangedOriginals} originals changed, " : "")
        + $"{ChunksFetched} chunks fetched, {Bytes / 1e6:F1} MB, {LogLines} log lines, {Overtaken} requests overtaken; "
        + string.Join(", ", Enum.GetValues<Violation>().Select(each => $"{_violations[(int)each]} {Words(each)}"));

    // WrongBytes -> wrong bytes
    private static string Words(Violation violation) => string.Concat(
        $"{violation}".Select(c => char.IsUpper(c) ? $" {char.ToLowerInvariant(c)}" : $"{c}")).TrimStart();
}
