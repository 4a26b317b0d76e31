using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Xunit;

namespace P2P.Tests.Transport;

/// <summary>Runs each scenario of the loop and its connections in a process of its own (<see cref="ScenarioProgram"/>).</summary>
public sealed class LoopTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Scenarios => [.. ScenarioProgram.Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Scenario(string name)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, ["exec", typeof(LoopTests).Assembly.Location, name])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(_patience)) process.Kill();
        Assert.True(process.ExitCode == 0, await errors + await output);
    }
}
