using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace P2P.Mutants;

/// <summary>
/// A copy of the checkout in the current directory, with what was changed in it and without what was built: mutants are
/// made and run there, and nothing else is touched. All that is started for it belongs to it: a process group each,
/// temporary files within the copy; <see cref="Dispose"/> ends and removes all of it.
/// </summary>
internal sealed partial class WorkCopy : IDisposable
{
    private const int SigTerm = 15, SigKill = 9;
    private readonly ConcurrentDictionary<int, Process> _running = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("mutants-").FullName;
    private readonly string _temporary;
    private bool _disposed;

    public WorkCopy()
    {
        string repository = Output("git", "-C", Environment.CurrentDirectory, "rev-parse", "--show-toplevel").Trim();
        _temporary = Directory.CreateDirectory(this["tmp"]).FullName;
        foreach (string path in Output("git", "-C", repository, "ls-files", "-z", "--cached",
            "--others", "--exclude-standard")
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(path => File.Exists(Path.Combine(repository, path))))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
            File.Copy(Path.Combine(repository, path), this[path]);
        }
    }

    /// <summary>A path within the copy.</summary>
    public string this[string path] => Path.Combine(_folder, path);

    /// <summary>The folder from which the tests run.</summary>
    public string TestFolder { get; private set; } = "";

    /// <summary>The C# files of src that people wrote: paths in the repository, in a fixed order,
    /// with their text.</summary>
    public IEnumerable<(string Path, string Text)> SourceFiles =>
        Directory.EnumerateFiles(this["src"], "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_folder, path))
            .Where(path => !path.Split('/').Any(part => part is "obj" or "bin"))
            .Order(StringComparer.Ordinal)
            .Select(path => (path, File.ReadAllText(this[path])));

    public void Write(string path, string text) => File.WriteAllText(this[path], text);

    /// <summary>Builds the tests, and with them everything else.</summary>
    public void Build()
    {
        // No build server: it would outlive this program.
        Output("dotnet", "build", this["tests/P2P.Tests"], "-nodeReuse:false", "-p:UseSharedCompilation=false");
        string file =
            Directory.GetFiles(this["tests/P2P.Tests/bin"], "P2P.Tests.dll", SearchOption.AllDirectories).Single();
        TestFolder = Path.GetDirectoryName(file)!;
    }

    /// <summary>Builds the native programs of the source as it stands,
    /// and puts them where the tests look for them.</summary>
    public void Publish() => Output("bash", [this["publish.sh"], "--output", Path.Combine(TestFolder, "native")]);

    /// <summary>Runs a program to its end; returns what it printed, and throws if it failed.</summary>
    public string Output(string program, params IEnumerable<string> arguments)
    {
        List<string> lines = [];
        int? exitCode = Run(TimeSpan.FromMinutes(10), line => { lines.Add(line); return true; }, program, arguments);
        string output = string.Join('\n', lines);
        return exitCode == 0
            ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}:\n{output}");
    }

    /// <summary>Runs a program until it ends, the time is up,
    /// or a line that it prints is not wanted any more.</summary>
    /// <param name="goOn">Gets each line; false ends the program and all that it has started.</param>
    /// <returns>The exit code, or null where the time was up.</returns>
    public int? Run(TimeSpan limit, Func<string, bool> goOn, string program, params IEnumerable<string> arguments)
    {
        // A group of its own, so that a test host and its native programs end together, and a Ctrl-C reaches us first.
        // The test runner tells of failures on the one stream and of the rest on the other.
        var start = new ProcessStartInfo("setsid", ["sh", "-c", "exec \"$0\" \"$@\" 2>&1", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = _folder,
        };
        start.Environment["TMPDIR"] = _temporary;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["P2P_TEST_PATIENCE"] = "40";      // what doesn't happen is what a mutant often does
        ParkIfDisposed();
        using Process process = Process.Start(start)!;
        _running[process.Id] = process;
        try
        {
            process.StandardInput.Close();
            // Read elsewhere, since a program that hangs may keep its output open without a word.
            Task<bool> reading = Task.Run(() =>
            {
                while (process.StandardOutput.ReadLine() is { } line)
                    if (!goOn(line)) return false;
                return true;
            });
            bool inTime = reading.Wait(limit);
            if (inTime && reading.Result && process.WaitForExit(limit)) return process.ExitCode;
            End(process);
            return inTime ? 1 : null;
        }
        finally
        {
            _running.TryRemove(process.Id, out _);
            ParkIfDisposed();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        foreach (Process process in _running.Values) End(process);
        // What has just been ended may still be at work on a file.
        for (int tries = 0; Directory.Exists(_folder) && tries < 10; tries++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException)
            {
                Thread.Sleep(200);
            }
        }
    }

    // A signal disposes of the copy on another thread, and then ends this program. Until then, nobody must start
    // anything more, or be surprised that all is gone.
    private void ParkIfDisposed()
    {
        if (_disposed) Thread.Sleep(Timeout.Infinite);
    }

    // First they are asked: the test host then kills the programs that a test has put into another session.
    private static void End(Process process)
    {
        _ = kill(-process.Id, SigTerm);
        process.WaitForExit(TimeSpan.FromSeconds(5));
        _ = kill(-process.Id, SigKill);
        process.WaitForExit();
    }

    [DllImport("libc")]
    private static extern int kill(int process, int signal);
}
