using System;
using System.IO;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// What is done once everything is there, each thing once: the chunks are joined (-out), then a program is run
/// (-on_complete). Others are served meanwhile: joining gives them their turn after every few milliseconds.
/// </summary>
internal sealed class Completion
{
    private readonly EventLoop _loop;
    private readonly ClientOptions _options;
    private readonly FileSet _files;
    private readonly ClientReport _report;
    private readonly Action<int> _onBadChunk;
    private readonly Action<int> _onDone;
    private readonly LoopSignal _pause;
    private Joiner? _joiner;
    private ShellCommand? _command;     // while it runs
    private bool _isRunning, _hasJoined, _hasRun, _isStopped;
    private int _exitCode = ExitCode.Success;

    /// <summary>Makes it; <see cref="Start"/> is called whenever all is there.</summary>
    /// <param name="onBadChunk">Told of a chunk that is not, or no longer, what it must be; it has to be fetched
    /// anew.</param>
    /// <param name="onDone">Told the exit code that a client which ends now should have.</param>
    public Completion(
        EventLoop loop, ClientOptions options, FileSet files, ClientReport report, Action<int> onBadChunk,
        Action<int> onDone)
    {
        (_loop, _options, _files, _report) = (loop, options, files, report);
        (_onBadChunk, _onDone) = (onBadChunk, onDone);
        _pause = new LoopSignal(loop);
    }

    /// <summary>Does what is still to be done.</summary>
    public void Start()
    {
        if (_isRunning) return;
        _isRunning = true;
        _ = RunAsync();
    }

    /// <summary>Leaves no half of a file behind, and no program running.</summary>
    public void Stop()
    {
        _isStopped = true;
        _joiner?.Dispose();
        if (_command is null || _command.HasEnded(out _)) return;
        _command.End();
        Terminal.PrintError(_options.Name + ": the program of -on_complete is told to end with the client");
    }

    private async Task RunAsync()
    {
        try
        {
            if (_options.OutPath is not null && !_hasJoined)
            {
                await JoinAsync();
                if (_isStopped) return;
                if (!_hasJoined)
                {
                    _isRunning = false;
                    _onBadChunk(_joiner!.ChunkIndex);
                    return;
                }
            }
            if (_options.Command is not null && !_hasRun && _exitCode == ExitCode.Success)
            {
                _report.Pause();
                await RunCommandAsync(_options.Command);
                _report.Resume();
            }
            _isRunning = false;
            if (!_isStopped) _onDone(_exitCode);
        }
        catch (Exception e)
        {
            _loop.Fail(e);
        }
    }

    private async Task JoinAsync()
    {
        string name = _options.OutName!;
        JoinEnd end = JoinEnd.None;
        try
        {
            _joiner = new Joiner(_files.Store, _files.Sums, _options.OutPath!);
            while (!_isStopped && (end = _joiner.Step()) == JoinEnd.None) await _loop.YieldAsync();
            if (_isStopped) return;
            if (end == JoinEnd.Different)
            {
                _exitCode = ExitCode.Usage;
                Terminal.PrintError($"{_options.Name}: {OutputFile.Taken(name)}");
            }
            else if (end != JoinEnd.BadChunk) _report.Joined(_joiner.Bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _exitCode = ExitCode.Disk;
            Terminal.PrintError(
                _options.Name + ": can't write " + name + ": " + DiskError.Describe(e)
                + "; make room there, then: P2PClient join -folder " + _options.Folder + " -out " + name);
        }
        _joiner?.Dispose();
        _hasJoined = end != JoinEnd.BadChunk;
    }

    private async Task RunCommandAsync(string commandLine)
    {
        _hasRun = true;
        string problem;
        _command = ShellCommand.TryStart(commandLine, _options.Folder, _options.Name, out string? error);
        if (_command is not null)
        {
            int exitCode;
            while (!_command.HasEnded(out exitCode))
            {
                await _pause.WaitAsync(ClientLimits.CommandPause);
                if (_isStopped) return;
            }
            _command = null;
            if (exitCode == 0) return;
            problem = "ended with exit code " + exitCode;
        }
        else problem = $"can't be run: {error}";
        _exitCode = ExitCode.Failure;
        Terminal.PrintError(_options.Name + ": the program of -on_complete " + problem + ": " + commandLine);
    }
}
