using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>A client that fetches a set to a file or folder of its own, which lies alone in its folder.</summary>
/// <param name="arguments">More of the command line.</param>
internal sealed class SetReceiver(ChaosSwarm swarm, int number, string target, SetOriginal original,
    SmallDisk? disk, string[] arguments) : ChaosMember(swarm)
{
    private readonly string _folder = Path.GetDirectoryName(target)!;
    private readonly string _temporary =
        Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.part");
    private readonly HashSet<ClientRun> _onFullDisk = [];
    private string _history = "its first run";
    private TreeLook? _old;             // a target that was there before this set, and must stay as it is
    private bool _isForeign;            // that has other names or bytes than the original: the client must refuse it
    private bool _isLooked;             // the target was compared since it came

    /// <summary>The disk of its own that it has, or null.</summary>
    public SmallDisk? Disk => disk;

    /// <summary>The target is there, as the original is, and the client has ended well.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Something that can't be has been counted, so that nothing of it is to be waited for.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>The target has its name.</summary>
    public bool HasTarget => Path.Exists(target);

    /// <summary>Looks at the target as soon as it is there, and whether the client has ended by itself.</summary>
    public void Poll()
    {
        if (Run is null)
            return;
        if (disk is { IsFull: true })
            _onFullDisk.Add(Run);
        JudgeTarget(again: false);
        if (Run is not { Process.HasExited: true } run)
            return;
        Run = null;
        EndOf(run, signal: 0, mustBeClean: false);
    }

    /// <summary>Removes the target, as its user would, to fetch it again.</summary>
    public void RemoveTarget()
    {
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        File.Delete(target);
        (_old, _isForeign, _isLooked, IsDone) = (null, false, false, false);
    }

    /// <summary>The set becomes another one: what is there under the target's name is none of it.</summary>
    public void OnOtherSet()
    {
        (_old, _isLooked, IsDone) = (TreeLook.Of(target), false, false);
        _isForeign = _old is not null && original.Look.Compare(_old, isStrict: false).Length > 0;
        _history += "; then the set, or the target, became another one";
    }

    /// <summary>Changes the target, as its user would: the client must refuse it, and leave it alone.</summary>
    public void Tamper(Random random)
    {
        string? file = File.Exists(target) ? target : Directory.GetFiles(target, "*", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).LinkTarget is null).Order(StringComparer.Ordinal).LastOrDefault();
        if (Directory.Exists(target) && random.Next(4) == 0)
            file = Path.Combine(target, "one more");
        File.AppendAllText(file!, "mine");
        OnOtherSet();
    }

    /// <summary>Starts another client for the same target, by mistake.</summary>
    public void StartSecond()
    {
        Swarm.Counts.SecondClients++;
        (ClientRun first, ClientRun second) = (Run!, Launch());
        bool isUp = second.WaitUntilReady();
        if (!isUp)
        {
            // If the first ends just now, there is nothing against the second, and that may end as well.
            if (second.Process.HasExited && second.Process.WaitForExit() == 0 && HasTarget)
                return;
            JudgeRefusal(second, _temporary);
            return;
        }
        if (HasTarget && second.WaitUntilComplete(ChaosSwarm.ProcessPatience))
        {
            second.Process.Terminate();
            EndOf(second, Libc.SigTerm, mustBeClean: true);
            return;
        }
        if (first.Process.HasExited)
        {
            Run = second;
            EndOf(first, signal: 0, mustBeClean: false);
            return;
        }
        CountBoth($"both write {target}", first, second);
        HasFailed = true;
    }

    /// <summary>Counts what differs from the original, if the target is there.</summary>
    /// <param name="again">Although it was compared before.</param>
    public void JudgeTarget(bool again)
    {
        if (HasFailed || (_isLooked && !again) || !HasTarget)
            return;
        _isLooked = true;
        TreeLook look = TreeLook.Of(target)!;
        string differences = (_old ?? original.Look).Compare(look);
        if (differences.Length == 0)
            return;
        HasFailed = true;
        string what = _old is null ? "differs from the original" : "was there, and has been changed";
        Count(Violation.WrongTargets, $"{target} {what}; {_history}\n{differences}", Runs.TakeLast(2));
    }

    /// <summary>Judges all runs at the round's end.</summary>
    public void Judge()
    {
        JudgeTarget(again: true);
        JudgeRuns(isOnSmallDisk: disk is not null);
    }

    /// <summary>It has not ended although nothing stands in its way.</summary>
    public void CountHung()
    {
        Count(Violation.HungClients, $"does not end; {_history}; beside it lies {Beside()}", Run!);
        HasFailed = true;
    }

    protected override ClientRun Make(int run)
    {
        Directory.CreateDirectory(_folder);             // on a small disk that is empty at first
        string name = $"r{number}.{run}";
        string[] all =
            ["fetch", "-tracker", $"localhost:{Swarm.TrackerPort}", "-out", target, "-name", name, .. arguments];
        var made = new ClientRun(new ClientProcess(Swarm.WorkFolder, name, target, all), before: null, _history);
        if (disk is { IsFull: true })
            _onFullDisk.Add(made);
        return made;
    }

    protected override void OnEnded(ClientRun run, int signal, int exitCode, bool mustBeClean)
    {
        bool mayLackRoom = _onFullDisk.Contains(run);
        bool isRefused = exitCode == 2 && _isForeign
            && run.Process.Errors.All.Any(line => line.Contains("already, and it is not what the chunks make"));
        bool isRight = exitCode switch
        {
            0 => signal is Libc.SigTerm or Libc.SigHup || (HasTarget && !_isForeign),
            2 => isRefused,
            4 => mayLackRoom,
            _ => signal != 0 && exitCode == 128 + signal && !mustBeClean,
        };
        _history = $"{run.Process.Name} was ended by {(signal == 0 ? "itself" : ChaosSwarm.NameOf(signal))}, exit code "
            + $"{exitCode}; then there was {Beside()}";
        if (!isRight && !run.Process.HasFailedAssertion)
            Count(Violation.UndocumentedExits, _history, run);
        HasFailed |= !isRight;
        JudgeTarget(again: false);
        if (isRefused)
        {
            JudgeTarget(again: true);
            RemoveTarget();
        }
        if (exitCode != 0)
            return;
        bool isDone = signal == 0 && HasTarget && !_isForeign;
        Swarm.Counts.Targets += isDone && !IsDone ? 1 : 0;
        IsDone |= isDone;
        if (!HasTarget)
            Swarm.Counts.EndsBeforeComplete++;
        var strays = Names().Where(name => name != Path.GetFileName(target)
            && (HasTarget || name != Path.GetFileName(_temporary))).ToList();
        if (strays.Count > 0)
            Count(Violation.LeftoverFiles, $"{string.Join(' ', strays)} left in {_folder}; {_history}", run);
    }

    private IEnumerable<string> Names() =>
        Directory.GetFileSystemEntries(_folder).Select(path => Path.GetFileName(path));

    private string Beside() => $"[{string.Join(' ', Names().Order(StringComparer.Ordinal))}]";
}
