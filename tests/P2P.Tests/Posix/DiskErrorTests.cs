using System;
using System.IO;
using P2P.Posix;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Posix;

/// <summary>What .NET's file operations throw, in the system's words and without a path.</summary>
public sealed class DiskErrorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachFailure_IsTheSystems()
    {
        File.WriteAllText(_folder["file"], "");
        _folder.MakeFolder("folder");
        AssertDescribed("No such file or directory", () => File.ReadAllBytes(_folder["gone"]));
        AssertDescribed("No such file or directory", () => File.ReadAllBytes(_folder["gone/gone"]));
        AssertDescribed("File exists", () => Directory.CreateDirectory(_folder["file"]));
        AssertDescribed("File name too long", () => File.WriteAllBytes(_folder[new string('x', 300)], []));
        AssertDescribed("Permission denied", () => File.WriteAllBytes(_folder["folder"], []));
        AssertDescribed("No space left on device", () => File.WriteAllBytes("/dev/full", [1]));
    }

    [Fact]
    public void WordsOfOurOwn_AreKept() =>
        Assert.Equal("the file became shorter", DiskError.Describe(new IOException("the file became shorter")));

    private static void AssertDescribed(string words, Action action)
    {
        Exception failure = Record.Exception(action);
        Assert.True(failure is IOException or UnauthorizedAccessException, $"{failure}");
        Assert.Equal(words, DiskError.Describe(failure));
    }
}
