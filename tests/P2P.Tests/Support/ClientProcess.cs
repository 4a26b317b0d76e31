using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace P2P.Tests.Support;

/// <summary>A running native P2PClient and the folder whose chunks it shares.</summary>
internal sealed class ClientProcess : NativeProcess
{
    private int _port;

    /// <param name="name">As the client names itself on stdout and in the log.</param>
    /// <param name="arguments">The whole command line; it must agree with the name and the folder.</param>
    public ClientProcess(string workFolder, string name, string chunkFolder, params IEnumerable<string> arguments)
        : base(NativePrograms.Client, workFolder, arguments)
    {
        Name = name;
        ChunkFolder = chunkFolder;
    }

    public string Name { get; }

    public string ChunkFolder { get; }

    /// <summary>The line that it prints at the start: chunks had, port served, tracker. Waits for it.</summary>
    public string ReadyLine => Output.WaitForFirst(
        line => line.StartsWith($"{Name}: ", StringComparison.Ordinal) && line.Contains(", serving on port "),
        $"{Name}'s first line");

    /// <summary>The port on which it serves. Waits until it does.</summary>
    public int Port => _port != 0
        ? _port : _port = int.Parse(Regex.Match(ReadyLine, @"serving on port (\d+)").Groups[1].Value);

    /// <summary>Waits until it says that it has every chunk.</summary>
    public void WaitUntilComplete() => Output.WaitForFirst(
        line => line.StartsWith($"{Name}: complete, ", StringComparison.Ordinal),
        $"{Name} to be complete");
}
