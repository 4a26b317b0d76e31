using Xunit;
using Xunit.Abstractions;

namespace P2P.Tests.Simulation;

/// <summary>
/// How near to the bound the clients' decisions come when nothing but uplinks limits them. Always the same run, since
/// some are less lucky than others; P2P.Stress has the simulator for any seed.
/// </summary>
public sealed class SimulatedSwarmTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, 1, 1.3)]
    [InlineData(8, 1, 1.25)]
    [InlineData(24, 1, 1.35)]
    [InlineData(100, 1, 1.5)]
    [InlineData(8, 0.25, 1.15)]     // a slow seed, which must send nothing twice
    public void ASwarm_IsDoneSoonAfterTheBound(int clients, double seedFactor, double atMost)
    {
        var setup = new SwarmSetup(clients, Chunks: 64, SeedFactor: seedFactor);
        var swarm = new SimulatedSwarm(setup, seed: 1);
        double ratio = swarm.Run() / setup.BoundSeconds;
        output.WriteLine($"{ratio:F3} times the bound, {swarm.Questions} questions, {swarm.Sent} chunks sent");
        Assert.InRange(ratio, 1, atMost);
    }

    [Fact]
    public void TheSameSeed_GivesTheSameRun()
    {
        double Run() => new SimulatedSwarm(new SwarmSetup(8, 32), seed: 1).Run();
        Assert.Equal(Run(), Run());
    }
}
