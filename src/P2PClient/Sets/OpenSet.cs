using System;
using System.Collections.Generic;
using System.IO;
using P2P.Cli;
using P2P.Posix;

namespace P2P.Client;

/// <summary>The file-set that the arguments name, ready to be served and fetched.</summary>
internal sealed class OpenSet : IDisposable
{
    private readonly NativeFile? _lock;

    private OpenSet(ChunkStore store, ChunkSums? sums, ICollection<int> held, NativeFile? folderLock = null)
    {
        Files = new FileSet(store, new ChunkPicker(store.ChunkCount, held, Random.Shared), sums);
        _lock = folderLock;
    }

    public FileSet Files { get; }

    /// <summary>The folder's list names all chunks that are held.</summary>
    public bool IsListSaved { get; private init; } = true;

    /// <summary>Finds the set, makes what is missing of it, and locks it.</summary>
    /// <exception cref="ProgramException">It can't be used.</exception>
    public static OpenSet Open(ClientOptions options)
    {
        if (options.SeedPath is not null)
        {
            ChunkSums sums = SeedSet.Open(options, Warn, out PlacedStore store);
            int[] all = new int[sums.ChunkCount];
            for (int i = 0; i < all.Length; i++) all[i] = i + 1;
            return new OpenSet(store, sums, all);
        }
        ChunkSums? found = options.IsFetch ? new SetFinder(options).Find() : null;
        if (!options.IsInPlace) return OpenFolder(options, found, Warn);
        if (options.IsStream && found!.Files is not null)
            throw new ProgramException(ExitCode.Usage, "the set is a folder, which is no stream: name it with -out");
        TargetSet target = options.IsStream
            ? new TargetSet(found!)
            : new TargetSet(options.OutName!, options.OutPath!, found!);
        if (!options.IsStream)
        {
            string name = $"checking {Path.GetFileName(options.OutPath)}";
            using var progress = new StartProgress(options, name, found!.TotalBytes);
            target.FindHeld(progress.Add);
        }
        var set = new OpenSet(target.Store, found, target.Held);
        set.Files.Target = target;
        return set;

        void Warn(string warning) => ClientReport.Trouble(options, "folder", warning);
    }

    /// <summary>Gives the folder back.</summary>
    public void Dispose()
    {
        _lock?.Dispose();
        Files.Target?.Dispose();
    }

    private static OpenSet OpenFolder(ClientOptions options, ChunkSums? found, Action<string> warn)
    {
        ChunkSums? sums = FolderLists.LoadSums(options.Folder) ?? found;
        if (found is not null && sums!.Id != found.Id)
        {
            throw new ProgramException(ExitCode.Usage, $"{options.Folder} has chunks of another set than the swarm of "
                + $"{options.TrackerName}: give another folder with -folder");
        }
        NativeFile? folderLock = NewFolder.Prepare(options, sums);
        if (found is not null) NewFolder.SaveSums(options, found);
        LocalChunksFile list = FolderLists.Load(options.Folder, warn);
        NewFolder.Check(options, list);
        if (sums is not null) FolderLists.Compare(sums, list, options.Folder, warn);
        var store = new FolderStore(options.Folder, list);
        CleanFolder(options, store, isNeeded: list.Held.Count < list.ChunkCount);
        bool isListSaved = Adopt(options, store, list, sums) == 0;
        var set = new OpenSet(store, sums, list.Held.Keys, folderLock) { IsListSaved = isListSaved };
        if (options.OutPath is not null && !options.IsStream && sums?.Files is null)
            OutputFile.Check(options.OutName!, options.OutPath, mayExist: set.Files.IsComplete);
        return set;
    }

    // Chunks that lie there unlisted are read, if there are sums to compare them with.
    private static int Adopt(ClientOptions options, FolderStore store, LocalChunksFile list, ChunkSums? sums)
    {
        if (sums is null) return store.Adopt(list, null);
        string name = $"checking {Path.GetFileName(options.Folder)}";
        using var progress = new StartProgress(options, name, store.UnlistedBytes(list, sums));
        return store.Adopt(list, sums, progress.Add);
    }

    // A client that has every chunk may serve from a folder that can't be written.
    private static void CleanFolder(ClientOptions options, FolderStore store, bool isNeeded)
    {
        try
        {
            store.Clean();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (isNeeded)
            {
                throw new ProgramException(
                    ExitCode.Usage,
                    $"can't write to folder {options.Folder}: {DiskError.Describe(e)}; "
                    + $"let this user write there, or give another with -folder");
            }
        }
    }
}
