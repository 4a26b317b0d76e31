using System;
using System.IO;
using System.Linq;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Swarms;

/// <summary>One file-set as chunks, for us, and as one file with a torrent, for BitTorrent programs;
/// deals it to peers.</summary>
internal sealed class SwarmFiles : IDisposable
{
    public const string DataName = "data";
    private readonly WorkFolder _work = WorkFolder.Make();
    private readonly SwarmPlan _plan;
    private readonly string _chunks;
    private readonly string _data;
    private Torrent? _torrent;
    private int _runs;

    public SwarmFiles(SwarmPlan plan)
    {
        _plan = plan;
        _chunks = _work.MakeFolder("chunks");
        _data = _work[DataName];
        ChunkFiles.Write(_chunks, plan.ChunkCount, plan.ChunkBytes);
        using (FileStream data = File.Create(_data))
            for (int index = 1; index <= plan.ChunkCount; index++)
                CopyChunk(index, data);
        ChunkFiles.WriteBack(_work.Path);
    }

    /// <summary>Made when first asked for.</summary>
    public Torrent Torrent => _torrent ??= Torrent.Make(_data, DataName, _plan.ChunkBytes, _work["data.torrent"]);

    /// <summary>A new folder for one run of one program.</summary>
    public string NewFolder() => _work.MakeFolder($"run_{++_runs}");

    /// <summary>Gives a peer its chunks as our client wants them, in a folder of the run's.</summary>
    public string DealChunks(string runFolder, int peer)
    {
        string folder = Directory.CreateDirectory(Path.Combine(runFolder, $"peer_{peer}")).FullName;
        foreach (int index in _plan.Held[peer])
            LibC.Link(Path.Combine(_chunks, ChunkFiles.NameOf(index)), Path.Combine(folder, ChunkFiles.NameOf(index)));
        ChunkFiles.List(folder, _plan.Held[peer], _plan.ChunkCount);
        return folder;
    }

    /// <summary>Gives a peer its part of the one file: nothing, all of it, or a file with holes.</summary>
    public string DealData(string runFolder, int peer)
    {
        string folder = Directory.CreateDirectory(Path.Combine(runFolder, $"peer_{peer}")).FullName;
        if (_plan.IsComplete(peer))
            LibC.Link(_data, Path.Combine(folder, DataName));
        else if (_plan.Held[peer].Count > 0)
        {
            using FileStream data = File.Create(Path.Combine(folder, DataName));
            data.SetLength(_plan.TotalBytes);
            foreach (int index in _plan.Held[peer])
            {
                data.Position = (index - 1) * _plan.ChunkBytes;
                CopyChunk(index, data);
            }
        }
        return folder;
    }

    /// <summary>Fails unless the chunks dealt to a peer have become all chunks.</summary>
    public void CheckChunks(string folder) => ChunkFiles.Check(folder, _plan.ChunkCount, _plan.ChunkBytes);

    /// <summary>Fails unless the peer's file has its full length.</summary>
    public void CheckData(string folder)
    {
        if (new FileInfo(Path.Combine(folder, DataName)) is not { Exists: true } file
            || file.Length != _plan.TotalBytes)
            throw new BenchmarkException($"{folder} is not complete");
    }

    /// <summary>Makes room after a run. Chunks that were fetched stay as empty files until the end: for half a minute
    /// after many files were deleted, ext4 takes several times as long to make new ones.</summary>
    public void Empty(string runFolder)
    {
        foreach (string folder in Directory.GetDirectories(runFolder))
        {
            int peer = int.Parse(Path.GetFileName(folder).Split('_')[1]);
            var dealt = _plan.Held[peer].Select(ChunkFiles.NameOf).ToHashSet();
            foreach (string path in Directory.GetFiles(folder))
            {
                string name = Path.GetFileName(path);
                if (name == DataName)
                    File.Delete(path);
                else if (name.StartsWith("chunk_", StringComparison.Ordinal) && !dealt.Contains(name))
                    File.WriteAllBytes(path, []);
            }
        }
        ChunkFiles.WriteBack(runFolder);
    }

    public void Dispose() => _work.Dispose();

    private void CopyChunk(int index, Stream to)
    {
        using FileStream chunk = File.OpenRead(Path.Combine(_chunks, ChunkFiles.NameOf(index)));
        chunk.CopyTo(to);
    }
}
