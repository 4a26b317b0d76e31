using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace P2P.Tests.Support;

/// <summary>
/// Reads the `logs.log` that the processes of one test share. Only whole lines count; the rest of a line that is
/// still being written is left for the next look.
/// </summary>
internal sealed class LogReader(string path)
{
    public string Path { get; } = path;

    /// <summary>All whole lines until now, without their ends.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            string text = Text;
            return text.Length == 0 ? [] : text[..(text.LastIndexOf('\n') + 1)].Split('\n')[..^1];
        }
    }

    /// <summary>The file as it is; empty while there is none.</summary>
    public string Text
    {
        get
        {
            if (!File.Exists(Path))
                return "";
            using var reader =
                new StreamReader(new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
    }

    /// <summary>Waits until the condition holds of the lines, and returns them.</summary>
    public IReadOnlyList<string> WaitUntil(Func<IReadOnlyList<string>, bool> reached, string what)
    {
        IReadOnlyList<string> lines = [];
        FolderWatch.WaitUntil(System.IO.Path.GetDirectoryName(Path)!, () => reached(lines = Lines), what,
            () => string.Join("\n", Lines.TakeLast(60)));
        return lines;
    }

    /// <summary>Waits until this very line stands in the log.</summary>
    public void WaitFor(string line) => WaitUntil(lines => lines.Contains(line), $"the log line '{line}'");

    /// <summary>How many lines equal this one.</summary>
    public int CountOf(string line) => Lines.Count(each => each == line);
}
