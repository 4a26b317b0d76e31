using System;
using System.IO;
using System.Linq;
using P2P.Fuzz;
using Xunit;

namespace P2P.Tests.Faults.Fuzz;

/// <summary>The inputs by which tests/fuzz.sh got wherever it got, and those that were findings once.</summary>
public sealed class CorpusTests
{
    public static TheoryData<string> Targets => [.. FuzzTargets.Names];

    [Theory]
    [MemberData(nameof(Targets))]
    public void TheCorpus_IsReadAsItMustBe(string name)
    {
        using var target = FuzzTarget.Open(name);
        string[] inputs = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Corpus", name));
        Assert.NotEmpty(inputs);
        string[] failed = [.. inputs.Select(Try).Where(failure => failure != "")];
        Assert.Empty(failed);

        string Try(string path)
        {
            try
            {
                target.Run(File.ReadAllBytes(path));
                return "";
            }
            catch (Exception e)
            {
                return $"{Path.GetFileName(path)}: {e.Message}";
            }
        }
    }
}
