using System;
using System.Globalization;
using System.IO;
using System.Linq;

namespace P2P.Benchmarks.Support;

/// <summary>What the kernel tells of a running process.</summary>
internal static class ProcessFigures
{
    /// <summary>CPU time of all its threads that still live, in seconds, to the microsecond.
    /// (`stat` counts in hundredths.)</summary>
    public static double CpuSeconds(int process)
    {
        double nanoseconds = 0;
        foreach (string thread in Directory.GetDirectories($"/proc/{process}/task"))
            nanoseconds += double.Parse(File.ReadAllText($"{thread}/schedstat").Split(' ')[0],
                CultureInfo.InvariantCulture);
        return nanoseconds / 1e9;
    }

    /// <summary>Its memory that is in RAM now, in bytes.</summary>
    public static long ResidentBytes(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status")
            .First(each => each.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
    }
}
