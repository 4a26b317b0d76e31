using System;
using System.IO;
using System.Linq;

namespace P2P.Benchmarks.Support;

/// <summary>A program of somebody else that ours is compared with.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="Package">The Debian package that brings it.</param>
/// <param name="VersionCommand">Program and arguments that print a version.</param>
internal sealed record Tool(string Name, string Package, params string[] VersionCommand)
{
    public static readonly Tool Redis = new("redis-server", "redis-server", "redis-server", "--version");
    public static readonly Tool Nginx = new("nginx", "nginx-light", "nginx", "-v");
    public static readonly Tool Curl = new("curl", "curl", "curl", "--version");
    public static readonly Tool Aria2 = new("aria2", "aria2", "aria2c", "--version");
    public static readonly Tool Libtorrent = new("libtorrent", "python3-libtorrent",
        "/usr/bin/python3", "-c", "import libtorrent; print('libtorrent', libtorrent.version)");
    public static readonly Tool Gcc = new("gcc", "gcc libc6-dev", "gcc", "--version");
    public static readonly Tool IpRoute = new("iproute2", "iproute2", "tc", "-Version");

    private readonly Lazy<string?> _version = new(() => FindVersion(VersionCommand));

    /// <summary>The first line of what it says of itself; null if it is not installed.</summary>
    public string? Version => _version.Value;

    public bool IsThere => Version != null;

    /// <summary>Its version, or what to install.</summary>
    public string Describe() => Version ?? $"{Name}: not installed, skipped (apt-get install {Package})";

    private static string? FindVersion(string[] command)
    {
        bool isThere = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, command[0])));
        if (!isThere)
            return null;
        try
        {
            return ChildProcess.Run(command[0], command[1..]).Split('\n')[0];
        }
        catch (BenchmarkException)
        {
            return null;        // there is a python3, but without the library
        }
    }
}
