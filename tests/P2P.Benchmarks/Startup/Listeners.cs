using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using P2P.Benchmarks.Support;

namespace P2P.Benchmarks.Startup;

/// <summary>Programs that only listen: the least that C needs,
/// and the least that NativeAOT needs as we build with it.</summary>
internal static class Listeners
{
    public const string CName = "static C";

    private const string CSource = """
        #include <arpa/inet.h>
        #include <stdlib.h>
        #include <sys/socket.h>
        #include <unistd.h>
        int main(int count, char **arg) {
            int on = 1, s = socket(AF_INET, SOCK_STREAM, 0);
            struct sockaddr_in at = {
                .sin_family = AF_INET, .sin_port = htons(atoi(arg[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
            };
            setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            if (bind(s, (struct sockaddr *)&at, sizeof at) || listen(s, 512)) return 1;
            for (;;) accept(s, 0, 0);
        }
        """;

    private const string AotSource = """
        using System.Net;
        using System.Net.Sockets;

        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(args[0])));
        listener.Listen(512);
        while (true)
            listener.Accept();
        """;

    /// <summary>Compiles the C program, static; null without gcc.</summary>
    public static string? BuildC(WorkFolder work)
    {
        if (!Tool.Gcc.IsThere)
            return null;
        string source = work["listener.c"], program = work["listener_c"];
        File.WriteAllText(source, CSource);
        ChildProcess.Run("gcc", "-static", "-O2", "-o", program, source);
        return program;
    }

    /// <summary>Publishes the NativeAOT program with the settings of our own, and as static as they are.</summary>
    public static string BuildAot(WorkFolder work)
    {
        string repository = typeof(Listeners).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .First(each => each.Key == "RepositoryFolder").Value!;
        string folder = work.MakeFolder("Listener"), artifacts = work["artifacts"];
        File.WriteAllText(Path.Combine(folder, "Program.cs"), AotSource);
        File.WriteAllText(Path.Combine(folder, "Directory.Build.props"),
            Import($"{repository}src/Directory.Build.props"));
        File.WriteAllText(Path.Combine(folder, "Directory.Packages.props"),
            Import($"{repository}Directory.Packages.props"));
        File.WriteAllText(Path.Combine(folder, "Listener.csproj"),
            $"""<Project Sdk="Microsoft.NET.Sdk"><Import Project="{repository}src/NativeProgram.props" /></Project>""");
        // No build server may outlive us; and when msbuild runs us,
        // its own variables are not meant for the one that we run.
        IEnumerable<string> variables = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase));
        ChildProcess.Run("env",
            [.. variables.Select(name => $"--unset={name}"), "dotnet", "publish", folder, "--configuration", "Release",
                "--artifacts-path", artifacts, "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:Static=true"]);
        return Path.Combine(artifacts, "publish", "Listener", "release", "Listener");

        static string Import(string path) => $"""<Project><Import Project="{path}" /></Project>""";
    }
}
