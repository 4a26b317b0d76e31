using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Xunit;

namespace P2P.Tests.Support;

/// <summary>A test with a name server; skipped, with the reason, where there is none or it can't have its
/// port.</summary>
internal sealed class NameServerFactAttribute : FactAttribute
{
    public NameServerFactAttribute()
    {
        string[] folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
        if (!Libc.IsRoot)
            Skip = "needs root: it makes network and mount namespaces";
        else if (!folders.Any(folder => File.Exists($"{folder}/dnsmasq")))
            Skip = "needs the name server dnsmasq";
    }
}

/// <summary>
/// A dnsmasq that knows only the names that the test gives it, all of them below `example`, and writes what it is asked
/// on stderr. To be used within <see cref="OtherMachine.WithOwnNetwork"/>, where its port is free.
/// </summary>
internal sealed class NameServer : NativeProcess
{
    public const string Address = "127.0.0.53";

    // $1 the resolv.conf, $2 the hosts file; then the program.
    private const string Script = """
        set -e
        mount --bind "$1" /etc/resolv.conf
        mount --bind "$2" /etc/hosts
        shift 2
        exec "$@"
        """;

    private readonly string _hosts;

    /// <param name="folder">Gets a file of the server's.</param>
    /// <param name="records">Its options for names: host-record, cname.</param>
    public NameServer(TempFolder folder, params IEnumerable<string> records)
        : base("dnsmasq", folder.Path, [
            "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--pid-file=", "--no-resolv", "--no-hosts",
            "--bind-interfaces", $"--listen-address={Address}", "--local=/example/", "--local=/#/", "--log-queries",
            "--log-facility=-", $"--addn-hosts={folder["names"]}", .. records.Select(record => $"--{record}")])
    {
        _hosts = folder["names"];
        Errors.WaitForFirst(line => line.Contains("started, version"), "the name server");
    }

    /// <summary>Makes it know these names, as /etc/hosts has them, instead of those that it was told last.</summary>
    public void Tell(string hosts)
    {
        File.WriteAllText(_hosts, hosts);
        int before = Errors.Count;
        HangUp();
        Errors.WaitUntil(lines => lines.Skip(before).Any(line => line.Contains("read ") && line.Contains("names")),
            "the name server to have read its names");
    }

    /// <summary>The command that runs a program where these are /etc/resolv.conf and /etc/hosts: arguments of
    /// `unshare`.</summary>
    public static IEnumerable<string> With(
        TempFolder folder, string resolvConf, string hosts, string program, params IEnumerable<string> arguments)
    {
        string id = Guid.NewGuid().ToString("N");
        File.WriteAllText(folder[$"resolv.{id}"], resolvConf);
        File.WriteAllText(folder[$"hosts.{id}"], hosts);
        Debug.Assert(File.Exists("/etc/resolv.conf"), "there is something to mount over");
        return ["--mount", "sh", "-c", Script, "sh", folder[$"resolv.{id}"], folder[$"hosts.{id}"], program,
            .. arguments];
    }
}
