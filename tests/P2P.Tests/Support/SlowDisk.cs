using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>
/// Lets processes read from the disk that holds a folder no faster than given: a control group (version 1) of the
/// kernel's block layer. What is in memory of a file is read as fast as ever.
/// </summary>
internal sealed class SlowDisk : IDisposable
{
    private const string Groups = "/sys/fs/cgroup/blkio";
    private const int DontNeed = 4;
    private readonly string _group = $"{Groups}/p2p-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    /// <param name="folder">On a disk, see <see cref="IsPossible"/>.</param>
    public SlowDisk(string folder, int bytesPerSecond)
    {
        Directory.CreateDirectory(_group);
        File.WriteAllText($"{_group}/blkio.throttle.read_bps_device", $"{DeviceOf(folder)} {bytesPerSecond}");
    }

    /// <summary>Joins the group, and becomes the program that is named behind: arguments of `sh`.</summary>
    public string[] Enter => ["-c", $"echo $$ >{_group}/cgroup.procs && exec \"$@\"", "sh"];

    /// <summary>This machine has such groups, we may make one, and the folder lies on a whole disk.</summary>
    public static bool IsPossible(string folder) =>
        Libc.IsRoot && File.Exists($"{Groups}/blkio.throttle.read_bps_device")
            && Directory.Exists($"/sys/dev/block/{DeviceOf(folder)}/queue");

    /// <summary>Removes from memory what is there of a file, once the disk has it.</summary>
    public static void DropFromMemory(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        Assert.Equal(0, posix_fadvise(file, 0, 0, DontNeed));
    }

    /// <summary>To be called when its processes have ended.</summary>
    public void Dispose()
    {
        foreach (int _ in Patience.Attempts("a control group without processes"))
        {
            if (File.ReadAllText($"{_group}/cgroup.procs").Length == 0)
                break;
            Patience.Pause(TimeSpan.FromMilliseconds(20));
        }
        Directory.Delete(_group);
    }

    // "36 35 254:0 / /mount/point ..."
    private static string DeviceOf(string folder) => File.ReadLines("/proc/self/mountinfo")
        .Select(line => line.Split(' '))
        .Where(fields => fields[4] == "/" || folder == fields[4]
            || folder.StartsWith(fields[4] + "/", StringComparison.Ordinal))
        .MaxBy(fields => fields[4].Length)![2];

    [DllImport("libc")]
    private static extern int posix_fadvise(SafeFileHandle file, long offset, long bytes, int advice);
}

/// <summary>A test that slows a disk down; skipped where that can't be done.</summary>
internal sealed class SlowDiskFactAttribute : FactAttribute
{
    public SlowDiskFactAttribute()
    {
        if (!SlowDisk.IsPossible(Path.GetTempPath()))
            Skip = "needs root, control groups of version 1 for disks, and a temporary folder on a whole disk";
    }
}
