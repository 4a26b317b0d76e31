using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using P2P.Client;
using P2P.Tests.Support;
using P2P.Tracker;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>The architecture (src/README.md), over the source text: who may import whom, how long a file may be, where
/// the words of the wire may stand.</summary>
public sealed class ArchitectureTests
{
    private const int LinesMax = 300, ColumnsMax = 120, FilesMax = 14, FieldsMax = 16, ParametersMax = 6;

    private const string Sockets = "System.Net System.Net.Sockets";
    private const string Threads = "System.Threading System.Threading.Tasks";
    private const string Surroundings = "P2P.Transport P2P.Logging P2P.Cli P2P.Posix";

    // Folders or files, and what they must not use.
    public static TheoryData<string, string> Bans => new()
    {
        { "P2P.Shared", "P2P.Tracker P2P.Client" },
        { "P2P.Shared/Transport", "P2P.Protocol P2P.Logging P2P.Cli" },
        { "P2PTracker", "P2P.Client" },
        { "P2PClient", "P2P.Tracker" },
        { "P2PTracker/Swarm.cs", $"{Sockets} {Threads} {Surroundings} System.IO" },
        { "P2PTracker/ChunkPeers.cs", $"{Sockets} {Threads} {Surroundings} System.IO" },
        { "P2PTracker/SwarmPeer.cs", $"{Sockets} {Threads} {Surroundings} System.IO" },
        { "P2PTracker/UnknownAnswers.cs", $"{Sockets} {Threads} {Surroundings} System.IO P2P.Protocol" },
        { "P2PTracker/Http/HttpRequest.cs",
            $"{Sockets} {Threads} P2P.Transport P2P.Logging P2P.Cli P2P.Posix System.IO" },
        { "P2PTracker/Http/StatsWriter.cs", $"{Sockets} {Threads} {Surroundings} System.IO P2P.Protocol" },
        { "P2PTracker/Http/SwarmPicture.cs",
            $"{Sockets} {Threads} P2P.Logging P2P.Cli P2P.Posix System.IO P2P.Protocol" },
        { "P2PClient/Choosing", $"System.Net.Sockets {Threads} {Surroundings} System.IO P2P.Protocol" },
        { "P2PClient/Tracker/AnswerReader.cs", $"{Sockets} {Threads} {Surroundings} System.IO" },
        { "P2PClient/Names/DnsMessage.cs", $"System.Net.Sockets {Threads} {Surroundings} System.IO" },
        { "P2PClient/Store", $"{Sockets} P2P.Protocol P2P.Transport P2P.Logging" },
        { "P2PClient/Commands", $"{Sockets} P2P.Protocol P2P.Transport P2P.Logging" },
    };

    [Theory]
    [MemberData(nameof(Bans))]
    public void TheseFiles_DoNotUse(string folderOrFile, string banned)
    {
        foreach (string path in SourceFiles(folderOrFile))
        {
            string code = Code(path);
            foreach (string name in banned.Split(' '))
                Assert.False(ImportsOf(path).Contains(name) || code.Contains(name + "."), $"{path} uses {name}");
        }
    }

    // Protocol is pure. HostName compares addresses, and MessageFramer needs a word for "for ever".
    [Fact]
    public void Protocol_UsesNoSocketFileOrThread()
    {
        string[] allowed =
        [
            "System", "System.Buffers", "System.Buffers.Binary", "System.Buffers.Text", "System.Diagnostics",
            "System.Text",
        ];
        foreach (string path in SourceFiles("P2P.Shared/Protocol"))
        {
            string? exception = Path.GetFileName(path) switch
            {
                "HostName.cs" => "System.Net",
                "MessageFramer.cs" => "System.Threading",
                _ => null,
            };
            foreach (string import in ImportsOf(path))
                Assert.True(allowed.Contains(import) || import == exception, $"{path} uses {import}");
        }
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

    [Fact]
    public void NoLine_IsWide()
    {
        IEnumerable<string> files = [.. SourceFiles(""), .. Repository.Files("tests", "*.cs")];
        IEnumerable<string> wide = files.SelectMany(path => File.ReadLines(path)
            .Where(line => line.Length > ColumnsMax).Select(line => $"{Path.GetFileName(path)}: {line}"));
        Assert.Empty(wide);
    }

    [Fact]
    public void Texts_AreInterpolated()
    {
        // A value that is put behind or before a text with a plus, in a line that is no comment.
        var plus = new Regex("""^[^/]*("\s*\+\s*[^"$\s]|^\s*\+ [^"$]|[\w)\]]\s*\+\s*\$?"[^"]*"(?!u8|\.))""");
        IEnumerable<string> put = SourceFiles("").SelectMany(path => File.ReadLines(path)
            .Where(line => plus.IsMatch(line)).Select(line => $"{Path.GetFileName(path)}: {line}"));
        Assert.Empty(put);
    }

    // Where a bug of ours would else be a hang, a leak or a wrong byte.
    [Fact]
    public void EveryHundredLinesOfCode_HaveTwoAssertions()
    {
        string[] code = [.. SourceFiles("").SelectMany(File.ReadLines).Select(line => line.Trim())
            .Where(line => line.Length > 0 && !line.StartsWith("//") && !line.StartsWith("using "))];
        int assertions = code.Count(line => line.Contains("Debug.Assert("));
        Assert.True(100 * assertions >= 2 * code.Length, $"{assertions} in {code.Length} lines");
    }

    // Limits and options are lists of values, and what the compiler makes is nobody's to read.
    [Fact]
    public void NoType_HasManyFields_AndNoConstructorManyParameters()
    {
        const BindingFlags all =
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        IEnumerable<Type> types =
            new[] { typeof(Limits), typeof(Swarm), typeof(ChunkStore) }.SelectMany(each => each.Assembly.GetTypes())
                .Where(type => !type.Name.Contains('<') && !type.Name.EndsWith("Options", StringComparison.Ordinal));
        foreach (Type type in types)
        {
            Assert.True(type.GetFields(all).Length <= FieldsMax, $"{type} has {type.GetFields(all).Length} fields");
            foreach (ConstructorInfo constructor in type.GetConstructors(all))
                Assert.True(constructor.GetParameters().Length <= ParametersMax,
                    $"{type} is made of {constructor.GetParameters().Length} things");
        }
    }

    [Fact]
    public void NoFolder_IsCrowded()
    {
        IEnumerable<IGrouping<string?, string>> folders = SourceFiles("").GroupBy(Path.GetDirectoryName);
        Assert.Empty(folders.Where(folder => folder.Count() > FilesMax).Select(folder => folder.Key));
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

    private static string SourceFolder { get; } = Path.Combine(Repository.Folder, "src");

    // The sources below a folder, or the one file.
    private static string[] SourceFiles(string folderOrFile)
    {
        string path = Path.Combine(SourceFolder, folderOrFile);
        if (File.Exists(path)) return [path];
        IEnumerable<string> all = Directory.GetFiles(path, "*.cs", SearchOption.AllDirectories);
        string[] paths = [.. all.Where(each => !Regex.IsMatch(each[SourceFolder.Length..], "/(bin|obj)/"))];
        Assert.NotEmpty(paths);
        return paths;
    }

    private static IEnumerable<string> ImportsOf(string path)
    {
        const string line = @"^\s*(?:global )?using (?:static )?(?:\w+ = )?([\w.]+);";
        return Regex.Matches(Code(path), line, RegexOptions.Multiline).Select(match => match.Groups[1].Value);
    }

    // Without comments. No string of ours holds two slashes.
    private static string Code(string path) => Regex.Replace(File.ReadAllText(path), "//.*", "");
}
