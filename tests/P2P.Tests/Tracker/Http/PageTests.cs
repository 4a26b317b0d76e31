using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using P2P.Tests.Support;
using P2P.Tracker.Http;
using Xunit;

namespace P2P.Tests.Tracker.Http;

/// <summary>The page as it is built into the program.</summary>
public sealed class PageTests
{
    private static readonly string Text = Encoding.UTF8.GetString(Page.Text);

    [Fact]
    public void ThePage_IsTheFile_WithoutIndentationAndComments()
    {
        string file = File.ReadAllText(Path.Combine(Repository.Folder, "src/P2PTracker/Http/page.html"));
        Assert.Equal(Regex.Replace(file.TrimEnd('\n'), "^ +|^ *// .*$", "", RegexOptions.Multiline), Text);
        Assert.InRange(Page.Text.Length, 1, 30_000);
    }

    // The whole policy is told, so that whoever has changed the page copies it into HttpResponse.
    [Fact]
    public void ThePolicy_HasTheHashesOfThePagesScriptAndStyle() => Assert.Equal(
        $"default-src 'none'; script-src 'sha256-{HashOf("script")}'; style-src 'sha256-{HashOf("style")}'; "
            + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        Encoding.ASCII.GetString(HttpResponse.ContentSecurityPolicy));

    [Theory]
    [InlineData("innerHTML|outerHTML|insertAdjacent|document.write|eval|Function\\(")]    // text stays text
    [InlineData("<[^>]* style=")]                                                        // the policy refuses it
    [InlineData("<[^>]* on[a-z]+=")]
    [InlineData("https?://(?!www.w3.org/2000/svg)")]                                     // nothing from elsewhere
    public void ThePage_HoldsNone(string pattern) => Assert.DoesNotMatch(pattern, Text);

    private static string HashOf(string element) => Convert.ToBase64String(
        SHA256.HashData(Encoding.UTF8.GetBytes(
            Regex.Match(Text, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline).Groups[1].Value)));
}
