using System;
using System.IO;
using System.Linq;
using Xunit;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>A test on a real terminal's screen; skipped, with the reason,
/// where there is no tmux (the build of the tests installs it where it can).</summary>
internal sealed class TmuxFactAttribute : FactAttribute
{
    public TmuxFactAttribute()
    {
        string[] folders = Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [];
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, "tmux"))))
            Skip = "needs tmux in the PATH (Debian: apt-get install tmux)";
    }
}

/// <inheritdoc cref="TmuxFactAttribute"/>
internal sealed class TmuxTheoryAttribute : TheoryAttribute
{
    public TmuxTheoryAttribute() => Skip = new TmuxFactAttribute().Skip;
}

/// <summary>A terminal of 24 rows in which one program runs: a tmux of its own, which ends with this object.</summary>
internal sealed class TmuxScreen : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly NativeProcess _server;
    private readonly string _workFolder;

    /// <summary>Starts the program; its last screen stays when it has ended.</summary>
    public TmuxScreen(string workFolder, int columns, string command)
    {
        _workFolder = workFolder;
        File.WriteAllText(_folder["conf"], "set -g remain-on-exit on\nset -g status off\n");
        _server = new NativeProcess("tmux", workFolder, "-D", "-S", _folder["socket"], "-f", _folder["conf"]);
        foreach (int _ in Patience.Attempts("the start of tmux"))
        {
            if (Run("new-session", "-d", "-x", $"{columns}", "-y", "24", command).ExitCode == 0) break;
        }
    }

    public void Resize(int columns) => Run("resize-window", "-x", $"{columns}");

    public void Press(string key) => Run("send-keys", key);

    /// <summary>The lines on the screen that are not empty; one that the terminal has broken is one line.</summary>
    public string[] Read() => Run("capture-pane", "-p", "-J").Output;

    /// <summary>The same, with the lines above the screen.</summary>
    public string[] ReadAll() => Run("capture-pane", "-p", "-J", "-S", "-").Output;

    /// <summary>Looks until the screen shows what it should.</summary>
    public string[] WaitUntil(Func<string[], bool> shown, string what) => WaitUntil(Read, shown, what);

    /// <summary>Looks until a line stands on the screen or above it: when a program ends, tmux may add a line, or not,
    /// and move the others out of sight.</summary>
    /// <returns>All lines, without that of tmux.</returns>
    public string[] WaitForLine(Predicate<string> isIt, string what)
    {
        string[] lines = WaitUntil(ReadAll, lines => Array.Exists(lines, isIt), what);
        return Array.FindAll(lines, line => !line.StartsWith("Pane is dead"));
    }

    private static string[] WaitUntil(Func<string[]> read, Func<string[], bool> shown, string what)
    {
        string[] lines = [];
        try
        {
            foreach (int _ in Patience.Attempts(what))
            {
                lines = read();
                if (lines.Length > 0 && shown(lines)) break;
            }
        }
        catch (XunitException e)
        {
            throw new XunitException($"{e.Message} The screen:\n{string.Join('\n', lines)}");
        }
        return lines;
    }

    public void Dispose()
    {
        Run("kill-server");
        _server.Dispose();
        _folder.Dispose();
    }

    private (int ExitCode, string[] Output) Run(params string[] arguments)
    {
        // -N: a command that is quicker than the server would start one of its own, without our configuration.
        using var process = new NativeProcess("tmux", _workFolder, ["-N", "-S", _folder["socket"], .. arguments]);
        int exitCode = process.WaitForExit();
        return (exitCode, process.Output.All.Select(line => line.TrimEnd()).Where(line => line.Length > 0).ToArray());
    }
}
