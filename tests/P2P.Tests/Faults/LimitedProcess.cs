using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using P2P.Tests.Support;

namespace P2P.Tests.Faults;

/// <summary>
/// A native program that may have only so many descriptors (or more than usual): started through `sh -c`, which sets
/// the limit and becomes the program. What it prints is waited for as with any other.
/// </summary>
internal sealed class LimitedProcess : NativeProcess
{
    private readonly int _descriptors;

    /// <param name="descriptors">The limit, soft and hard: the program can't raise it again.</param>
    public LimitedProcess(int descriptors, string program, string workFolder, params IEnumerable<string> arguments)
        : base("sh", workFolder, ["-c", $"ulimit -n {descriptors} && exec \"$@\"", "sh", program, .. arguments]) =>
        _descriptors = descriptors;

    /// <summary>The port of a tracker's or a client's first line. Waits for it.</summary>
    public int Port => int.Parse(Regex.Match(
        Output.WaitForFirst(line => Regex.IsMatch(line, @"listening on |serving on port "), "the first line"),
        @"(?:listening on \S+:|serving on port )(\d+)").Groups[1].Value);

    /// <summary>It has no descriptor left. (It may have inherited some beyond its limit.)</summary>
    public bool HasNoDescriptorLeft =>
        Directory.GetFileSystemEntries($"/proc/{Id}/fd")
            .Count(path => int.Parse(Path.GetFileName(path)) < _descriptors) == _descriptors;

    /// <summary>The most memory that a process ever had in RAM, in bytes.</summary>
    public static long PeakBytes(NativeProcess process)
    {
        string line = File.ReadLines($"/proc/{process.Id}/status")
            .First(each => each.StartsWith("VmHWM:", System.StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, System.StringSplitOptions.RemoveEmptyEntries)[1]);
    }
}
