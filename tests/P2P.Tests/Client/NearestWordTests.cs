using System;
using System.Linq;
using P2P.Cli;
using P2P.Client;
using Xunit;

namespace P2P.Tests.Client;

/// <summary>What a user may have meant who has misspelled an option or a command.</summary>
public sealed class NearestWordTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("tracker", "tracker", 0)]
    [InlineData("tracer", "tracker", 1)]
    [InlineData("trackker", "tracker", 1)]
    [InlineData("tracket", "tracker", 1)]
    [InlineData("trcaker", "tracker", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("abcd", "badc", 2)]
    public void TheDistance_CountsChangesOfALetter(string a, string b, int distance)
    {
        Assert.Equal(distance, NearestWord.Distance(a, b));
        Assert.Equal(distance, NearestWord.Distance(b, a));
    }

    [Theory]
    [InlineData("tracer", "tracker")]
    [InlineData("Tracker", "tracker")]
    [InlineData("trakcer", "tracker")]
    [InlineData("-name", "name")]
    [InlineData("transfer-port", "transfer_port")]
    [InlineData("exit-when-complete", "exit_when_complete")]
    [InlineData("exit", "exit_when_complete")]
    [InlineData("port", "transfer_port")]
    [InlineData("chunk", "chunks")]
    [InlineData("max_chunk", "max_chunk_bytes")]
    [InlineData("timout", "timeout")]
    [InlineData("jsno", "json")]
    [InlineData("hlep", "help")]
    [InlineData("oit", "out")]
    [InlineData("nonsense", null)]
    [InlineData("x", null)]
    [InlineData("", null)]
    public void TheNearestOption_IsFound_IfOneIsNear(string typed, string? nearest) =>
        Assert.Equal(nearest, NearestWord.Find(typed, ClientOption.All.Select(each => each.Name).ToArray()));

    [Theory]
    [InlineData("-tracer hub", "unknown option -tracer, did you mean -tracker?")]
    [InlineData("--tracer=hub", "unknown option --tracer, did you mean -tracker?")]
    [InlineData("-nonsense", "unknown option -nonsense")]
    [InlineData("-=x", "unknown option -")]
    public void AnUnknownOption_IsToldWithTheNearest(string arguments, string told) => Assert.Equal(told,
        Assert.Throws<ProgramException>(() => ClientOptions.Parse(["/tmp/x", .. arguments.Split(' ')])).Message);

    [Theory]
    [InlineData("splt movie -folder parts", "unknown command splt, did you mean split?")]
    [InlineData("Join -folder parts -out movie", "unknown command Join, did you mean join?")]
    [InlineData("verfy -folder parts", "unknown command verfy, did you mean verify?")]
    public void AMisspelledCommand_IsToldWithTheNearest(string arguments, string told) => Assert.Equal(told,
        Assert.Throws<ProgramException>(() => FileCommands.IsCommand(arguments.Split(' '))).Message);

    [Theory]
    [InlineData("verify", true)]
    [InlineData("split movie", true)]
    [InlineData("join -h", true)]
    [InlineData("part1", false)]
    [InlineData("part1 -tracker hub", false)]
    [InlineData("-folder split", false)]
    [InlineData("", false)]
    public void ACommand_IsKnownByItsName(string arguments, bool isCommand) => Assert.Equal(isCommand,
        FileCommands.IsCommand(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
}
