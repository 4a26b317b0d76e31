using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// A process that a test started: its output, line by line, as it comes; signals; its end. It is killed when the
/// test disposes it, and also when the test run itself is told to end: none outlives the tests.
/// </summary>
internal class NativeProcess : IDisposable
{
    private const string AssertionFailed = "Assertion failed";      // .NET's words
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);
    private static readonly ConcurrentDictionary<NativeProcess, bool> Living = new();
    private readonly Process _process;
    private readonly Thread[] _readers;
    private readonly string _commandLine;
    private readonly bool _isChecked;
    private int? _exitCode;

    static NativeProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (NativeProcess process in Living.Keys)
            process.Signal(Libc.SigKill);
    };

    /// <param name="workFolder">The process's current directory, where it writes its `logs.log`.</param>
    public NativeProcess(string program, string workFolder, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _commandLine = $"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)}";
        _isChecked = NativePrograms.IsChecked && program.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal);
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        Living[this] = true;
        _readers = [Collect(_process.StandardOutput, Output), Collect(_process.StandardError, Errors)];
    }

    public EventList<string> Output { get; } = new();

    /// <summary>Its lines on stderr, but those that say what it is waiting for:
    /// how long it waits is a matter of the machine, too.</summary>
    public EventList<string> Errors { get; } = new();

    /// <summary>An assertion of the checked programs did not hold, and has ended it.</summary>
    public bool HasFailedAssertion => Errors.All.Any(line => line.Contains(AssertionFailed));

    /// <summary>What it says that it is waiting for.</summary>
    public EventList<string> Waiting { get; } = new();

    public int Id => _process.Id;

    public bool HasExited => _exitCode != null || _process.HasExited;

    public void Terminate() => Signal(Libc.SigTerm);

    public void Interrupt() => Signal(Libc.SigInt);

    public void HangUp() => Signal(Libc.SigHup);

    public void Kill() => Signal(Libc.SigKill);

    /// <summary>Waits for the end of the process, but no longer than that; true if it has ended.</summary>
    public bool HasExitedWithin(TimeSpan limit) => HasExited || _process.WaitForExit(limit);

    /// <summary>Waits for the end of the process and of its output;
    /// returns its exit code (128 + n after signal n).</summary>
    public int WaitForExit()
    {
        if (!HasExited && !_process.WaitForExit(Patience.Limit))
            throw new XunitException($"Waited {Patience.Limit.TotalSeconds} s for the end of a process.\n{Describe()}");
        foreach (Thread reader in _readers)
            reader.Join();
        return _exitCode ??= _process.ExitCode;
    }

    /// <summary>The memory of the process that is in RAM now, in bytes.</summary>
    public long ResidentBytes()
    {
        string line = File.ReadLines($"/proc/{Id}/status")
            .First(each => each.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    /// <summary>Command line, state and output, for the message of a failed test.</summary>
    public string Describe() =>
        $"--- {_commandLine}: {(HasExited ? $"exit code {_exitCode ?? _process.ExitCode}" : "running")}\n"
            + string.Join("", Output.All.TakeLast(20).Select(line => $"    stdout: {line}\n"))
            + string.Join("", LastErrors.Select(line => $"    stderr: {line}\n"));

    // The text of a failed assertion stands before its stack trace, which may be long.
    private IEnumerable<string> LastErrors => HasFailedAssertion
        ? Errors.All.SkipWhile(line => !line.Contains(AssertionFailed))
        : Errors.All.TakeLast(20);

    public void Dispose()
    {
        if (!Living.TryRemove(this, out _))
            return;
        // At its end, a checked program asserts that all it rented was returned; a killed one asserts nothing.
        if (_isChecked && !HasExited)
        {
            Terminate();
            HasExitedWithin(EndLimit);
        }
        Kill();
        WaitForExit();
        _process.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sends a signal, unless the process has ended (its number may be another's by now).</summary>
    public void Signal(int signal)
    {
        if (!HasExited)
            _ = Libc.kill(_process.Id, signal);
    }

    private Thread Collect(StreamReader from, EventList<string> lines)
    {
        var thread = new Thread(() =>
        {
            while (from.ReadLine() is { } line)
                (lines == Errors && line.Contains(": waiting: ") ? Waiting : lines).Add(line);
            lines.End();
            if (lines == Errors)
                Waiting.End();
        }) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
