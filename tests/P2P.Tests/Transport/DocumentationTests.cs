using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>The documents hold what the code and other documents refer to.</summary>
public sealed partial class DocumentationTests
{
    private const int ReadmeLinesMax = 150;
    private const int ColumnsMax = 120;

    private static readonly string[] SourcePatterns = ["*.cs", "*.html", "*.md", "*.sh", "*.py", "*.*proj", "*.props"];

    // "PROTOCOL 6.2", "PROTOCOL 2.4 and 2.6", "PROTOCOL 2.1 to 2.3". A reference may go on in the next line.
    [GeneratedRegex(@"PROTOCOL(?<number> \d+(\.\d+)*)((,| and| to|, and)(?<number> \d+(\.\d+)*))*")]
    private static partial Regex Reference();

    // What a reader of the repository could not find: the assignment by number, guides and issues that are not here.
    [GeneratedRegex(@"\b[Ss]pec(ification)? ?\d|STYLE\.md|PROTOCOL\.md section|PROTOCOL(?![ .]\w|\w)|\b[Ii]ssue #?\d")]
    private static partial Regex DeadReference();

    [GeneratedRegex(@"^#+ (?<number>\d+(\.\d+)*)\.? ", RegexOptions.Multiline)]
    private static partial Regex NumberedHeading();

    [GeneratedRegex(@"^#+ (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```|`[^`\n]+`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeInMarkdown();

    [Fact]
    public void EachSectionThatTheCodeRefersTo_StandsInTheProtocol()
    {
        string protocol = File.ReadAllText(Path.Combine(Repository.Folder, "src", "PROTOCOL.md"));
        MatchCollection headings = NumberedHeading().Matches(protocol);
        HashSet<string> sections = [.. headings.Select(match => match.Groups["number"].Value)];
        List<string> missing = [];
        int references = 0;
        foreach (string path in Sources())
        {
            foreach (Match match in Reference().Matches(WithoutCommentBreaks(File.ReadAllText(path))))
            {
                foreach (string number in match.Groups["number"].Captures.Select(each => each.Value.Trim()))
                {
                    references++;
                    if (!sections.Contains(number)) missing.Add($"{Name(path)}: PROTOCOL {number}");
                }
            }
        }
        Assert.Empty(missing);
        Assert.True(references > 50, $"only {references} references were found");
    }

    [Fact]
    public void TheSources_ReferToNothingThatIsNotHere()
    {
        List<string> dead = [];
        foreach (string path in Sources())
        {
            string text = WithoutCommentBreaks(File.ReadAllText(path));
            foreach (Match match in DeadReference().Matches(text)) dead.Add($"{Name(path)}: {match.Value}");
        }
        Assert.Empty(dead);
    }

    [Fact]
    public void EachLinkOfADocument_LeadsSomewhere()
    {
        List<string> broken = [];
        foreach (string path in Documents())
        {
            string text = CodeInMarkdown().Replace(File.ReadAllText(path), "code");
            foreach (string target in Link().Matches(text).Select(match => match.Groups["target"].Value))
            {
                bool isElsewhere = target.Contains("://", StringComparison.Ordinal);
                if (!isElsewhere && !Leads(path, target)) broken.Add($"{Name(path)}: {target}");
            }
        }
        Assert.Empty(broken);
    }

    [Fact]
    public void TheReadme_IsShort()
    {
        int lines = File.ReadLines(Path.Combine(Repository.Folder, "README.md")).Count();
        Assert.InRange(lines, 1, ReadmeLinesMax);
    }

    // A row of a table is one line, however long.
    [Fact]
    public void TheDocuments_AreWithinTheColumns()
    {
        List<string> wide = [];
        foreach (string path in Documents())
        {
            foreach (string line in File.ReadLines(path))
            {
                if (line.Length > ColumnsMax && !line.StartsWith('|')) wide.Add($"{Name(path)}: {line}");
            }
        }
        Assert.Empty(wide);
    }

    // Code, scripts, the page, project files and documents alike.
    private static IEnumerable<string> Sources() =>
        SourcePatterns
            .SelectMany(pattern => Repository.Files("src", pattern).Concat(Repository.Files("tests", pattern)))
            .Append(Path.Combine(Repository.Folder, "README.md"))
            .Where(path => Path.GetFileName(path) != nameof(DocumentationTests) + ".cs");

    private static string[] Documents()
    {
        string[] documents = Repository.Files("", "*.md");
        Assert.NotEmpty(documents);
        return documents;
    }

    // The file is there; and the heading, where the link names one.
    private static bool Leads(string document, string target)
    {
        string[] parts = target.Split('#', 2);
        string folder = Path.GetDirectoryName(document)!;
        string path = parts[0].Length == 0 ? document : Path.GetFullPath(Path.Combine(folder, parts[0]));
        if (parts.Length == 1) return File.Exists(path) || Directory.Exists(path);
        if (!File.Exists(path)) return false;
        MatchCollection headings = Heading().Matches(File.ReadAllText(path));
        return headings.Any(match => Anchor(match.Groups["text"].Value) == parts[1]);
    }

    // As the web hosts of repositories make them: in small letters, blanks as dashes, other signs left out.
    private static string Anchor(string heading)
    {
        string small = heading.ToLowerInvariant();
        IEnumerable<char> kept = small.Where(each => char.IsLetterOrDigit(each) || each is ' ' or '-' or '_');
        return string.Concat(kept).Replace(' ', '-');
    }

    private static string WithoutCommentBreaks(string text) => CommentBreak().Replace(text, " ");

    [GeneratedRegex(@"\n\s*//+ ")]
    private static partial Regex CommentBreak();

    private static string Name(string path) => path[(Repository.Folder.Length + 1)..];
}
