using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using P2P.Cli;
using P2P.Client;
using P2P.Tests.Protocol;
using P2P.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Client;

/// <summary>PROTOCOL 4.1 and 4.2. The folder holds the files a, b, c and "d,e f"; what is shown of a list is
/// <c>count: held chunks = their files; skipped lines</c>.</summary>
public sealed class LocalChunksFileTests : IDisposable
{
    private static readonly string[] Files = ["a", "b", "c", "d,e f"];
    private readonly ITestOutputHelper _output;
    private readonly TempFolder _root = new();
    private readonly string _folder;
    private readonly List<string> _warnings = [];

    public LocalChunksFileTests(ITestOutputHelper output)
    {
        _output = output;
        _folder = _root.MakeFolder("folder");
        foreach (string name in Files) File.WriteAllText(Path.Combine(_folder, name), name);
    }

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("1,a\n2,b\n3,LASTCHUNK\n", "3: 1=a 2=b;")]
    [InlineData("1,a\r\n2,b\r\n3,LASTCHUNK\r\n", "3: 1=a 2=b;")]
    [InlineData("1,a\n3,LASTCHUNK", "3: 1=a;")]
    [InlineData("\n\n1,a\n \t \n\r\n3,LASTCHUNK\n\n", "3: 1=a;")]
    [InlineData(" 1 , a \n\t2\t,\tb\t\n 3 , LASTCHUNK ", "3: 1=a 2=b;")]
    [InlineData("\uFEFF1,a\n3,LASTCHUNK\n", "3: 1=a;")]
    [InlineData("3,LASTCHUNK\n", "3:;")]
    [InlineData("3,c\n1,a\n2,b\n3,LASTCHUNK\n", "3: 1=a 2=b 3=c;")]
    [InlineData("1,d,e f\n3,LASTCHUNK\n", "3: 1=d,e f;")]
    [InlineData("01,a\n003,LASTCHUNK\n", "3: 1=a;")]
    [InlineData("1,a\n2,a\n3,LASTCHUNK\n", "3: 1=a 2=a;")]
    [InlineData("16777216,LASTCHUNK\n", "16777216:;")]
    public void AList_IsReadWithAnyEndOfLine_AndBlanksAnywhere(string list, string shown) =>
        Assert.Equal(shown, Load(list));

    [Theory]
    [InlineData("0,a\n1,b\n3,LASTCHUNK\n", "3: 1=b; 1")]
    [InlineData("4,a\n3,LASTCHUNK\n", "3:; 1")]
    [InlineData("1,b\n-1,a\n+2,a\n3,LASTCHUNK\n", "3: 1=b; 2 3")]
    [InlineData("99999999999999999999,a\n3,LASTCHUNK\n", "3:; 1")]
    [InlineData("1,a\n1,b\n2,b\n3,LASTCHUNK\n", "3: 1=a 2=b; 2")]
    [InlineData("1,missing\n2,b\n3,LASTCHUNK\n", "3: 2=b; 1")]
    [InlineData("1,missing\n1,gone\n1,a\n3,LASTCHUNK\n", "3:; 1 2 3")]
    [InlineData("a\n1\n1,\n,a\n1a,b\n1;a\n3,LASTCHUNK\n", "3:; 1 2 3 4 5 6")]
    [InlineData("x,LASTCHUNK\nLASTCHUNK\n1,a\n3,LASTCHUNK\n", "3: 1=a; 1 2")]
    [InlineData("\n\n1,missing\n\n5,a\n3,LASTCHUNK\n", "3:; 3 5")]
    [InlineData("3,LASTCHUNK\n1,a\n", "3: 1=a;")]
    [InlineData("1,./a\n2,./../b\n3,././c\n3,LASTCHUNK\n", "3: 1=a 3=c; 2")]
    [InlineData("3,LASTCHUNK\n1,a\n2,LASTCHUNK\n", "2: 1=a; 1")]
    [InlineData("1,a\n3,LASTCHUNK\n4,LASTCHUNK\n3,LASTCHUNK\n", "3: 1=a; 2 3")]
    public void ALineThatIsWrong_IsSkipped_AndWarnedAboutByItsNumber(string list, string shown) =>
        Assert.Equal(shown, Load(list));

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("../folder/a")]
    [InlineData("../outside")]
    [InlineData("/etc/hostname")]
    [InlineData("subfolder")]
    [InlineData("subfolder/inner")]
    [InlineData("link-outside")]
    [InlineData("link-to-folder")]
    [InlineData("link-to-link-outside")]
    public void ANameThatLeavesTheFolder_OrIsNoFileInIt_IsSkipped(string name)
    {
        File.WriteAllText(_root["outside"], "outside");
        File.WriteAllText(Path.Combine(_root.MakeFolder("folder/subfolder"), "inner"), "inner");
        Link("link-outside", _root["outside"]);
        Link("link-to-link-outside", "link-outside");
        Link("link-to-folder", "subfolder");
        Assert.Equal("3: 2=b; 1", Load($"1,{name}\n2,b\n3,LASTCHUNK\n"));
    }

    [Fact]
    public void ALinkWithinTheFolder_IsAFileInIt()
    {
        Link("link", "a");
        Link("long-link", Path.Combine(_folder, "link"));
        Assert.Equal("3: 1=link 2=long-link;", Load("1,link\n2,long-link\n3,LASTCHUNK\n"));
    }

    [Fact]
    public void AFolderReachedThroughALink_IsAsGoodAsAnyOther()
    {
        File.CreateSymbolicLink(_root["other-way"], _folder);
        File.WriteAllText(Path.Combine(_folder, LocalChunksFile.FileName), "1,a\n3,LASTCHUNK\n");
        Assert.Equal([1], FolderLists.Load(_root["other-way"], _warnings.Add).Held.Keys);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void AFileThatCannotBeOpened_IsSkipped()
    {
        // Root may read everything, but nobody can open a socket.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "socket")));
        Assert.Equal("3: 2=b; 1", Load("1,socket\n2,b\n3,LASTCHUNK\n"));
        Assert.Contains("'socket' is no regular file", _warnings[0]);
    }

    [Fact]
    public void AWarning_NamesTheFileTheLineAndTheReason()
    {
        Load("1,gone\n9,a\nx\n3,LASTCHUNK\n");
        Assert.Collection(_warnings,
            warning => Assert.Equal("local_chunks.txt, line 1: there is no file 'gone'; the line is skipped", warning),
            warning => Assert.Equal(
                "local_chunks.txt, line 2: chunk 9 is not one of 1 to 3; the line is skipped", warning),
            warning => Assert.Equal(
                "local_chunks.txt, line 3: it is not '<chunk_index>,<file name>'; the line is skipped", warning));
    }

    [Fact]
    public void AListedFileThatIsMissing_IsNotHeld_ButGivesTheChunkItsName()
    {
        Assert.Equal("3: 2=b; 1", Load("1,gone\n2,b\n3,LASTCHUNK\n"));
        LocalChunksFile list = FolderLists.Load(_folder, _warnings.Add);
        Assert.Equal("gone", list.Wanted[1]);
        Assert.Single(list.Wanted);
    }

    // Else the chunk could never be stored, and the client never be complete.
    [Fact]
    public void ANameThatNoFileCanHave_IsNotKeptForTheChunk()
    {
        foreach (string name in new[] { "a\0b", new string('x', 256) })
        {
            Assert.Equal("3: 2=b; 1", Load($"1,{name}\n2,b\n3,LASTCHUNK\n"));
            Assert.Empty(FolderLists.Load(_folder, _warnings.Add).Wanted);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("1,a\n2,b\n")]
    [InlineData("1,a\nLASTCHUNK\n")]
    [InlineData("1,a\n,LASTCHUNK\n")]
    [InlineData("1,a\nthree,LASTCHUNK\n")]
    [InlineData("1,a\n-3,LASTCHUNK\n")]
    [InlineData("1,a\n3,lastchunk\n")]
    [InlineData("1,a\n3,LASTCHUNK,\n")]
    [InlineData("1,a\n3;LASTCHUNK\n")]
    [InlineData("1,a\n99999999999,LASTCHUNK\n")]
    public void WithoutALastChunkLine_TheFolderCannotBeUsed(string list) =>
        AssertRefused(() => Load(list), "has no line '<count>,LASTCHUNK'", LocalChunksFile.FileName);

    [Fact]
    public void MoreChunksThanAreKept_AreRefused() =>
        AssertRefused(() => Load("16777217,LASTCHUNK\n"), "16777217 chunks");

    [Fact]
    public void WithoutListOrFolder_TheFolderCannotBeUsed()
    {
        AssertRefused(() => FolderLists.Load(_folder, _warnings.Add),
            $"there is no {LocalChunksFile.FileName} in {_folder}");
        AssertRefused(() => FolderLists.Load(_root["nowhere"], _warnings.Add),
            $"there is no folder {_root["nowhere"]}");
        AssertRefused(() => FolderLists.Load(Path.Combine(_folder, "a"), _warnings.Add),
            $"there is no folder {_folder}/a");
        Directory.CreateDirectory(Path.Combine(_folder, LocalChunksFile.FileName));
        AssertRefused(() => FolderLists.Load(_folder, _warnings.Add), "can't read");
    }

    [Fact]
    public void WhatWasSaved_IsLoadedTheSame_AndLeavesNothingElseBehind()
    {
        (int, string)[] held = [(1, "a"), (2, "d,e f"), (7, "c")];
        File.WriteAllText(Path.Combine(_folder, LocalChunksFile.FileName),
            "something longer than what will be there\n1,a\n9,LASTCHUNK\n");
        LocalChunksFile.Save(_folder, 9, held);
        Assert.Equal("1,a\n2,d,e f\n7,c\n9,LASTCHUNK\n",
            File.ReadAllText(Path.Combine(_folder, LocalChunksFile.FileName)));

        LocalChunksFile list = FolderLists.Load(_folder, _warnings.Add);
        Assert.Equal(held, list.Held.Select(each => (each.Key, each.Value)));
        Assert.Equal(9, list.ChunkCount);
        Assert.Empty(_warnings);
        Assert.Equal(Files.Append(LocalChunksFile.FileName).Order(), FilesThere());
    }

    [Fact]
    public void Save_ReplacesTheListByRename_SoThatAnOpenOneStaysWhole()
    {
        string path = Path.Combine(_folder, LocalChunksFile.FileName);
        File.WriteAllText(path, "1,a\n9,LASTCHUNK\n");
        using var old = new StreamReader(path);
        LocalChunksFile.Save(_folder, 9, [(1, "a"), (2, "b")]);
        Assert.Equal("1,a\n9,LASTCHUNK\n", old.ReadToEnd());
        Assert.Equal("1,a\n2,b\n9,LASTCHUNK\n", File.ReadAllText(path));
    }

    [Fact]
    public void Save_ThatFails_LeavesTheFolderAsItWas()
    {
        Directory.CreateDirectory(Path.Combine(_folder, LocalChunksFile.FileName));     // can't be replaced by a file
        Assert.ThrowsAny<IOException>(() => LocalChunksFile.Save(_folder, 9, [(1, "a")]));
        Assert.Equal(Files.Order(), FilesThere());
    }

    [Fact]
    public void AnyList_IsReadOrRefused_AndNothingElse()
    {
        Random random = SeededRandom.Create(_output);
        string[] parts =
        [
            "1", "2", "3", "-1", "99999999999", ",", ",", ",", "\n", "\n", "\r\n", " ", "\t",
            "a", "b", "LASTCHUNK", "..", "/", "\0", "\uFEFF", "\u00e9",
        ];
        for (int round = 0; round < 500; round++)
        {
            string list = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => random.Pick(parts)));
            if (random.Next(2) == 0) list += "\n3,LASTCHUNK\n";
            try
            {
                Load(list);
            }
            catch (ProgramException e)
            {
                Assert.Equal(ExitCode.Usage, e.ExitCode);
            }
        }
    }

    private string Load(string list)
    {
        File.WriteAllBytes(Path.Combine(_folder, LocalChunksFile.FileName), Encoding.UTF8.GetBytes(list));
        _warnings.Clear();
        LocalChunksFile file = FolderLists.Load(_folder, _warnings.Add);
        string held = string.Concat(file.Held.Select(each => $" {each.Key}={each.Value}"));
        string skipped = string.Concat(_warnings.Select(warning => " " + warning.Split("line ")[1].Split(':')[0]));
        return $"{file.ChunkCount}:{held};{skipped}";
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(Path.Combine(_folder, name), target);

    private IEnumerable<string> FilesThere() =>
        Directory.GetFiles(_folder).Select(path => Path.GetFileName(path)).Order();

    private static void AssertRefused(Action load, params string[] parts)
    {
        ProgramException refusal = Assert.Throws<ProgramException>(load);
        Assert.Equal(ExitCode.Usage, refusal.ExitCode);
        Assert.All(parts, part => Assert.Contains(part, refusal.Message));
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
