using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using P2P.Cli;
using P2P.Posix;
using P2P.Transport;

namespace P2P.Client;

/// <summary>
/// Does once what the user wants of a complete client: joins the chunks (-out), then runs a program (-on_complete).
/// Peers are served meanwhile: joining gives the loop back after every few milliseconds.
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
    private IJoiner? _joiner;
    private ShellCommand? _command;     // while it runs
    private bool _isRunning, _hasJoined, _hasRun, _isStopped;
    private int _exitCode = ExitCode.Success;

    /// <summary>Makes it; <see cref="Start"/> is called whenever the client becomes complete.</summary>
    /// <param name="onBadChunk">Gets the index of a chunk that has turned out to be wrong, and has to be fetched
    /// anew.</param>
    /// <param name="onDone">Gets the exit code of a client that ends now.</param>
    public Completion(
        EventLoop loop, ClientOptions options, FileSet files, ClientReport report, Action<int> onBadChunk,
        Action<int> onDone)
    {
        (_loop, _options, _files, _report) = (loop, options, files, report);
        (_onBadChunk, _onDone) = (onBadChunk, onDone);
        _pause = new LoopSignal(loop);
    }

    /// <summary>Goes on with the step that has not been done yet.</summary>
    public void Start()
    {
        if (_isRunning) return;
        Debug.Assert(!_isStopped, "nothing begins once the client stops");
        _isRunning = true;
        _ = RunAsync();
    }

    /// <summary>Removes a file that is not whole, and ends the program.</summary>
    public void Stop()
    {
        _isStopped = true;
        _joiner?.Dispose();
        if (_command is null || _command.HasEnded(out _)) return;
        _command.End();
        Terminal.PrintError($"{_options.Name}: the program of -on_complete is told to end with the client");
    }

    private async Task RunAsync()
    {
        try
        {
            if (_options.OutPath is not null && !_hasJoined)
            {
                await JoinAsync();
                if (_isStopped) return;
                _report.Resume();
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
            if (_options.IsStream)
            {
                await StreamAsync();
                return;
            }
            if (_files.Target is { } target)
            {
                _hasJoined = true;
                if (target.IsFinished || target.TryFinish()) _report.Joined(_files.Sums!.TotalBytes);
                else RefuseName(name);
                return;
            }
            _joiner = Joiner.Open((FolderStore)_files.Store, _files.Sums, name, _options.OutPath!);
            using CommandProgress? progress = ShowProgress($"joining {name}");
            while (!_isStopped && (end = _joiner.Step()) == JoinEnd.None)
            {
                progress?.Show(_joiner.Bytes);
                await _loop.YieldAsync();
            }
            if (_isStopped) return;
            if (end == JoinEnd.Different) RefuseName(name);
            else if (end != JoinEnd.BadChunk) _report.Joined(_joiner.Bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _exitCode = ExitCode.Disk;
            string again = _options.IsInPlace ? "start again" : $"P2PClient join -folder {_options.Folder} -out {name}";
            string what = _options.IsStream ? "to stdout" : name;
            _report.Trouble(
                "out", $"can't write {what}: {DiskError.Describe(e)}; make room there, then: {again}");
        }
        _joiner?.Dispose();
        _hasJoined = end != JoinEnd.BadChunk;
    }

    // What has left can't be taken back: a stream that is cut off makes the program fail.
    private async Task StreamAsync()
    {
        _hasJoined = true;
        using var stream = new StreamOut(_files.Store, _files.Sums);
        using CommandProgress? progress = ShowProgress("writing to stdout");
        JoinEnd end = JoinEnd.None;
        while (!_isStopped && (end = stream.Step(mayWait: false, out bool isFull)) == JoinEnd.None)
        {
            progress?.Show(stream.Bytes);
            if (isFull) await _pause.WaitAsync(ClientLimits.StreamPause);
            else await _loop.YieldAsync();
        }
        if (end == JoinEnd.Joined) _report.Joined(stream.Bytes);
        if (end != JoinEnd.BadChunk) return;
        _exitCode = ExitCode.Failure;
        _report.Trouble(
            "out", $"chunk {stream.ChunkIndex} has changed since it was fetched: stdout got what comes before it");
    }

    // Stands in for the client's line, if there is one and the work takes long.
    private CommandProgress? ShowProgress(string name)
    {
        if (!_report.HasLine) return null;
        long total = 0;
        for (int chunkIndex = 1; chunkIndex <= _files.Store.ChunkCount; chunkIndex++)
            total += _files.Store.SizeOf(chunkIndex);
        Debug.Assert(total >= 0, "the chunks are here, and have sizes");
        return new CommandProgress(name, total, _report.Pause);
    }

    private void RefuseName(string name)
    {
        _exitCode = ExitCode.Usage;
        _report.Trouble("out", OutputFile.DescribeTaken(name));
    }

    private async Task RunCommandAsync(string commandLine)
    {
        Debug.Assert(!_hasRun && _command is null, "the program runs once");
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
            problem = $"ended with exit code {exitCode}";
        }
        else problem = $"can't be run: {error}";
        _exitCode = ExitCode.Failure;
        _report.Trouble("command", $"the program of -on_complete {problem}: {commandLine}");
    }
}
