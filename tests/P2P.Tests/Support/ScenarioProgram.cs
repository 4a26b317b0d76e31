using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>
/// The test assembly as a program: runs the one scenario that is named. The runtime decides when its first socket is
/// made how operations complete, and the test host has made some by then; so what runs on a loop is tested in a process
/// of its own, which is also how it runs in our programs.
/// </summary>
internal static class ScenarioProgram
{
    /// <summary>The names of a class's scenarios: its public methods, each without parameters.</summary>
    public static TheoryData<string> ScenariosOf(Type holder) =>
        [.. Methods(holder).Select(method => $"{holder.FullName}.{method.Name}")];

    /// <summary>Runs a scenario in a process of its own.</summary>
    public static async Task RunAsync(string name)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, ["exec", typeof(ScenarioProgram).Assembly.Location, name])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience.Limit)) process.Kill();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors + await output);
    }

    private static IEnumerable<MethodInfo> Methods(Type holder) => holder.GetMethods(
        BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly);

    private static int Main(string[] arguments)
    {
        int dot = arguments[0].LastIndexOf('.');
        Type holder = typeof(ScenarioProgram).Assembly.GetType(arguments[0][..dot], throwOnError: true)!;
        MethodInfo scenario = Methods(holder).Single(method => method.Name == arguments[0][(dot + 1)..]);
        try
        {
            object? instance = scenario.IsStatic ? null : Activator.CreateInstance(holder);
            scenario.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, null, null);
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return 1;
        }
    }
}
