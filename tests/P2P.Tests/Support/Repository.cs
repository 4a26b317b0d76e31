using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>The checkout that these tests were built in.</summary>
internal static class Repository
{
    // Folders that git, the build and the fuzzer fill. Their texts are nobody's prose.
    private static readonly Regex NotOurs = new("/(bin|obj|out|TestResults|Corpus|\\.git)/");

    /// <summary>Full path, without a slash at its end.</summary>
    public static string Folder { get; } = Find();

    /// <summary>The files that somebody wrote, by full path.</summary>
    /// <param name="subfolder">Below <see cref="Folder"/>; empty for all.</param>
    /// <param name="pattern">Which names, as <c>*.md</c>.</param>
    public static string[] Files(string subfolder, string pattern)
    {
        string folder = Path.Combine(Folder, subfolder);
        IEnumerable<string> all = Directory.GetFiles(folder, pattern, SearchOption.AllDirectories);
        return [.. all.Where(path => !NotOurs.IsMatch(path[Folder.Length..]))];
    }

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "aot-p2p.sln")))
            folder = Path.GetDirectoryName(folder);
        Assert.NotNull(folder);
        return folder;
    }
}
