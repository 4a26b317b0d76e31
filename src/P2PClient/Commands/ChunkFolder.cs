using System.IO;
using P2P.Cli;

namespace P2P.Client;

/// <summary>A folder as the commands see it: its list, its sums and its files.</summary>
internal sealed class ChunkFolder
{
    private readonly LocalChunksFile _list;

    /// <summary>Reads the lists; wrong lines are reported on stderr.</summary>
    /// <exception cref="ProgramException">They can't be used.</exception>
    public ChunkFolder(string folder)
    {
        _list = FolderLists.Load(Path.GetFullPath(folder), Warn);
        Sums = FolderLists.LoadSums(folder);
        if (Sums is not null) FolderLists.Compare(Sums, _list, folder, Warn);
        Store = new FolderStore(Path.GetFullPath(folder), _list);

        void Warn(string warning) => Terminal.PrintError($"{folder}: {warning}");
    }

    public FolderStore Store { get; }

    /// <summary>Null if the folder has none.</summary>
    public ChunkSums? Sums { get; }

    public bool IsComplete => Missing == 0;

    /// <summary>Chunks that are not here.</summary>
    public int Missing => _list.ChunkCount - _list.Held.Count;

    /// <summary>Bytes of all chunks that are here.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (int chunkIndex in _list.Held.Keys) bytes += _list.Sizes[chunkIndex];
            return bytes;
        }
    }

    /// <summary>True if the chunk's file is there, and has the right size as far as that is known.</summary>
    public bool Has(int chunkIndex) => _list.Held.ContainsKey(chunkIndex);

    /// <summary>Names the missing chunks: <c>3 of 16 chunks are missing (3-4, 9)</c>.</summary>
    public string DescribeMissing() => IndexRanges.Tell(_list.ChunkCount, index => !Has(index), "missing");
}
