using System;
using System.IO;
using Xunit.Sdk;

namespace P2P.Tests.Support;

/// <summary>Where the published native programs lie: the build of the tests publishes them beside the tests.</summary>
internal static class NativePrograms
{
    public static string Tracker => Find("P2PTracker");

    public static string Client => Find("P2PClient");

    private static string Find(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "native", name);
        return File.Exists(path)
            ? path
            : throw new XunitException($"The native program {path} is missing. The build of P2P.Tests publishes it: "
                + "run 'dotnet test' (not --no-build), or ./publish.sh and copy out/ there.");
    }
}
