using System;
using System.IO;
using P2P.Tests.Support;

namespace P2P.Stress;

/// <summary>
/// A disk of its own for one client (a tmpfs), which is filled up and freed again. It is mounted for the round's thread
/// and the processes which that starts, and nobody else sees it; it goes with the last of them, however they end.
/// </summary>
internal sealed class SmallDisk(string folder, Random random)
{
    private const int PageBytes = 4096;
    private readonly string _filler = Path.Combine(folder, "filler");

    /// <summary>Whether this user may mount one.</summary>
    public static bool IsPossible => Libc.IsRoot;

    public bool IsFull { get; private set; }

    /// <summary>When it is to be freed, by the round's clock.</summary>
    public TimeSpan FullUntil { get; set; }

    /// <summary>Room for all chunks, for as many attempts as may run at once, and for the small files.</summary>
    public static long BytesFor(ChunkSet chunks)
    {
        long all = 0, largest = 0;
        foreach (int index in chunks.Indexes)
        {
            long bytes = (chunks[index].Length + PageBytes - 1) / PageBytes * PageBytes;
            (all, largest) = (all + bytes, Math.Max(largest, bytes));
        }
        return all + 8 * largest + 64 * PageBytes;
    }

    /// <summary>Takes all the room that is left but a few pages, often none.</summary>
    public void Fill()
    {
        IsFull = true;
        using var filler = new FileStream(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] page = new byte[PageBytes];
        try
        {
            while (true)
                filler.Write(page);
        }
        catch (IOException)
        {
            // That was the last page.
        }
        int free = random.Next(3) == 0 ? 0 : random.Next(1, 40);
        filler.SetLength(Math.Max(0, filler.Length / PageBytes - free) * PageBytes);
    }

    /// <summary>Gives it another size.</summary>
    /// <param name="isEnough">What the round wants to write fits.</param>
    public void Resize(long bytes, bool isEnough)
    {
        IsFull = !isEnough;
        var drive = new DriveInfo(folder);              // it can't become smaller than what is on it
        long used = drive.TotalSize - drive.TotalFreeSpace;
        OtherMachine.ResizeSmallDisk(folder, Math.Max(bytes, used + 4 * PageBytes));
    }

    public void Free()
    {
        IsFull = false;
        File.Delete(_filler);
    }
}
