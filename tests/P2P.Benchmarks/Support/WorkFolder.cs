using System;
using System.Diagnostics;
using System.IO;
using System.Threading;

namespace P2P.Benchmarks.Support;

/// <summary>A folder under the system's temporary folder (TMPDIR moves it);
/// goes with all that is in it when disposed.</summary>
internal sealed class WorkFolder : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private WorkFolder() => Path = Directory.CreateTempSubdirectory("p2p-bench-").FullName;

    public string Path { get; }

    /// <summary>The full path of a name in this folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public static WorkFolder Make() => Leftovers.Add(() => new WorkFolder());

    /// <summary>Makes a folder in this one and returns its full path.</summary>
    public string MakeFolder(string name)
    {
        Leftovers.WaitIfClosed();       // or it would make this one anew
        return Directory.CreateDirectory(this[name]).FullName;
    }

    public void Dispose()
    {
        if (!Leftovers.Remove(this))
            return;
        for (var watch = Stopwatch.StartNew(); Directory.Exists(Path); Thread.Sleep(10))
        {
            try
            {
                Directory.Delete(Path, recursive: true);
            }
            catch (IOException) when (watch.Elapsed < Patience)
            {
                // A process that was just killed wrote its last file meanwhile.
            }
        }
    }
}
