namespace P2P.Benchmarks.Support;

/// <summary>Files and sockets that this process, and those it starts, may have open.</summary>
internal static unsafe class Descriptors
{
    /// <summary>Allows as many as the system lets us.</summary>
    /// <returns>How many that is.</returns>
    public static ulong Raise()
    {
        LibC.ResourceLimit limit;
        LibC.Check(LibC.getrlimit(LibC.RLIMIT_NOFILE, &limit));
        limit.Soft = limit.Hard;
        LibC.Check(LibC.setrlimit(LibC.RLIMIT_NOFILE, &limit));
        return limit.Soft;
    }
}
