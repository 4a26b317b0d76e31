using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using P2P.Client;

namespace P2P.Tests.Support;

/// <summary>A folder with everything that a set of a folder must bring to the other end: empty files and folders, odd
/// names, holes, links, modes and times.</summary>
internal static class TestTree
{
    /// <summary>Makes the folder.</summary>
    public static void Make(string root, Random random)
    {
        foreach (string folder in new[] { "a/b", "empty", "with space, comma and %2C" })
            Directory.CreateDirectory(Path.Combine(root, folder));
        WriteFile("a/small", 100);
        WriteFile("a/b/large", 100_000);
        WriteFile("zero", 0);
        WriteFile("with space, comma and %2C/new\nline é", 16 * 1024);
        using (FileStream sparse = File.Create(Path.Combine(root, "sparse")))
        {
            sparse.SetLength(1 << 20);
            sparse.Position = 500_000;
            sparse.Write("an island"u8);
        }
        File.CreateSymbolicLink(Path.Combine(root, "link"), "a/b/large");
        File.CreateSymbolicLink(Path.Combine(root, "a/up"), "../zero");
        if (OperatingSystem.IsWindows()) return;
        File.SetUnixFileMode(Path.Combine(root, "a/small"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.SetUnixFileMode(Path.Combine(root, "empty"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetLastWriteTimeUtc(
            Path.Combine(root, "a/b/large"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(Path.Combine(root, "link"), new DateTime(2002, 3, 4, 5, 6, 7, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(Path.Combine(root, "a"), new DateTime(1969, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        void WriteFile(string name, int bytes)
        {
            byte[] content = new byte[bytes];
            ChunkSet.Fill(content, random);
            File.WriteAllBytes(Path.Combine(root, name), content);
        }
    }

    /// <summary>Everything below a folder: kinds, names, modes, times (to 100 ns), contents, targets of links; and
    /// whether holes are holes.</summary>
    public static string Describe(string root)
    {
        var text = new StringBuilder();
        foreach (string path in Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(root, path);
            var info = new FileInfo(path);
            if (info.LinkTarget is { } target)
            {
                text.AppendLine($"{name} -> {target} {info.LastWriteTimeUtc.Ticks}");
                continue;
            }
            text.Append($"{name} {(int)info.UnixFileMode} {info.LastWriteTimeUtc.Ticks}");
            if (File.Exists(path)) text.Append($" {Crc32C.Finish(Crc32C.Add(Crc32C.Start, File.ReadAllBytes(path)))}");
            if (name == "sparse") text.Append(BytesOnDisk(path) < 1 << 19 ? " has holes" : " has no holes");
            text.AppendLine();
        }
        return text.ToString();
    }

    private static long BytesOnDisk(string path)
    {
        var start = new ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true };
        using Process stat = Process.Start(start)!;
        return 512 * long.Parse(stat.StandardOutput.ReadToEnd());
    }
}
