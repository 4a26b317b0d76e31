using System.IO;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Transfer;

/// <summary>What is transferred.</summary>
/// <param name="Name">As in tables.</param>
internal sealed record TransferPlan(string Name, int Count, long ChunkBytes)
{
    /// <summary>Makes room after a run. Small files stay until all runs are over: for half a minute after many were
    /// deleted, ext4 takes several times as long to make new ones, whoever makes them.</summary>
    public void Leave(string folder)
    {
        if (Count == 1)
            Directory.Delete(folder, recursive: true);
        ChunkFiles.WriteBack(Path.GetDirectoryName(folder)!);
    }
}
