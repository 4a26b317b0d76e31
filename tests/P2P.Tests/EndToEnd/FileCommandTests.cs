using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.EndToEnd;

/// <summary>split, join and verify of the native program: files in, files out,
/// and a clear word when it can't be.</summary>
public sealed class FileCommandTests(ITestOutputHelper output) : SystemTest(output)
{
    [Fact]
    public void AFile_IsSplitJoinedAndVerified()
    {
        byte[] content = MakeFile("movie", 1_000_000);
        Assert.Equal("movie: 1.00 MB, 16 chunks of 65.5 kB, in parts",
            Succeed("split", "movie", "-folder", "parts", "-chunk_size", "64K"));
        Assert.Equal([.. Enumerable.Range(1, 16).Select(index => $"{index},chunk_{index}"), "16,LASTCHUNK"],
            File.ReadAllLines(Folder["parts/local_chunks.txt"]));
        Assert.Equal("16,CRC32C", File.ReadAllLines(Folder["parts/chunks.crc"])[^1]);
        Assert.Equal(1_000_000 - 15 * 65536, new FileInfo(Folder["parts/chunk_16"]).Length);
        Assert.Equal(18, Directory.GetFiles(Folder["parts"]).Length);

        Assert.Equal("copy: 1.00 MB, joined from 16 chunks in parts, every sum right",
            Succeed("join", "-folder", "parts", "-out", "copy"));
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
        Assert.Equal("parts: all 16 chunks are there, every sum right, 1.00 MB", Succeed("verify", "-folder", "parts"));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(4096, 1)]
    [InlineData(4097, 2)]
    public void AnySize_ComesOutAsItWentIn(int bytes, int chunkCount)
    {
        byte[] content = MakeFile("file", bytes);
        Succeed("split", "file", "-folder=parts", "-chunk_size=4K");
        Assert.Equal(chunkCount, Directory.GetFiles(Folder["parts"], "chunk_*").Length);
        Succeed("join", "-folder=parts", "-out=copy");
        Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DealtChunks_AreInAsManyFoldersAsAsked_AndEachListIsRight(int copies)
    {
        MakeFile("file", 100_000);
        Succeed("split", "file", "-folder", "part", "-chunk_size", "1K", "-deal", "3", "-copies",
            $"{copies}", "-seed", "1");
        string[][] lists = Enumerable.Range(1, 3)
            .Select(i => File.ReadAllLines(Folder[$"part{i}/local_chunks.txt"])).ToArray();
        Assert.All(lists, list => Assert.Equal("98,LASTCHUNK", list[^1]));
        IGrouping<string, string>[] dealt = lists.SelectMany(list => list[..^1]).GroupBy(line => line).ToArray();
        Assert.Equal(98, dealt.Length);
        Assert.All(dealt, each => Assert.Equal(copies, each.Count()));
        for (int i = 1; i <= 3; i++)
        {
            string folder = Folder[$"part{i}"];
            Assert.Equal(lists[i - 1][..^1].Select(line => line.Split(',')[1]).Order(),
                Directory.GetFiles(folder, "chunk_*").Select(path => Path.GetFileName(path)).Order());
            Assert.Equal(File.ReadAllText(Folder["part1/chunks.crc"]),
                File.ReadAllText(Path.Combine(folder, "chunks.crc")));
            Assert.InRange(lists[i - 1].Length, 10 * copies, 98);
        }
    }

    [Fact]
    public void MissingChunks_AreNamed_AndNothingIsJoined()
    {
        MakeFile("file", 9000);
        Succeed("split", "file", "-folder", "parts", "-chunk_size", "1000");
        foreach (int index in new[] { 3, 4, 5, 6, 7, 9 }) File.Delete(Folder[$"parts/chunk_{index}"]);
        Assert.Contains("6 of 9 chunks are missing (3-7, 9)", Fail(3, "join", "-folder", "parts", "-out", "copy"));
        Assert.Contains("6 of 9 chunks are missing (3-7, 9)", Fail(3, "verify", "-folder", "parts"));
        Assert.Equal(["file"], Directory.GetFiles(Folder.Path).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void AWrongByte_IsFound_AndNothingIsJoined()
    {
        MakeFile("file", 9000);
        Succeed("split", "file", "-folder", "parts", "-chunk_size", "1000");
        byte[] chunk = File.ReadAllBytes(Folder["parts/chunk_4"]);
        chunk[999] ^= 1;
        File.WriteAllBytes(Folder["parts/chunk_4"], chunk);
        Assert.Contains("1 of 9 chunks is wrong (4)", Fail(1, "verify", "-folder", "parts"));
        Assert.Contains("chunk_4 is not what chunks.crc says", Fail(1, "join", "-folder", "parts", "-out", "copy"));

        File.WriteAllBytes(Folder["parts/chunk_4"], chunk[..500]);
        Assert.Contains("chunk_4 has 500 bytes, 1000 are right", Fail(3, "verify", "-folder", "parts"));
        Assert.Equal(["file"], Directory.GetFiles(Folder.Path).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void NothingThatIsThere_IsOverwritten()
    {
        MakeFile("file", 5000);
        Succeed("split", "file", "-folder", "parts", "-chunk_size", "1000");
        Dictionary<string, string> before = Directory.GetFiles(Folder["parts"])
            .ToDictionary(path => path, File.ReadAllText);
        Assert.Contains("already", Fail(2, "split", "file", "-folder", "parts", "-chunk_size", "2000"));
        Assert.Equal(before, Directory.GetFiles(Folder["parts"]).ToDictionary(path => path, File.ReadAllText));

        File.WriteAllText(Folder["copy"], "mine");
        Assert.Contains("there is a file copy already", Fail(2, "join", "-folder", "parts", "-out", "copy"));
        Assert.Equal("mine", File.ReadAllText(Folder["copy"]));
        File.Copy(Folder["file"], Folder["copy"], overwrite: true);
        Assert.Contains("was there already, and is the same", Succeed("join", "-folder", "parts", "-out", "copy"));
    }

    // The kernel may not copy from one to the other by itself.
    [RootFact]
    public void AFile_IsSplitAndJoined_OntoAnotherFileSystem() =>
        OtherMachine.WithSmallDisk(Folder.MakeFolder("other"), 16 << 20, () =>
        {
            byte[] content = MakeFile("file", 3_000_000);
            Succeed("split", "file", "-folder", "other/parts", "-chunk_size", "700000");
            Succeed("join", "-folder", "other/parts", "-out", "copy");
            Assert.Equal(content, File.ReadAllBytes(Folder["copy"]));
            Succeed("split", "file", "-folder", "parts", "-chunk_size", "700000");
            Succeed("join", "-folder", "parts", "-out", "other/copy");
            Assert.Equal(content, File.ReadAllBytes(Folder["other/copy"]));
        });

    [RootFact]
    public void AFullDisk_LeavesNothingBehind() => OtherMachine.WithSmallDisk(Folder.MakeFolder("small"), 2 << 20, () =>
    {
        MakeFile("file", 3_000_000);
        Assert.Contains("can't split", Fail(4, "split", "file", "-folder", "small/parts", "-chunk_size", "200000"));
        Assert.Empty(Directory.GetFileSystemEntries(Folder["small"]));
        Succeed("split", "file", "-folder", "parts");
        Assert.Contains("can't write small/copy", Fail(4, "join", "-folder", "parts", "-out", "small/copy"));
        Assert.Empty(Directory.GetFileSystemEntries(Folder["small"]));
    });

    [Theory]
    [InlineData("split", "file")]
    [InlineData("split", "-folder", "parts")]
    [InlineData("split", "file", "-folder", "parts", "-chunk_size", "0")]
    [InlineData("split", "file", "-folder", "parts", "-deal", "0")]
    [InlineData("split", "file", "-folder", "parts", "-deal", "2", "-copies", "3")]
    [InlineData("split", "file", "-folder", "parts", "-copies", "1")]
    [InlineData("split", "file", "other", "-folder", "parts")]
    [InlineData("split", "nothing", "-folder", "parts")]
    [InlineData("split", ".", "-folder", "parts")]
    [InlineData("join", "-folder", "parts")]
    [InlineData("join", "-folder", "nowhere", "-out", "copy")]
    [InlineData("verify", "-folder", "nowhere")]
    [InlineData("verify", "-folder", "parts", "-out", "copy")]
    public void WrongArguments_AreExitCode2(params string[] arguments)
    {
        MakeFile("file", 5000);
        Fail(2, arguments);
        Assert.Equal(["file"], Directory.GetFileSystemEntries(Folder.Path).Select(path => Path.GetFileName(path)));
    }

    [Theory]
    [InlineData("split", "usage: P2PClient split <file|folder|-> -folder <path> [-chunk_size <size>]")]
    [InlineData("join", "usage: P2PClient join -folder <path> -out <file|folder|->")]
    [InlineData("verify", "usage: P2PClient verify -folder <path>")]
    public void ACommandAlone_PrintsItsUsage(string command, string usage)
    {
        string[] lines = Fail(2, command).Split('\n');
        Assert.Equal(usage, lines[0]);
        Assert.Equal($"(see P2PClient {command} -help)", lines[^1]);
        Assert.InRange(lines.Length, 2, 3);
    }

    [Theory]
    [InlineData("split", "-help", "-chunk_size", "-deal", "-copies", "-seed")]
    [InlineData("join", "--help", "-out")]
    [InlineData("verify", "-h", "-folder")]
    [InlineData("fetch", "-help", "-out", "-tracker", "-folder", "-exit_when_complete", "-timeout")]
    [InlineData("status", "--help", "-tracker", "-watch", "-json")]
    public void HelpOfACommand_TellsAllAboutIt_In80Columns(string command, string spelling, params string[] options)
    {
        NativeProcess process = Own(new NativeProcess(NativePrograms.Client, Folder.Path, command, spelling));
        Assert.Equal(0, process.WaitForExit());
        Assert.Empty(process.Errors.All);
        string[] lines = [.. process.Output.All];
        Assert.StartsWith($"usage: P2PClient {command} ", lines[0]);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 79));
        Assert.All(options, option => Assert.Contains(lines, line => line.StartsWith($"  {option} ")));
        Assert.Contains("exit codes", lines);
        Assert.Contains(lines, line => line.StartsWith($"  P2PClient {command} "));
        Assert.InRange(lines.Length, 20, 60);
    }

    [Fact]
    public void WrongArgumentsOfACommand_AreToldInOneLine()
    {
        Assert.Equal(
            "P2PClient split: unknown option -chunksize, did you mean -chunk_size? (see P2PClient split -help)",
            Fail(2, "split", "file", "-folder", "parts", "-chunksize", "1K"));
        Assert.Equal("P2PClient: unknown command jion, did you mean join? (see -help)",
            Fail(2, "jion", "-folder", "parts", "-out", "file"));
    }

    [Theory]
    [InlineData("fetch", "which file? name it with -out, or give a folder for its chunks with -folder", "fetch")]
    [InlineData("fetch", "which file? name it with -out, or give a folder for its chunks with -folder",
        "fetch", "-exit_when_complete")]
    [InlineData("fetch", "option -out lacks its value", "fetch", "-out")]
    [InlineData("fetch", "unknown option -ot, did you mean -out?", "fetch", "-ot", "copy")]
    [InlineData("status", "option -tracker lacks its value", "status", "-tracker")]
    [InlineData("status", "unexpected argument 'hub'", "status", "hub")]
    public void WhatFetchAndStatusLack_IsToldInOneLine_ThatNamesTheirHelp(
        string command, string said, params string[] arguments) =>
        Assert.Equal($"P2PClient {command}: {said} (see P2PClient {command} -help)", Fail(2, arguments));

    [Fact]
    public void ASingleChunk_AndASingleByte_AreTold()
    {
        MakeFile("file", 1);
        Assert.Equal("file: 1 byte, 1 chunk, in parts", Succeed("split", "file", "-folder", "parts"));
        Assert.Equal("parts: the only chunk is there, every sum right, 1 byte", Succeed("verify", "-folder", "parts"));
        Assert.Equal("copy: 1 byte, joined from 1 chunk in parts, every sum right",
            Succeed("join", "-folder", "parts", "-out", "copy"));
        File.WriteAllText(Folder["parts/chunk_1"], "xy");
        Assert.Equal(
            ["parts: chunk_1 has 2 bytes, 1 is right: chunk 1 is not served, and fetched anew",
                "parts: the only chunk is missing: a client fetches it"],
            Fail(3, "verify", "-folder", "parts").Split('\n'));
        File.WriteAllText(Folder["parts/chunks.crc"], "1,2,00000000\n1,CRC32C\n");
        Assert.Equal("parts: the only chunk is wrong: remove its file, and a client fetches it again",
            Fail(1, "verify", "-folder", "parts"));
        File.WriteAllText(Folder["parts/local_chunks.txt"], "2,LASTCHUNK\n");
        Assert.Contains("chunks.crc in parts is of 1 chunk, local_chunks.txt of 2: ",
            Fail(2, "verify", "-folder", "parts"));
    }

    // A device has no end, a file of /proc or /sys no size that is true: none of them can be split.
    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/dev/zero")]
    [InlineData("/dev/tty")]
    [InlineData("/proc/cpuinfo")]
    [InlineData("/proc/self/status")]
    [InlineData("/sys/devices/system/cpu/online")]
    [InlineData("pipe")]
    public void WhatIsNoRegularFile_IsNotSplit(string file)
    {
        if (file == "pipe") Assert.Equal(0, Own(new NativeProcess("mkfifo", Folder.Path, file)).WaitForExit());
        string said = Fail(2, "split", file, "-folder", "parts");
        Assert.Contains(file, said);
        Assert.False(Directory.Exists(Folder["parts"]));
    }

    // As somebody who may not write there: root may everywhere.
    [RootFact]
    public void WhatMayNotBeWritten_IsToldInTheSystemsWords()
    {
        MakeFile("file", 5000);
        Succeed("split", "file", "-folder", "parts");
        foreach (string[] arguments in new string[][]
        {
            ["split", "file", "-folder", "others"],
            ["join", "-folder", "parts", "-out", "copy"],
            ["-folder", "new", "-chunks", "3"],
            ["-folder", "missing"],
        })
        {
            new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("missing"), 1);
            Assert.Equal(0, Own(new NativeProcess("chmod", Folder.Path, "755", Folder.Path)).WaitForExit());
            NativeProcess process = Own(new NativeProcess("setpriv", Folder.Path,
                ["--reuid=65534", "--clear-groups", NativePrograms.Client, .. arguments]));
            Assert.InRange(process.WaitForExit(), 2, 4);
            string line = Assert.Single(process.Errors.All);
            Assert.DoesNotContain("Access to the path", line);
            if (arguments[0] != "join") Assert.Contains(": Permission denied; ", line);
        }
    }

    [Fact]
    public void WhatIsInTheWay_IsToldInTheSystemsWords()
    {
        MakeFile("file", 5000);
        Assert.Equal(
            $"P2PClient: can't make the folder {Folder["file"]}: File exists; let this user write there, or give "
            + "another with -folder",
            Fail(2, "-folder", "file", "-chunks", "3"));
        Assert.Contains(": No such file or directory; ", Fail(4, "split", "file", "-folder", "file/parts"));
    }

    [Fact]
    public void AFolderWithTheNameOfACommand_IsStillAFolder()
    {
        new ChunkSet(Random, 2, 1000).DealTo(Folder.MakeFolder("join"), 1, 2);
        ClientProcess client = Own(new ClientProcess(Folder.Path, "join", Folder["join"], "join", "-tracker",
            $"localhost:{StartTracker().Port}"));
        client.WaitUntilComplete();
    }

    private byte[] MakeFile(string name, int bytes)
    {
        byte[] content = new byte[bytes];
        ChunkSet.Fill(content, Random);
        File.WriteAllBytes(Folder[name], content);
        return content;
    }

    private string Succeed(params string[] arguments)
    {
        NativeProcess process = Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));
        Assert.True(process.WaitForExit() == 0, process.Describe());
        Assert.Empty(process.Errors.All);
        return Assert.Single(process.Output.All);
    }

    private string Fail(int exitCode, params string[] arguments)
    {
        NativeProcess process = Own(new NativeProcess(NativePrograms.Client, Folder.Path, arguments));
        Assert.True(process.WaitForExit() == exitCode, process.Describe());
        Assert.Empty(process.Output.All);
        return string.Join("\n", process.Errors.All);
    }
}
