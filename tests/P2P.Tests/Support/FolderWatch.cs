using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// Waits until something holds of the files in a folder. The kernel's notice of a change (inotify) wakes it: there
/// is no polling, and nothing is looked at twice without a change between.
/// </summary>
internal static class FolderWatch
{
    /// <param name="seen">Describes what is there, for the message of a failed test.</param>
    public static void WaitUntil(string folder, Func<bool> reached, string what, Func<string> seen)
    {
        using var changed = new AutoResetEvent(false);
        using var watcher = new FileSystemWatcher(folder);
        watcher.NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite
            | NotifyFilters.Size;
        watcher.Changed += (_, _) => changed.Set();
        watcher.Created += (_, _) => changed.Set();
        watcher.Deleted += (_, _) => changed.Set();
        watcher.Renamed += (_, _) => changed.Set();
        watcher.Error += (_, _) => changed.Set();        // notices were lost: look again
        watcher.EnableRaisingEvents = true;              // before the first look, so that no change falls between
        var watch = Stopwatch.StartNew();
        while (!reached())
        {
            TimeSpan left = Patience.Limit - watch.Elapsed;
            if (left <= TimeSpan.Zero || (!changed.WaitOne(left) && !reached()))
                throw new XunitException($"Waited {watch.Elapsed.TotalSeconds:F1} s for {what}. Seen:\n{seen()}");
        }
        watcher.EnableRaisingEvents = false;             // no event may reach the disposed handle
    }

    /// <summary>Waits until the folder holds a file whose name is wanted, and returns its full path.</summary>
    public static string WaitForFile(string folder, Func<string, bool> wantedName, string what)
    {
        string? found = null;
        WaitUntil(folder, () => (found = Find()) != null, what, () => string.Join("\n", Directory.GetFiles(folder)));
        return found!;

        string? Find()
        {
            foreach (string path in Directory.EnumerateFiles(folder))
                if (wantedName(Path.GetFileName(path)))
                    return path;
            return null;
        }
    }
}
