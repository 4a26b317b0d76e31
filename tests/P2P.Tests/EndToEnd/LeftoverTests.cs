using System;
using System.IO;
using System.Linq;
using P2P.Client;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>
/// What split, join and -out leave when they are ended: nothing after a signal; after a kill what the next run clears
/// away, without touching what a living process is at.
/// </summary>
public sealed class LeftoverTests(ITestOutputHelper output) : SystemTest(output)
{
    [Theory]
    [InlineData("SIGTERM", 143)]
    [InlineData("SIGINT", 130)]
    [InlineData("SIGHUP", 129)]
    public void AJoinThatIsToldToEnd_LeavesNothing(string signal, int exitCode)
    {
        MakeEndlessChunk("parts");
        NativeProcess join = Start("join", "-folder", "parts", "-out", "copy");
        WaitForPart(join);
        Send(join, signal);
        Assert.Equal(exitCode, join.WaitForExit());
        Assert.Equal($"P2PClient: join was ended by {signal}: no file was made", Assert.Single(join.Errors.All));
        Assert.Empty(Directory.GetFiles(Folder.Path));
    }

    [Theory]
    [InlineData("SIGTERM", 143)]
    [InlineData("SIGINT", 130)]
    [InlineData("SIGHUP", 129)]
    public void ASplitThatIsToldToEnd_LeavesNothing(string signal, int exitCode)
    {
        Folder.MakeFolder("part2");
        File.WriteAllText(Folder["part2/mine"], "mine");
        NativeProcess split = StartLongSplit("part", "-deal", "2", "-seed", "1");
        Send(split, signal);
        Assert.Equal(exitCode, split.WaitForExit());
        Assert.Equal($"P2PClient: split was ended by {signal}: what it had made is removed",
            Assert.Single(split.Errors.All));
        Assert.False(Directory.Exists(Folder["part1"]));
        Assert.Equal("mine", File.ReadAllText(Assert.Single(Directory.GetFileSystemEntries(Folder["part2"]))));
    }

    [Fact]
    public void WhatAKilledJoinHasLeft_IsRemovedByTheNext_ButNothingOfALivingOne()
    {
        MakeEndlessChunk("parts");
        NativeProcess killed = Start("join", "-folder", "parts", "-out", "copy");
        WaitForPart(killed);
        killed.Kill();
        killed.WaitForExit();
        File.WriteAllText(Folder[".copy.part"], "mine");
        File.WriteAllText(Folder[".copy.1x.part"], "mine");
        File.WriteAllText(Folder[".other.1.part"], "mine");

        NativeProcess first = Start("join", "-folder", "parts", "-out", "copy");
        WaitForPart(first);
        NativeProcess second = Start("join", "-folder", "parts", "-out", "copy");
        WaitForPart(second);
        Assert.Equal(
            new[] { ".copy.1x.part", ".copy.part", ".other.1.part", PartOf(first), PartOf(second) }
                .Order(StringComparer.Ordinal),
            FolderTests.FilesIn(Folder.Path));
    }

    [Fact]
    public void WhatAKilledClientHasLeftBesideItsOut_IsRemovedByTheNext()
    {
        MakeEndlessChunk("client_1");
        int port = StartNaiveTracker().Port;
        ClientProcess killed = StartClient("client_1", port, "-out", "copy");
        WaitForPart(killed);
        killed.Kill();
        killed.WaitForExit();
        ClientProcess next = StartClient("client_1", port, "-out", "copy");
        WaitForPart(next);
        FolderTests.AssertStops(next, next.HangUp);
        Assert.Equal(["logs.log"], FolderTests.FilesIn(Folder.Path));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AFolderThatIsHalfMade_IsMadeAnew(int folders)
    {
        string[] more = folders == 1 ? [] : ["-deal", $"{folders}", "-seed", "1"];
        NativeProcess split = StartLongSplit("part", more);
        split.Kill();
        split.WaitForExit();
        string[] made = folders == 1 ? [Folder["part"]] : [Folder["part1"], Folder["part2"]];
        File.WriteAllText(Path.Combine(made[^1], "mine"), "mine");

        NativeProcess again = Start(["split", "file", "-folder", "part", "-chunk_size", "40000", .. more]);
        Assert.True(again.WaitForExit() == 0, again.Describe());
        Assert.Equal(
            made.Select(Path.GetFileName).Select(folder =>
                $"P2PClient: folder {folder} was left half made by an earlier split: it is made anew"),
            again.Errors.All);
        // 150,000 bytes are 4 chunks of 40,000.
        Assert.Equal(4, made.Sum(folder => Directory.GetFiles(folder, "chunk_*").Length));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(made[^1], "mine")));
        foreach (string folder in made)
        {
            Assert.Equal("4,LASTCHUNK", File.ReadAllLines(Path.Combine(folder, "local_chunks.txt"))[^1]);
            string[] known = ["chunks.crc", "local_chunks.txt", "mine"];
            Assert.All(FolderTests.FilesIn(folder),
                name => Assert.True(known.Contains(name) || name.StartsWith("chunk_", StringComparison.Ordinal), name));
        }
    }

    [Fact]
    public void AFolderThatIsBeingMade_IsNotTouchedByAnotherSplit()
    {
        NativeProcess first = StartLongSplit("part");
        NativeProcess second = Start("split", "file", "-folder", "part");
        Assert.Equal(1, second.WaitForExit());
        Assert.Equal(
            "P2PClient: another P2PClient is using part: end that one first, or give another with -folder",
            Assert.Single(second.Errors.All));
        Assert.False(first.HasExited);
        Assert.True(File.Exists(Folder["part/chunk_1"]));
    }

    // It was finished, and is somebody's: only the lists tell a folder that is whole from one that is not.
    [Fact]
    public void AFolderThatIsWhole_IsLeftAlone_EvenWithALeftoverOfItsMaking()
    {
        File.WriteAllBytes(Folder["file"], new byte[1000]);
        Assert.Equal(0, Start("split", "file", "-folder", "part").WaitForExit());
        File.WriteAllText(Folder["part/.chunk_split.part"], "");
        NativeProcess again = Start("split", "file", "-folder", "part");
        Assert.Equal(2, again.WaitForExit());
        Assert.Contains("folder part holds", Assert.Single(again.Errors.All));
        Assert.True(File.Exists(Folder["part/chunk_1"]));
    }

    // A chunk that takes minutes to read, since its sum is known, and no room on the disk.
    private void MakeEndlessChunk(string folder)
    {
        const long bytes = 400L << 30;
        using (FileStream file = File.Create(Path.Combine(Folder.MakeFolder(folder), "chunk_1")))
            file.SetLength(bytes);
        File.WriteAllText(Folder[$"{folder}/local_chunks.txt"], "1,chunk_1\n1,LASTCHUNK\n");
        new ChunkSums([bytes], [1]).Save(Folder[folder]);
    }

    // As many chunks as bytes, so that it takes long; waits for the first ones.
    private NativeProcess StartLongSplit(string folder, params string[] more)
    {
        File.WriteAllBytes(Folder["file"], new byte[150_000]);
        NativeProcess split = Start(["split", "file", "-folder", folder, "-chunk_size", "1", .. more]);
        string first = more.Length == 0 ? folder : folder + "1";
        FolderWatch.WaitForFile(Folder.Path, _ => Directory.Exists(Folder[first]), "the folder");
        FolderWatch.WaitForFile(Folder[first], name => name.StartsWith("chunk_", StringComparison.Ordinal), "a chunk");
        return split;
    }

    private NativeProcess Start(params string[] arguments) =>
        Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));

    private static string PartOf(NativeProcess process) => $".copy.{process.Id}.part";

    private void WaitForPart(NativeProcess process) =>
        FolderWatch.WaitForFile(Folder.Path, name => name == PartOf(process) && new FileInfo(Folder[name]).Length > 0,
            $"{PartOf(process)}\n{process.Describe()}");

    private static void Send(NativeProcess process, string signal)
    {
        if (signal == "SIGTERM") process.Terminate();
        else if (signal == "SIGINT") process.Interrupt();
        else process.HangUp();
    }
}
