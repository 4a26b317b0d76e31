using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace P2P.Benchmarks.Support;

/// <summary>What stands above every table: where it was measured, and against what.</summary>
internal static class Machine
{
    public static void Describe(TextWriter output, IEnumerable<Tool> tools)
    {
        string cpu = Field("/proc/cpuinfo", "model name");
        long memoryKilobytes = long.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0]);
        string kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        output.WriteLine(
            $"{cpu}, {Environment.ProcessorCount} cores, {memoryKilobytes / 1048576.0:F1} GiB RAM, Linux {kernel}, "
            + $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC");
        foreach (Tool tool in tools.Distinct())
            output.WriteLine(tool.Describe());
    }

    private static string Field(string path, string name) =>
        File.ReadLines(path).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))
            ?.Split(':', 2)[1].Trim() ?? $"unknown {name}";
}
