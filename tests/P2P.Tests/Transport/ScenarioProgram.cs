using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

namespace P2P.Tests.Transport;

/// <summary>
/// The test assembly as a program: runs the one scenario that is named. The runtime decides when its first socket is made
/// how operations complete, and the test host has made some by then; so a loop is tested in a process of its own, which
/// is also how it runs in our programs.
/// </summary>
internal static class ScenarioProgram
{
    private static readonly Type[] _holders = [typeof(ConnectionScenarios), typeof(EventLoopScenarios)];

    /// <summary>The names of all scenarios.</summary>
    public static IEnumerable<string> Names => Scenarios.Select(method => method.Name);

    private static IEnumerable<MethodInfo> Scenarios => _holders.SelectMany(
        holder => holder.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly));

    private static int Main(string[] arguments)
    {
        MethodInfo scenario = Scenarios.Single(method => method.Name == arguments[0]);
        try
        {
            object? holder = scenario.IsStatic ? null : Activator.CreateInstance(scenario.DeclaringType!);
            scenario.Invoke(holder, BindingFlags.DoNotWrapExceptions, null, null, null);
            return 0;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(e);
            return 1;
        }
    }
}
