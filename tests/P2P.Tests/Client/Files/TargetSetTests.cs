using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using P2P.Cli;
using P2P.Client;
using P2P.Posix;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Client.Files;

public sealed class TargetSetTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ChunkSums _sums = new([3, 2], [SumOf("abc"u8), SumOf("de"u8)]);

    [Fact]
    public void SecondAttempts_DoNotTouchThePlace_UntilTheyAreRight()
    {
        using TargetSet target = Open("copy", _folder["copy"], _sums);
        PartialChunk first = target.Store.CreatePartial(1), second = target.Store.CreatePartial(1, isSecond: true);
        Assert.True(first.TryWrite("xyz"u8));
        Assert.True(second.TryWrite("abc"u8));
        Assert.Equal("xyz\0\0", ReadPart());
        Assert.True(target.Store.TryCommit(1, second), second.Error);
        first.Dispose();
        Assert.Equal("abc\0\0", ReadPart());
        PartialChunk last = target.Store.CreatePartial(2);
        Assert.True(last.TryWrite("de"u8));
        Assert.True(target.Store.TryCommit(2, last), last.Error);
        Assert.True(target.TryFinish());
        Assert.Equal("abcde", Read(_folder["copy"]));
        Assert.Equal([_folder["copy"]], Directory.GetFiles(_folder.Path));
    }

    // 255 bytes are as long as a name can be.
    [Fact]
    public void ANameThatLeavesNoRoom_HasATemporaryOneAllTheSame()
    {
        string name = $"{new string('\u00e9', 125)}.mkv", path = _folder[$"{name}x"];
        using TargetSet target = Open("copy", path, _sums);
        PartialChunk first = target.Store.CreatePartial(1), second = target.Store.CreatePartial(1, isSecond: true);
        Assert.True(first.TryWrite("abc"u8));
        Assert.True(target.Store.TryCommit(1, first), first.Error);
        Assert.True(second.TryWrite("abc"u8), second.Error);
        second.Dispose();
        PartialChunk last = target.Store.CreatePartial(2);
        Assert.True(last.TryWrite("de"u8));
        Assert.True(target.Store.TryCommit(2, last), last.Error);
        Assert.True(target.TryFinish());
        Assert.Equal("abcde", Read(path));

        string joined = _folder[$"{name}y"];
        AtomicFile.Replace(joined, "whole"u8);
        string temporary = Path.GetFileName(AtomicFile.TemporaryPath(joined));
        Assert.True(FolderStore.IsTemporaryOf(temporary, $"{name}y"));
        Assert.Equal([path, joined], Directory.GetFiles(_folder.Path).Order());
    }

    [Fact]
    public void WhatAnotherWrites_IsNotTouched()
    {
        using TargetSet target = Open("copy", _folder["copy"], _sums);
        var other = new ChunkSums([1], [0]);
        Assert.Throws<ProgramException>(() => Open("copy", _folder["copy"], other));
        Assert.Equal(5, new FileInfo(_folder[".copy.part"]).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ASecondAttempt_IsStored_AndLeavesNothingWhenItsProcessIsKilled(bool isWhole)
    {
        using TargetSet target = Open("copy", _folder["copy"], _sums);
        using PartialChunk second = target.Store.CreatePartial(1, isSecond: true);
        Assert.True(isWhole ? second.TryWriteWhole("abc"u8) : second.TryWrite("abc"u8));
        Assert.Equal([_folder[".copy.part"]], Directory.GetFiles(_folder.Path));
        Assert.True(target.Store.TryCommit(1, second), second.Error);
        Assert.Equal("abc\0\0", ReadPart());
    }

    [Fact]
    public void WhereSecondAttemptsHaveNames_TheNextClientRemovesThem()
    {
        string[] others = [".copy.part.1.2.part", "..copy.part.mine.part", "..copy.parts.1.2.3.part"];
        foreach (string name in (string[])["..copy.part.1.2.345.part", .. others])
            File.WriteAllText(_folder[name], "abc");
        using TargetSet target = Open("copy", _folder["copy"], _sums);
        Assert.Equal(others.Append(".copy.part").Order(), Directory.GetFiles(_folder.Path)
            .Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void IfAnotherClientFinishesMeanwhile_ItsFileIsTaken()
    {
        File.WriteAllText(_folder[".copy.part"], "abcde");
        NativeFile other = FolderLock.Take(_folder[".copy.part"])!;
        var finish = new Thread(() =>
        {
            Patience.Pause(TimeSpan.FromMilliseconds(300));
            File.Move(_folder[".copy.part"], _folder["copy"]);
            other.Dispose();
        });
        finish.Start();
        using TargetSet target = Open("copy", _folder["copy"], _sums);
        finish.Join();
        Assert.True(target.IsFinished);
        Assert.Equal([1, 2], target.Held);
        Assert.Equal([_folder["copy"]], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void WhatAnotherSetHasLeft_DoesNotComeIntoTheFolder()
    {
        string part = _folder.MakeFolder(".copy.part");
        Directory.CreateDirectory(Path.Combine(part, "a/was a folder"));
        File.WriteAllText(Path.Combine(part, "sub"), "was a file");
        File.CreateSymbolicLink(Path.Combine(part, "link"), "elsewhere");
        File.WriteAllText(Path.Combine(part, "no more"), "stale");
        File.WriteAllBytes(Path.Combine(part, "sparse"), Enumerable.Repeat((byte)7, 30_000).ToArray());
        File.WriteAllText(Path.Combine(part, "empty"), "was not empty");
        Fetch(MakeSums());
        AssertIsSet(_folder["copy"]);
    }

    [Fact]
    public void AFolderWithItsPermissions_CanBeGoneOnWith()
    {
        string part = _folder.MakeFolder(".copy.part");
        File.WriteAllText(Path.Combine(part, "a"), "abc");
        if (OperatingSystem.IsWindows()) return;
        File.SetUnixFileMode(Path.Combine(part, "a"), UnixFileMode.None);
        File.SetUnixFileMode(Directory.CreateDirectory(Path.Combine(part, "sub")).FullName, UnixFileMode.None);
        using TargetSet target = Open("copy", _folder["copy"], MakeSums());
        Assert.Equal([1], target.Held);
        foreach (string name in new[] { "a", "sub" })
            Assert.True(File.GetUnixFileMode(Path.Combine(part, name)).HasFlag(UnixFileMode.UserWrite), name);
    }

    [Fact]
    public void AFileOfAnotherSet_GivesWayToAFolder_AndAFolderToAFile()
    {
        File.WriteAllText(_folder[".copy.part"], "was a file");
        Fetch(MakeSums());
        AssertIsSet(_folder["copy"]);
        Directory.Move(_folder["copy"], _folder[".copy.part"]);
        using TargetSet target = Open("copy", _folder["copy"], _sums);
        Assert.Empty(target.Held);
        Assert.Equal("\0\0\0\0\0", ReadPart());
    }

    public static TheoryData<string> Differences =>
        ["more", "kind", "link", "no link", "size", "hole", "no folder", ""];

    [Theory]
    [MemberData(nameof(Differences))]
    public void AFolderThatIsThere_IsServedOnlyIfNothingDiffers(string difference)
    {
        ChunkSums sums = MakeSums();
        Fetch(sums);
        string copy = _folder["copy"], sparse = Path.Combine(copy, "sparse"), link = Path.Combine(copy, "link");
        if (difference is "link" or "no link") File.Delete(link);
        switch (difference)
        {
            case "more":
                File.WriteAllText(Path.Combine(copy, "sub/more"), "");
                break;
            case "kind":
                File.Delete(Path.Combine(copy, "empty"));
                Directory.CreateDirectory(Path.Combine(copy, "empty"));
                break;
            case "link":
                File.CreateSymbolicLink(link, "sub");
                break;
            case "size":
                File.WriteAllText(Path.Combine(copy, "empty"), "not any more");
                break;
            case "hole":
                using (FileStream file = File.OpenWrite(sparse)) file.WriteByte(1);
                break;
            case "no folder":
                Directory.Delete(Path.Combine(copy, "sub"));
                break;
        }
        if (difference.Length > 0)
        {
            ProgramException refused = Assert.Throws<ProgramException>(() => Open("copy", copy, sums));
            Assert.Equal(ExitCode.Usage, refused.ExitCode);
            return;
        }
        using TargetSet target = Open("copy", copy, sums);
        Assert.True(target.IsFinished);
    }

    private static TargetSet Open(string name, string path, ChunkSums sums)
    {
        var target = new TargetSet(name, path, sums);
        target.FindHeld(null);
        return target;
    }

    // Two chunks: all of a, and an island in a sparse file.
    private static ChunkSums MakeSums()
    {
        SetFile[] files =
        [
            new(SetFileKind.File, "a") { Mode = 0b110_100_100, Bytes = 3, Data = [new SetRange(0, 3)] },
            new(SetFileKind.File, "empty") { Mode = 0b110_100_100 },
            new(SetFileKind.Link, "link") { Target = "a" },
            new(SetFileKind.File, "sparse") { Mode = 0b110_100_100, Bytes = 20_000, Data = [new SetRange(8192, 2)] },
            new(SetFileKind.Folder, "sub") { Mode = 0b111_101_101 },
        ];
        long[] sizes = [3, 2];
        return new ChunkSums(sizes, [SumOf("abc"u8), SumOf("de"u8)],
            SetFiles.TryMake(files, 2, index => sizes[index - 1]));
    }

    private void Fetch(ChunkSums sums)
    {
        using TargetSet target = Open("copy", _folder["copy"], sums);
        foreach (int index in new[] { 1, 2 }.Except(target.Held))
        {
            PartialChunk chunk = target.Store.CreatePartial(index);
            Assert.True(chunk.TryWrite(index == 1 ? "abc"u8 : "de"u8), chunk.Error);
            Assert.True(target.Store.TryCommit(index, chunk), chunk.Error);
        }
        Assert.True(target.TryFinish());
    }

    private static void AssertIsSet(string root)
    {
        IEnumerable<string> names = Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path)).Order();
        Assert.Equal(["a", "empty", "link", "sparse", "sub"], names);
        Assert.Equal("abc", Read(Path.Combine(root, "a")));
        Assert.Equal(0, new FileInfo(Path.Combine(root, "empty")).Length);
        Assert.Equal("a", new FileInfo(Path.Combine(root, "link")).LinkTarget);
        byte[] sparse = new byte[20_000];
        "de"u8.CopyTo(sparse.AsSpan(8192));
        Assert.Equal(sparse, File.ReadAllBytes(Path.Combine(root, "sparse")));
        Assert.True(Directory.Exists(Path.Combine(root, "sub")));
    }

    // The file is locked, and .NET's own reading would ask for the lock.
    private string ReadPart() => Read(_folder[".copy.part"]);

    // The runtime's own files ask for a lock, and a child that is just being started still holds the target's.
    private static string Read(string path)
    {
        using NativeFile file = NativeFile.TryOpen(path, out _)!;
        byte[] bytes = new byte[100];
        return Encoding.ASCII.GetString(bytes, 0, file.Read(bytes, 0));
    }

    public void Dispose() => _folder.Dispose();

    private static uint SumOf(ReadOnlySpan<byte> bytes) => Crc32C.Finish(Crc32C.Add(Crc32C.Start, bytes));
}
