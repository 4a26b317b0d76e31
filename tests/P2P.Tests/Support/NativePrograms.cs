using System;
using System.IO;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>
/// Where the published native programs lie: the build of the tests publishes them beside the tests. With P2P_CHECKED=1
/// in the environment, the build and the tests have those with the source's assertions instead.
/// </summary>
internal static class NativePrograms
{
    private static readonly string Folder = IsChecked ? "checked" : "native";

    /// <summary>The programs have assertions: their size,
    /// speed and memory are not those of the published ones.</summary>
    public static bool IsChecked => Environment.GetEnvironmentVariable("P2P_CHECKED") == "1";

    public static string Tracker => Find("P2PTracker");

    public static string Client => Find("P2PClient");

    private static string Find(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, Folder, name);
        return File.Exists(path)
            ? path
            : throw new XunitException($"The native program {path} is missing. The build of P2P.Tests publishes it: "
                + "run 'dotnet test' (not --no-build), or ./publish.sh and copy out/ there.");
    }
}
