using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>STYLE.md sections 2 and 3, over the source text: who may import whom, how long a file may be, where the words
/// of the wire may stand.</summary>
public sealed class ArchitectureTests
{
    private const int LinesMax = 400;

    // What the files of each folder may import, and what one of them may besides.
    public static TheoryData<string, string, string> Imports => new()
    {
        { "P2P.Shared/Protocol", "System System.Buffers System.Buffers.Text System.Diagnostics System.Text", "HostName.cs:System.Net MessageFramer.cs:System.Threading" },
        { "P2P.Shared/Posix", "System System.Collections.Generic System.ComponentModel System.IO System.Runtime.InteropServices System.Text", "" },
        { "P2P.Shared/Logging", "System System.ComponentModel System.IO System.Runtime.InteropServices System.Text P2P.Posix", "" },
    };

    // What a file or a folder must not import.
    public static TheoryData<string, string> Bans => new()
    {
        { "P2P.Shared", "P2P.Tracker P2P.Client" },
        { "P2P.Shared/Transport", "P2P.Protocol P2P.Logging P2P.Cli" },
        { "P2PTracker", "P2P.Client" },
        { "P2PClient", "P2P.Tracker" },
        { "P2PTracker/Swarm.cs", "System.Net System.Net.Sockets System.IO System.Threading System.Threading.Tasks P2P.Transport P2P.Logging P2P.Cli P2P.Posix" },
        { "P2PTracker/UnknownAnswers.cs", "System.Net System.Net.Sockets System.IO System.Threading.Tasks P2P.Transport P2P.Logging" },
        { "P2PClient/ChunkPicker.cs", "System.Net System.Net.Sockets System.IO System.Threading System.Threading.Tasks P2P.Transport P2P.Logging P2P.Cli P2P.Posix" },
        { "P2PClient/AnswerReader.cs", "System.Net System.Net.Sockets System.IO System.Threading System.Threading.Tasks P2P.Transport P2P.Logging P2P.Cli P2P.Posix" },
        { "P2PClient/ChunkStore.cs", "System.Net System.Net.Sockets System.Threading System.Threading.Tasks P2P.Protocol P2P.Transport P2P.Logging" },
        { "P2PClient/PartialChunk.cs", "System.Net System.Net.Sockets System.Threading System.Threading.Tasks P2P.Protocol P2P.Transport P2P.Logging" },
        { "P2PClient/LocalChunksFile.cs", "System.Net System.Net.Sockets System.Threading System.Threading.Tasks P2P.Protocol P2P.Transport P2P.Logging" },
    };

    [Theory]
    [MemberData(nameof(Imports))]
    public void TheseFolders_ImportNothingElse(string folder, string allowed, string besides)
    {
        foreach (string path in SourceFiles(folder))
        {
            string name = Path.GetFileName(path);
            IEnumerable<string> extra = besides.Split(' ').Where(each => each.StartsWith(name + ":", StringComparison.Ordinal)).Select(each => each[(name.Length + 1)..]);
            string[] unexpected = [.. ImportsOf(path).Except(allowed.Split(' ')).Except(extra)];
            Assert.True(unexpected.Length == 0, $"{path} imports {string.Join(", ", unexpected)}");
        }
    }

    [Theory]
    [MemberData(nameof(Bans))]
    public void TheseFiles_DoNotImport(string folderOrFile, string banned)
    {
        foreach (string path in SourceFiles(folderOrFile))
        {
            string[] found = [.. banned.Split(' ').Where(name => Imports(path, name) || Code(path).Contains(name + ".", StringComparison.Ordinal))];
            Assert.True(found.Length == 0, $"{path} uses {string.Join(", ", found)}");
        }

        static bool Imports(string path, string name) => ImportsOf(path).Contains(name);
    }

    [Theory]
    [InlineData("P2PTracker", "P2PClient")]
    [InlineData("P2PClient", "P2PTracker")]
    [InlineData("P2P.Shared", "P2PTracker")]
    [InlineData("P2P.Shared", "P2PClient")]
    public void TheProjects_ReferenceOnlyWhatIsShared(string project, string other)
    {
        string file = File.ReadAllText(Path.Combine(SourceFolder, project, project + ".csproj"));
        Assert.DoesNotMatch($"ProjectReference[^>]*{Regex.Escape(other)}", file);
    }

    [Fact]
    public void NoFile_IsLong()
    {
        string[] tooLong = [.. SourceFiles("").Where(path => File.ReadLines(path).Count() > LinesMax)];
        Assert.Empty(tooLong);
    }

    // A newcomer who looks for where a message is read or written finds it in one folder.
    [Fact]
    public void TheWordsOfTheWire_StandInProtocolAlone()
    {
        var words = new Regex("LOCAL_CHUNKS|WHERE_CHUNK|REQUEST_CHUNK|GET_CHUNK_FROM|CHUNK_LOCATION_UNKNOWN|LASTCHUNK");
        List<string> found = [];
        foreach (string path in SourceFiles("").Where(path => !path.Contains("/Protocol/", StringComparison.Ordinal)))
        {
            foreach (Match match in words.Matches(Code(path))) found.Add($"{Path.GetFileName(path)} {match.Value}");
        }
        Assert.Equal(["LocalChunksFile.cs LASTCHUNK"], found);
    }

    private static string SourceFolder { get; } = Path.Combine(FindRepository(), "src");

    private static string FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "aot-p2p.sln"))) folder = Path.GetDirectoryName(folder);
        Assert.NotNull(folder);
        return folder;
    }

    // The sources below a folder, or the one file.
    private static string[] SourceFiles(string folderOrFile)
    {
        string path = Path.Combine(SourceFolder, folderOrFile);
        if (File.Exists(path)) return [path];
        string[] paths = [.. Directory.GetFiles(path, "*.cs", SearchOption.AllDirectories).Where(each => !Regex.IsMatch(each[SourceFolder.Length..], "/(bin|obj)/"))];
        Assert.NotEmpty(paths);
        return paths;
    }

    private static IEnumerable<string> ImportsOf(string path) =>
        Regex.Matches(Code(path), @"^\s*(?:global )?using (?:static )?(?:\w+ = )?([\w.]+);", RegexOptions.Multiline).Select(match => match.Groups[1].Value);

    // Without comments. No string of ours holds two slashes.
    private static string Code(string path) => Regex.Replace(File.ReadAllText(path), "//.*", "");
}
