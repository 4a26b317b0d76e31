using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;

namespace P2P.Benchmarks.Support;

/// <summary>
/// A process that a benchmark started. Its stdout and stderr come through one pipe, which is read only while somebody
/// waits for a line: no thread of ours runs beside what is measured. Killed at the latest when the benchmarks end.
/// </summary>
internal sealed unsafe class ChildProcess : IDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    private readonly SpawnPlan _plan;
    private readonly int _input;
    private readonly int _output;
    private readonly List<string> _lines = [];
    private readonly List<byte> _rest = [];
    private readonly Lock _ending = new();
    private bool _hasOutputEnded;
    private ProcessEnd? _end;

    private ChildProcess(string workFolder, string program, string[] arguments)
    {
        int* input = stackalloc int[2], output = stackalloc int[2];
        LibC.Check(LibC.pipe2(input, LibC.O_CLOEXEC));
        LibC.Check(LibC.pipe2(output, LibC.O_CLOEXEC));
        (_input, _output) = (input[1], output[0]);
        _plan = new SpawnPlan(workFolder, program, arguments);
        try
        {
            Id = _plan.Start(input[0], output[1]);
        }
        finally
        {
            LibC.close(input[0]);
            LibC.close(output[1]);
        }
    }

    public int Id { get; }

    /// <summary>CPU time of all its threads so far, in seconds; after its end, of its whole life.</summary>
    public double CpuSeconds => _end?.CpuSeconds ?? ProcessFigures.CpuSeconds(Id);

    /// <summary>Starts a program.</summary>
    /// <param name="workFolder">The process's current directory.</param>
    public static ChildProcess Start(string workFolder, string program, params IEnumerable<string> arguments) =>
        Leftovers.Add(() => new ChildProcess(workFolder, program, arguments.ToArray()));

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="BenchmarkException">It failed, or did not end in time.</exception>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        using ChildProcess process = Start("/", program, arguments);
        process.WaitForExit(TimeSpan.FromMinutes(5)).ThrowIfFailed(process);
        return string.Join('\n', process._lines);
    }

    /// <summary>Writes a line to its stdin.</summary>
    public void Tell(string line)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(line + "\n"))
            LibC.Check((int)LibC.write(_input, bytes, Encoding.UTF8.GetByteCount(line) + 1));
    }

    /// <summary>Waits until it prints a line with a text in it, or has printed one before.</summary>
    /// <returns>The whole line.</returns>
    public string WaitForLine(string text, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        for (int next = 0; ; next++)
        {
            while (next == _lines.Count)
                if (!ReadMore(patience - watch.Elapsed))
                    throw new BenchmarkException(
                        $"'{text}' was not printed within {patience.TotalSeconds} s by {Describe()}");
            if (_lines[next].Contains(text, StringComparison.Ordinal))
                return _lines[next];
        }
    }

    /// <summary>Waits for its end.</summary>
    public ProcessEnd WaitForExit(TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        while (_end == null)
        {
            if (!_hasOutputEnded)
                ReadMore(patience - watch.Elapsed);
            if (TryReap())
                break;
            if (watch.Elapsed > patience)
                throw new BenchmarkException($"no end within {patience.TotalSeconds} s of {Describe()}");
            if (_hasOutputEnded)
                Thread.Sleep(TimeSpan.FromMicroseconds(200));
        }
        Leftovers.WaitIfClosed();       // it may have ended because everything is being ended
        return _end!.Value;
    }

    /// <summary>Asks it to stop (SIGTERM) and waits until it has.</summary>
    /// <returns>Everything that it printed.</returns>
    public IReadOnlyList<string> Stop()
    {
        Signal(LibC.SIGTERM);
        WaitForExit(StopPatience);
        return _lines;
    }

    /// <summary>Command line and output, for a message.</summary>
    public string Describe() =>
        $"{_plan.CommandLine}\n{string.Join('\n', _lines.TakeLast(20).Select(line => "    " + line))}";

    public void Dispose()
    {
        if (!Leftovers.Remove(this))
            return;
        // Politely at first: nginx takes its workers with it.
        Signal(LibC.SIGTERM);
        var watch = Stopwatch.StartNew();
        while (!TryReap())
        {
            if (watch.Elapsed > StopPatience)
                Signal(LibC.SIGKILL);
            Thread.Sleep(1);
        }
        LibC.close(_input);
        LibC.close(_output);
        _plan.Dispose();
    }

    private void Signal(int signal)
    {
        lock (_ending)
            if (_end == null)
                LibC.kill(-Id, signal);     // its whole group; not reaped yet, so the number is still its own
    }

    // Notes its end, if it has ended. The thread that waits for it may meet the one that ends everything.
    private bool TryReap()
    {
        lock (_ending)
        {
            if (_end != null)
                return true;
            int status;
            LibC.ResourceUsage usage;
            LibC.SignalInfo ended = default;
            LibC.Check(LibC.waitid(LibC.P_PID, Id, &ended, LibC.WEXITED | LibC.WNOHANG | LibC.WNOWAIT));
            if (ended.Process == 0)
                return false;
            LibC.kill(-Id, LibC.SIGKILL);       // what it has started and left behind
            LibC.Check(LibC.wait4(Id, &status, 0, &usage));
            _end = new ProcessEnd((status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f), usage.CpuSeconds);
            return true;
        }
    }

    // Returns false if the time is over, or nothing more can come.
    private bool ReadMore(TimeSpan patience)
    {
        const int bufferBytes = 4096;
        byte* buffer = stackalloc byte[bufferBytes];
        var entry = new LibC.PollEntry { Descriptor = _output, Events = LibC.POLLIN };
        if (_hasOutputEnded || patience <= TimeSpan.Zero
            || LibC.poll(&entry, 1, (int)patience.TotalMilliseconds + 1) <= 0)
            return false;
        int count = (int)LibC.read(_output, buffer, bufferBytes);
        _hasOutputEnded = count <= 0;
        foreach (byte each in new ReadOnlySpan<byte>(buffer, Math.Max(count, 0)))
        {
            if (each is not ((byte)'\n' or (byte)'\r'))
                _rest.Add(each);
            else if (_rest.Count > 0)
                EndLine();
        }
        if (_hasOutputEnded && _rest.Count > 0)
            EndLine();
        return true;
    }

    private void EndLine()
    {
        _lines.Add(Encoding.UTF8.GetString([.. _rest]));
        _rest.Clear();
    }
}

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">128 + n after signal n.</param>
/// <param name="CpuSeconds">CPU time of its whole life.</param>
internal readonly record struct ProcessEnd(int ExitCode, double CpuSeconds)
{
    public void ThrowIfFailed(ChildProcess process)
    {
        if (ExitCode != 0)
            throw new BenchmarkException($"exit code {ExitCode} of {process.Describe()}");
    }
}
