using System.Threading.Tasks;
using P2P.Tests.Support;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>Runs the scenarios of the loop and its connections.</summary>
public sealed class LoopTests
{
    public static TheoryData<string> OfLoops => ScenarioProgram.ScenariosOf(typeof(EventLoopScenarios));

    public static TheoryData<string> OfConnections => ScenarioProgram.ScenariosOf(typeof(ConnectionScenarios));

    [Theory]
    [MemberData(nameof(OfLoops))]
    public Task Loop(string scenario) => ScenarioProgram.RunAsync(scenario);

    [Theory]
    [MemberData(nameof(OfConnections))]
    public Task Connection(string scenario) => ScenarioProgram.RunAsync(scenario);
}
