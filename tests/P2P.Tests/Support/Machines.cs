using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>A test with several machines; skipped, with the reason,
/// where there are no namespaces to make them of.</summary>
internal sealed class MachinesFactAttribute : FactAttribute
{
    public MachinesFactAttribute() => Skip = Machines.WhyNot;
}

/// <summary>
/// Machines of their own, each a network and mount namespace, on a bridge in a network of the test's. Nothing of it
/// has a name outside, and all of it goes with the processes in it. To be used within
/// <see cref="OtherMachine.WithOwnNetwork"/>.
/// </summary>
internal sealed class Machines
{
    // $1 the task whose network has the bridge, $2 the address, $3 the hosts file; then the program.
    private const string Script = """
        set -e
        task=$1 address=$2 hosts=$3; shift 3
        mount --bind "$hosts" /etc/hosts
        ip link set lo up
        nsenter --net="$task" ip link add "to${address##*.}" master bridge type veth peer name eth0 netns $$
        nsenter --net="$task" ip link set "to${address##*.}" up
        ip addr add "$address/24" dev eth0
        ip link set eth0 up
        exec "$@"
        """;

    private static readonly Lazy<string?> FoundWhyNot = new(FindWhyNot);
    private readonly string _task = $"/proc/{Environment.ProcessId}/task/{Libc.gettid()}/ns/net";

    public Machines() => Run("ip link add bridge type bridge && ip link set bridge up");

    public static string? WhyNot => FoundWhyNot.Value;

    /// <summary>Makes the test itself one of the machines.</summary>
    /// <param name="address">In 192.168.9.0/24.</param>
    public static void Join(string address) => Run($"ip addr add {address}/24 dev bridge");

    /// <summary>The command that runs a program on a machine of its own.</summary>
    /// <param name="address">Its address, in 192.168.9.0/24:
    /// that network says of all of 10.0.0.0/8 that it is itself, and bridges may ask it.</param>
    public IEnumerable<string> On(
        string address, string hostsFile, string program, params IEnumerable<string> arguments) =>
        ["--net", "--mount", "sh", "-c", Script, "sh", _task, address, hostsFile, program, .. arguments];

    private static string? FindWhyNot()
    {
        if (!Libc.IsRoot)
            return "needs root: it makes network namespaces";
        try
        {
            Run("command -v nsenter && unshare --net --mount ip link add bridge type bridge");
            return null;
        }
        catch (Exception e)
        {
            return $"needs network namespaces, a bridge, ip and nsenter: {e.Message}";
        }
    }

    private static void Run(string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", command])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new IOException(error.Trim().Split('\n').Last());
    }
}
