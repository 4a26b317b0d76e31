using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace P2P.Tests.Support;

/// <summary>A running native P2PTracker; on a free port of its own unless the arguments name one.</summary>
internal sealed class TrackerProcess : NativeProcess
{
    private int _port;

    public TrackerProcess(string workFolder, params IEnumerable<string> arguments)
        : base(NativePrograms.Tracker, workFolder, arguments)
    {
    }

    /// <summary>The line that it prints as soon as it listens. Waits for it.</summary>
    public string ReadyLine => Output.WaitForFirst(
        line => line.StartsWith("P2PTracker listening on ", StringComparison.Ordinal),
        "the tracker's line that it listens");

    /// <summary>The port on which it listens. Waits until it does.</summary>
    public int Port => _port != 0 ? _port : _port = int.Parse(Regex.Match(ReadyLine, @":(\d+), log ").Groups[1].Value);
}
