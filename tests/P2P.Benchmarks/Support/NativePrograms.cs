using System;
using System.IO;

namespace P2P.Benchmarks.Support;

/// <summary>The native programs that are measured: those beside the benchmarks,
/// unless `--native` names a folder.</summary>
internal sealed class NativePrograms(string folder)
{
    public string Tracker => Find("P2PTracker");

    public string Client => Find("P2PClient");

    private string Find(string name)
    {
        string path = Path.GetFullPath(Path.Combine(folder, name));
        return File.Exists(path) ? path : throw new BenchmarkException(
            $"{path} is missing: build it with ./publish.sh, or name its folder with --native");
    }
}
